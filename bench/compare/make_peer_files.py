"""Brings an ONNX network into the file format of each peer, by the peer's own converter where it has one."""
import contextlib
import importlib.util
import pathlib
import subprocess
import sys

import make_models
import peers


def run(*words, cwd=None):
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True, stdin=subprocess.DEVNULL, cwd=cwd)
    if done.returncode != 0:
        raise RuntimeError(f"{pathlib.Path(str(words[0])).name}: {(done.stderr or done.stdout).strip()[-300:]}")


def to_pare(onnx, target, *flags):
    build = peers.ROOT / "build" / "release"
    tool = next((p for p in build.rglob("pare") if p.is_file()), None)
    if tool is None:
        raise RuntimeError("pare is not built: run `make build`")
    run(tool, "convert", onnx, "-o", target, *flags)


def to_mnn(onnx, target):
    run(pathlib.Path(sys.executable).parent / "mnnconvert", "-f", "ONNX", "--modelFile", onnx, "--MNNModel", target,
        "--bizCode", "x")


def to_ncnn(onnx, target):
    package = importlib.util.find_spec("pnnx")  # importing it would want torch
    if package is None:
        raise RuntimeError("pnnx is not installed")
    shapes = ",".join("[" + ",".join(map(str, v.shape)) + "]" + {"float32": "f32", "int64": "i64"}[str(v.dtype)]
                      for v in peers.sample(onnx.stem).values())
    work = onnx.parent / "pnnx" / onnx.stem
    work.mkdir(parents=True, exist_ok=True)
    run(pathlib.Path(package.origin).parent / "pnnx", onnx.resolve(), "inputshape=" + shapes, "fp16=0", "optlevel=2",
        f"ncnnparam={target}", f"ncnnbin={str(target)[:-len('param')]}bin", cwd=work)


def to_tflite(onnx, target):
    import make_tflite
    make_tflite.write(onnx, target)


CONVERTERS = {"pare": to_pare, "mnn": to_mnn, "ncnn": to_ncnn, "litert": to_tflite}


def make(model, folder, rows):
    """The files of the rows; one that cannot be made is left out with a message."""
    onnx = folder / f"{model}.onnx"
    if not onnx.exists():
        make_models.MAKERS[model](onnx)
    for peer, format in dict.fromkeys((row.peer, row.format) for row in rows):
        target = folder / (model + peers.PEERS[peer].suffixes[format])
        # Pare's is made anew: the converter is what is being worked on.
        if target.exists() and peer != "pare":
            continue
        try:
            with contextlib.redirect_stdout(sys.stderr):  # quantizers talk; what is printed is the table
                if format:
                    import make_int8_files
                    make_int8_files.CONVERTERS[peer](onnx, target, format)
                else:
                    CONVERTERS[peer](onnx, target)
        except Exception as e:  # a quantizer may fail in its own ways; the others are measured
            print(f"{model}: no file for {peer} {format}: {type(e).__name__}: {str(e)[-300:]}", file=sys.stderr)
