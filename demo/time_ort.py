"""time_ort.py MODEL THREADS NAME=FILE.npy...: ONNX Runtime's load time, latency and memory as JSON."""
import json
import resource
import statistics
import sys
import time

import numpy as np
import onnxruntime as ort


def resident():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * resource.getpagesize()


model, threads, *given = sys.argv[1:]
inputs = {k: np.load(v) for k, v in (g.split("=", 1) for g in given)}
options = ort.SessionOptions()
options.intra_op_num_threads = int(threads)
options.log_severity_level = 3
before = resident()
start = time.perf_counter()
session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
loaded = time.perf_counter()
times = []
for _ in range(23):
    t = time.perf_counter()
    session.run(None, inputs)
    times.append(time.perf_counter() - t)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"load_ms": (loaded - start) * 1e3, "median_ms": statistics.median(times[3:]) * 1e3,
                  "rss_bytes": max(0, peak - before)}))
