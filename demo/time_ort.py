"""time_ort.py MODEL THREADS NAME=FILE.npy...: ONNX Runtime's load time, latency and memory as JSON."""
import json
import statistics
import sys
import time

import numpy as np
import onnxruntime as ort


def status(key):
    with open("/proc/self/status") as f:
        return next(int(line.split()[1]) * 1024 for line in f if line.startswith(key))


model, threads, *given = sys.argv[1:]
inputs = {k: np.load(v) for k, v in (g.split("=", 1) for g in given)}
options = ort.SessionOptions()
options.intra_op_num_threads = int(threads)
options.log_severity_level = 3
before = status("VmRSS")
start = time.perf_counter()
session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
loaded = time.perf_counter()
times = []
for _ in range(23):
    t = time.perf_counter()
    session.run(None, inputs)
    times.append(time.perf_counter() - t)
peak = status("VmHWM")
print(json.dumps({"load_ms": (loaded - start) * 1e3, "median_ms": statistics.median(times[3:]) * 1e3,
                  "rss_bytes": max(0, peak - before)}))
