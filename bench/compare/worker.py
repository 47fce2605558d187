"""worker.py ROW MODEL FILE THREADS: one runtime with one network, driven by compare.py over pipes.

Prints a JSON line when it is loaded, then one for each line "SECONDS" that it reads: the median time of a
run within a burst of that length.
"""
import json
import os
import statistics
import sys
import time

import numpy as np

import peers

WARM_UP = 3


def status(key):
    with open("/proc/self/status") as f:
        return next(int(line.split()[1]) * 1024 for line in f if line.startswith(key))


def burst(run, seconds):
    for _ in range(WARM_UP):
        run()
    times, end = [], time.perf_counter() + seconds
    while len(times) < 5 or time.perf_counter() < end:
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e3


def main():
    row, model, path, threads = sys.argv[1:]
    peer = peers.ROWS[row].peer
    # What a runtime prints must not be taken for an answer.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    inputs = peers.sample(model)
    runtime = peers.PEERS[peer]()
    before = status("VmRSS")
    start = time.perf_counter()
    run = runtime.load(path, int(threads), inputs)
    loaded = time.perf_counter()
    result = np.array(run(), np.float64).ravel()
    first = time.perf_counter()
    for _ in range(WARM_UP):
        run()
    np.save(os.path.join(os.path.dirname(path), peers.ROWS[row].answer(model)), result)
    print(json.dumps({"level": getattr(runtime, "level", ""), "load_ms": (loaded - start) * 1e3, "first_ms": (first - loaded) * 1e3,
                      "peak_bytes": max(0, status("VmHWM") - before), "library_bytes": peers.library_bytes(peer)}),
          file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps({"ms": burst(run, float(line))}), file=answers, flush=True)


if __name__ == "__main__":
    main()
