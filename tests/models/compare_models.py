#!/usr/bin/env python3
"""Every real model converts, and Pare's answer agrees with ONNX Runtime's.

Largest error as a share of the output's range: 1e-4 with f32 weights, 1e-3 with --quantize f16. Also the same
text read, the same segments of speech and the same file types; and embeddings with weights of fewer bits are close
to those of f32. Exits 77 (skipped) where models cannot be fetched, unless PARE_REQUIRE_MODELS is set.
"""
import argparse
import os
import pathlib
import sys
import time

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / p) for p in ("scripts", "demo", "bench/compare", "tests/models")]
import engines  # noqa: E402
import fetch_models  # noqa: E402
import files_and_notes  # noqa: E402
import light_zoo  # noqa: E402
import make_models  # noqa: E402
import pare  # noqa: E402
import sentences  # noqa: E402
import speech  # noqa: E402
import text_in_images  # noqa: E402

MODELS = fetch_models.CACHE
WORK = ROOT / "build" / "model_tests"
LIMITS = {"f32": 1e-4, "f16": 1e-3}
# MiniLM's embeddings in fewer bits: the least cosine with those of f32 weights on the same text, the largest share of
# the f32 file's bytes, and what the kernels of its products are called.
LOW_BITS = {
    "int8-dynamic": (0.997, 0.27, "qs8t16"),
    "int4": (0.945, 0.16, "qs4t16"),
    "nf4": (0.945, 0.16, "nf4t16"),
}


def images(*shape):
    return {"x": np.random.default_rng(5).uniform(-1, 1, shape).astype(np.float32)}


def real_inputs(name):
    """A list of inputs for the model; the first is the largest."""
    page, _ = text_in_images.draw_page()
    if name == "ppocr_det":
        return [{"x": text_in_images.to_nchw(page)}, {"x": text_in_images.to_nchw(page.crop((0, 0, 640, 320)))}]
    if name == "ppocr_rec":
        return [{"x": text_in_images.line_input(page, b)} for b in ((55, 28, 770, 85), (55, 415, 470, 460))]
    if name == "ppocr_cls":
        return [{"x": text_in_images.to_nchw(page.crop((50, 28, 600, 80)).resize((192, 48)))}]
    if name in ("minilm", "minilm_int8"):
        texts = sentences.SENTENCES
        return [sentences.tokenize(MODELS / "minilm", t) for t in (texts, texts[:3], texts[4:5])]
    if name.startswith("silero"):
        sound, _ = speech.make_sound()
        state = np.random.default_rng(2).uniform(-0.5, 0.5, (2, 1, 128)).astype(np.float32)
        given = {"input": sound[16000:16576][None], "state": state}
        return [given | ({"sr": np.array(16000, np.int64)} if name == "silero_vad_op15" else {})]
    if name == "magika":
        return [{"bytes": files_and_notes.file_features(ROOT / "CMakeLists.txt")}]
    if name == "basic_pitch":
        return [{"serving_default_input_2:0": files_and_notes.play_melody()}]
    return [{light_input(name): images(1, 3, 224, 224)["x"]}]


def light_input(name):
    import onnx
    graph = onnx.load(str(WORK / f"{name}.onnx")).graph
    weights = {w.name for w in graph.initializer}
    return next(i.name for i in graph.input if i.name not in weights)


def source_of(name):
    """(what `pare convert` is given, the ONNX model for the reference)."""
    if name == "minilm":
        reference = WORK / "minilm.onnx"
        make_models.minilm(MODELS / name, reference)
        return MODELS / name, reference
    if name in fetch_models.MODELS:
        return (MODELS / name / "model.onnx",) * 2
    light_zoo.write(name, WORK / f"{name}.onnx")
    return (WORK / f"{name}.onnx",) * 2


def pooled(outputs, inputs):
    """MiniLM's outputs as embeddings: the folder may convert with its pooling, the reference has none."""
    return {"embedding": sentences.embeddings(outputs, inputs["attention_mask"])}


def check(name, weights):
    """Converts and runs one model; returns its largest error as a share of the output's range, and what the
    converter says of f16."""
    source, reference = source_of(name)
    target = WORK / f"{name}.{weights}.pare"
    options = ["--quantize", "f16"] if weights == "f16" else []
    said = engines.call(engines.tool("pare"), "convert", source, "-o", target, *options)
    cases = real_inputs(name)
    # sr decides a branch, so its value is hinted; the others only by their largest shape.
    hints = {k: v if v.ndim == 0 else v.shape for k, v in cases[0].items()}
    model = pare.Model(target)
    ours = pare.Session(model, threads=2, inputs=hints)
    theirs = engines.Ort(reference, 2)
    worst = 0.0
    for inputs in cases:
        got = ours.run({k: v for k, v in inputs.items() if k in ours.input_names})
        want = theirs.run(inputs)
        if name == "minilm":
            got, want = pooled(got, inputs), pooled(want, inputs)
        worst = max(worst, engines.difference(got, want))
    del ours, model
    if name in light_zoo.NAMES:
        for path in (target, reference):
            path.unlink()
    kept = next((line.split("f16")[1].split(":")[0].strip() for line in said.splitlines() if "  f16 " in line), "")
    return worst, kept


def embeddings_of(path):
    """MiniLM's embeddings of all texts, one below the other."""
    cases = real_inputs("minilm")
    session = pare.Session(pare.Model(path), threads=2, inputs={k: v.shape for k, v in cases[0].items()})
    return np.concatenate([sentences.embeddings(
        session.run({k: v for k, v in inputs.items() if k in session.input_names}), inputs["attention_mask"])
        for inputs in cases])


def check_low_bits(weights, least_cosine, most_bytes, kernel):
    """Converts MiniLM to fewer bits and returns what it costs and a verdict."""
    f32, target = (WORK / f"minilm.{w}.pare" for w in ("f32", weights))
    engines.call(engines.tool("pare"), "convert", MODELS / "minilm", "-o", target, "--quantize", weights)
    cosine = float((embeddings_of(f32) * embeddings_of(target)).sum(axis=1).min())
    share = target.stat().st_size / f32.stat().st_size
    plan = engines.call(engines.tool("pare-run"), "run", target, "--plan", "--dim", "batch=1", "--dim", "sequence=16")
    verdict = ("TOO FAR" if cosine < least_cosine else "TOO LARGE" if share > most_bytes
               else "OTHER KERNELS" if kernel not in plan else "ok")
    return f"cosine {cosine:.4f}, {share:.3f} of the bytes", verdict


def check_tasks():
    """What the models are for: text, segments of speech, kinds of files. Returns a list of complaints."""
    bad = []
    page, _ = text_in_images.draw_page()
    det, rec = (MODELS / n / "model.onnx" for n in ("ppocr_det", "ppocr_rec"))
    theirs = engines.Ort(rec)
    characters = ["", *theirs.session.get_modelmeta().custom_metadata_map["character"].split("\n"), " "]
    read = [text_in_images.read_page(page, d, r, characters)[0] for d, r in (
        (engines.Pare(WORK / "ppocr_det.f32.pare", {"x": (1, 3, 640, 960)}),
         engines.Pare(WORK / "ppocr_rec.f32.pare", {"x": (1, 3, 48, 2048)})), (engines.Ort(det), theirs))]
    if [t for _, t in read[0]] != [t for _, t in read[1]]:
        bad.append("text differs")
    sound, _ = speech.make_sound()
    heard = [speech.segments(speech.listen(e, sound)) for e in (
        engines.Pare(WORK / "silero_vad.f32.pare"), engines.Ort(MODELS / "silero_vad" / "model.onnx"))]
    if heard[0] != heard[1]:
        bad.append(f"speech differs: {heard}")
    paths = sorted(ROOT.glob("*.*")) + sorted((ROOT / "scripts").iterdir())
    kinds = [files_and_notes.kinds(e, MODELS / "magika" / "config.min.json", [p for p in paths if p.is_file()])
             for e in (engines.Pare(WORK / "magika.f32.pare", {"bytes": (1, 2048)}),
                       engines.Ort(MODELS / "magika" / "model.onnx"))]
    if kinds[0] != kinds[1]:
        bad.append("kinds of files differ")
    return bad


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, default=engines.BUILD)
    parser.add_argument("names", nargs="*", help="default: all")
    arguments = parser.parse_args()
    engines.BUILD = arguments.build.resolve()
    os.environ.setdefault("PARE_LIBRARY", str(engines.BUILD / "runtime" / "libpare.so"))
    WORK.mkdir(parents=True, exist_ok=True)
    missing = fetch_models.fetch(list(fetch_models.MODELS))
    if missing:
        print("\n".join(f"no {k}: {v}" for k, v in missing.items()))
        return 1 if os.environ.get("PARE_REQUIRE_MODELS") else 77
    names = arguments.names or [*fetch_models.MODELS, *light_zoo.NAMES]
    failed = []
    for name in names:
        for weights, limit in LIMITS.items():
            start = time.time()
            try:
                error, kept = check(name, weights)
                verdict = "ok" if error <= limit else "TOO FAR"
                print(f"{name:<16} {weights}  error {error:.1e} of the range  {time.time() - start:5.1f} s  "
                      f"{verdict}  {kept}", flush=True)
            except (RuntimeError, OSError, KeyError, ValueError) as e:
                verdict = f"FAILED: {e}"
                print(f"{name:<16} {weights}  {verdict}", flush=True)
            if verdict != "ok":
                failed.append(f"{name} {weights}")
        for weights, limits in LOW_BITS.items() if name == "minilm" and not failed else ():
            said, verdict = check_low_bits(weights, *limits)
            print(f"{name:<16} {weights}  {said}  {verdict}", flush=True)
            if verdict != "ok":
                failed.append(f"{name} {weights}")
    if not arguments.names and not failed:
        failed = check_tasks()
    print(f"models: {len(names)}, failures: {len(failed)} {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
