#!/usr/bin/env python3
"""A statically quantized network gives the same bytes on every instruction set.

  identical_int8.py BUILD              converts with this build, runs it at every PARE_CPU, and keeps files and answers
  identical_int8.py BUILD EMULATOR...  runs the kept files by a build for another machine

The networks end where floats begin: at the last convolution before an attention, a norm or a softmax, whose last
bits may differ. Exits 77 (skipped) where models cannot be fetched, unless PARE_REQUIRE_MODELS is set, and where
no native build has kept anything.
"""
import os
import pathlib
import subprocess
import sys

import numpy as np
import onnx
import onnx.utils

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / p) for p in ("scripts", "bench/compare")]
import fetch_models  # noqa: E402
import make_models  # noqa: E402

WORK = ROOT / "build" / "identical_int8"
LEVELS = ["scalar", "avx2", "avxvnni", "avx512", "avx512vnni", "amxint8"]
ARM_LEVELS = ["scalar", "neon", "neondot", "i8mm"]
SHAPES = {"mobilenet_v2": (1, 3, 224, 224), "ppocr_cls": (1, 3, 48, 192), "ppocr_rec": (1, 3, 48, 160)}
FLOAT_OPS = {"MatMul", "ReduceMean", "Softmax"}


def cut(source, path):
    """The network up to the last convolution before the first float operator."""
    graph = onnx.load(source).graph
    last = None
    for node in graph.node:
        if node.op_type in FLOAT_OPS:
            break
        last = node.output[0] if node.op_type == "Conv" else last
    onnx.utils.extract_model(str(source), str(path), [graph.input[0].name], [last])


def convert(name, build):
    source = WORK / f"{name}.onnx"
    if name == "mobilenet_v2":
        make_models.mobilenet_v2(source)
    else:
        cut(fetch_models.CACHE / name / "model.onnx", source)
    shape = SHAPES[name]
    random = np.random.default_rng(5)
    np.savez(WORK / f"{name}.data.npz", x=random.uniform(-1, 1, (4, *shape[1:])).astype(np.float32))
    np.savez(WORK / f"{name}.input.npz", x=random.uniform(-1, 1, shape).astype(np.float32))
    subprocess.run([build / "converter" / "pare", "convert", source, "-o", WORK / f"{name}.pare", "--quiet",
                    "--quantize", "int8", "--calibrate", WORK / f"{name}.data.npz",
                    "--shape", "x=" + "x".join(map(str, shape))], check=True)


def run(name, build, emulator, level):
    """The outputs' bytes, by name."""
    answer = WORK / f"{name}.{'arm.' if emulator else ''}{level}.npz"
    subprocess.run([*emulator, build / "runtime" / "tools" / "pare-run", "run", WORK / f"{name}.pare", "--quiet", "-i",
                    WORK / f"{name}.input.npz", "-o", answer], env={**os.environ, "PARE_CPU": level}, check=True)
    return outputs(answer)


def outputs(path):
    with np.load(path) as arrays:
        return {key: arrays[key].tobytes() for key in arrays}


def main():
    build, emulator = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:]
    WORK.mkdir(parents=True, exist_ok=True)
    if not emulator:
        missing = fetch_models.fetch([name for name in SHAPES if name.startswith("ppocr")])
        if missing:
            print("\n".join(f"no {k}: {v}" for k, v in missing.items()))
            return 1 if os.environ.get("PARE_REQUIRE_MODELS") else 77
        for name in SHAPES:
            convert(name, build)
    elif not all((WORK / f"{name}.scalar.npz").exists() for name in SHAPES):
        print("no answers to compare with: the same test of a native build makes them")
        return 77
    failed = 0
    for name in SHAPES:
        want = outputs(WORK / f"{name}.scalar.npz") if emulator else run(name, build, [], "scalar")
        for level in ARM_LEVELS if emulator else LEVELS[1:]:
            same = run(name, build, emulator, level) == want
            print(f"{name:<14} {level:<12} {'the same' if same else 'DIFFERS'}", flush=True)
            failed += not same
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
