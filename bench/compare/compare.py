#!/usr/bin/env python3
"""Times Pare beside other runtimes on the same networks, in one run.

For each network and number of threads every runtime is a process of its own that stays loaded; rounds go
through all of them, so that a disturbance of the machine hits neighbours alike. A round's ratio is Pare's
median over the peer's of that round; reported is the median of the ratios and their spread.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

import numpy as np

import make_models
import make_peer_files
import peers

HERE = pathlib.Path(__file__).resolve().parent
FOLDER = peers.ROOT / "build" / "compare"
MODELS = ["mobilenet_v2", "resnet50", "minilm", "ppocr_det", "ppocr_rec"]


class Worker:
    def __init__(self, row, model, path, threads):
        environment = dict(os.environ, OMP_NUM_THREADS=str(threads), **peers.ROWS[row][1])
        self.log = open(FOLDER / f"{model}.{row.replace(' ', '_')}.log", "w+")
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "worker.py"), row, model, str(path), str(threads)], env=environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.loaded = self.answer()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            self.log.seek(0)
            raise RuntimeError(self.log.read().strip()[-300:] or f"exit {self.process.returncode}")
        return json.loads(line)

    def burst(self, seconds):
        self.process.stdin.write(f"{seconds}\n")
        self.process.stdin.flush()
        return self.answer()["ms"]

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.log.close()


def start_workers(model, rows, threads):
    workers, failures = {}, {}
    for row in rows:
        path = FOLDER / (model + peers.PEERS[peers.ROWS[row][0]].suffix)
        try:
            if not path.exists():
                raise RuntimeError(f"no {path.name}")
            workers[row] = Worker(row, model, path, threads)
        except (OSError, RuntimeError) as e:
            failures[row] = str(e).splitlines()[-1]
    return workers, failures


def error_of(model, row):
    """Largest difference to ONNX Runtime's answer as a share of its range, or None where layouts differ."""
    def read(r):
        suffix = peers.PEERS[peers.ROWS[r][0]].suffix
        return np.load(FOLDER / f"{model}{suffix}.{r.replace(' ', '_')}.npy")
    try:
        want, got = read("onnxruntime"), read(row)
    except OSError:
        return None
    if want.size != got.size:
        return None
    return float(np.max(np.abs(want - got)) / (np.max(np.abs(want)) or 1))


def measure(model, rows, threads, rounds, seconds):
    workers, failures = start_workers(model, rows, threads)
    times = {row: [] for row in workers}
    for i in range(rounds):
        order = list(workers)
        for row in order[i % len(order):] + order[:i % len(order)]:
            times[row].append(workers[row].burst(seconds))
    results = []
    for row, worker in workers.items():
        worker.close()
        result = {"model": model, "row": row, "threads": threads, "median_ms": statistics.median(times[row]),
                  "min_ms": min(times[row]), "rounds_ms": times[row], "error": error_of(model, row), **worker.loaded}
        ours = "pare avx2" if "avx2" in row else "pare"
        if ours in times and row != ours:
            ratios = sorted(a / b for a, b in zip(times[ours], times[row]))
            result |= {"ratio": statistics.median(ratios), "ratio_low": ratios[0], "ratio_high": ratios[-1]}
        results.append(result)
    return results + [{"model": model, "row": r, "threads": threads, "failed": e} for r, e in failures.items()]


def table(results):
    mib = 1 << 20
    lines = ["| network | threads | runtime | median ms | Pare / it (lowest to highest round) | load ms | peak MiB | "
             "library MB | difference |", "|---|---|---|---|---|---|---|---|---|"]
    for r in results:
        head = f"| {r['model']} | {r['threads']} | {r['row']} |"
        if "failed" in r:
            lines.append(f"{head} failed: {r['failed'][-120:]} | | | | | |")
            continue
        ratio = f"{r['ratio']:.2f} ({r['ratio_low']:.2f} to {r['ratio_high']:.2f})" if "ratio" in r else ""
        error = "" if r["error"] is None else f"{r['error']:.0e}"
        lines.append(f"{head} {r['median_ms']:.2f} | {ratio} | {r['load_ms']:.1f} | {r['peak_bytes'] / mib:.1f} | "
                     f"{r['library_bytes'] / 1e6:.1f} | {error} |")
    lines += ["", "Against the best peer of each network (ratio below 1: Pare is faster):", ""]
    for model, threads in dict.fromkeys((r["model"], r["threads"]) for r in results):
        peer = [r for r in results if (r["model"], r["threads"]) == (model, threads) and "ratio" in r
                and "avx2" not in r["row"]]
        if peer:
            best = max(peer, key=lambda r: r["ratio"])
            lines.append(f"- {model}, {threads} thread(s): {best['ratio']:.2f} of {best['row']} "
                         f"({best['ratio_low']:.2f} to {best['ratio_high']:.2f})")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=MODELS, choices=list(make_models.MAKERS))
    parser.add_argument("--rows", nargs="+", default=[r for r in peers.ROWS if "avx2" not in r], choices=list(peers.ROWS))
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.5, help="length of a burst")
    parser.add_argument("--out", type=pathlib.Path, default=FOLDER / "results", help="writes OUT.md and OUT.json")
    arguments = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    results = []
    for model in arguments.models:
        make_peer_files.make(model, FOLDER, {peers.ROWS[r][0] for r in arguments.rows})
        for threads in arguments.threads:
            print(f"{model}, {threads} thread(s)", file=sys.stderr, flush=True)
            results += measure(model, arguments.rows, threads, arguments.rounds, arguments.seconds)
    text = table(results)
    print(text)
    arguments.out.with_suffix(".md").write_text(text + "\n")
    arguments.out.with_suffix(".json").write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
