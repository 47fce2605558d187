"""Pare and ONNX Runtime behind one interface, and what the demo measures of both."""
import json
import os
import pathlib
import subprocess
import sys

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
import pare  # noqa: E402

BUILD = pathlib.Path(os.environ.get("PARE_BUILD", ROOT / "build" / "release"))
OUT = ROOT / "build" / "demo"


def tool(name):
    """Path of a built command line tool."""
    found = [p for p in BUILD.rglob(name) if p.is_file() and os.access(p, os.X_OK)]
    if not found:
        raise RuntimeError(f"{name} is not built: run `make build`")
    return str(found[0])


def call(*words):
    run = subprocess.run([str(w) for w in words], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if run.returncode != 0:
        raise RuntimeError(f"{pathlib.Path(str(words[0])).name}: {(run.stderr or run.stdout).strip()[-400:]}")
    return run.stdout


def convert(source, name, *options):
    """`pare convert`; returns the .pare file."""
    target = OUT / f"{name}.pare"
    call(tool("pare"), "convert", source, "-o", target, *options)
    return target


class Pare:
    """`largest`: {input: largest shape that run() will be given}."""

    def __init__(self, path, largest=None, threads=1):
        self.model = pare.Model(path)
        self.session = pare.Session(self.model, threads=threads, inputs=largest)

    def run(self, inputs):
        return self.session.run(inputs)


class Ort:
    def __init__(self, path, threads=1):
        import onnxruntime as ort
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        self.session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.names = [o.name for o in self.session.get_outputs()]

    def run(self, inputs):
        return dict(zip(self.names, self.session.run(None, inputs)))


def difference(ours, theirs):
    """Largest error over the outputs, as a share of the output's range."""
    worst = 0.0
    for name, want in theirs.items():
        got = ours[name].astype(np.float64)
        scale = float(np.max(np.abs(want))) or 1.0
        worst = max(worst, float(np.max(np.abs(got - want))) / scale)
    return worst


def measure(name, pare_file, onnx_file, inputs, threads):
    """Load time, latency and memory of both, each in a process of its own. Returns a row."""
    arrays = {k: OUT / f"{name}.{i}.npy" for i, k in enumerate(inputs)}
    for key, path in arrays.items():
        np.save(path, inputs[key])
    given = [f"{k}={v}" for k, v in arrays.items()]
    ours = OUT / f"{name}.bench.json"
    words = [w for g in given for w in ("--input", g)]
    call(tool("pare-bench"), pare_file, "--threads", threads, "--runs", 20, "--warmup", 3, "--json", ours, *words)
    theirs = json.loads(call(sys.executable, ROOT / "demo" / "time_ort.py", onnx_file, threads, *given))
    return {"model": name, "pare": json.loads(ours.read_text()), "ort": theirs,
            "onnx_bytes": sum(p.stat().st_size for p in pathlib.Path(onnx_file).parent.glob(
                pathlib.Path(onnx_file).name + "*"))}
