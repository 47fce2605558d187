#!/usr/bin/env python3
"""Times Pare beside other runtimes on the same networks, in one run.

For each network and number of threads every runtime is a process of its own that stays loaded; rounds go
through all of them, so that a disturbance of the machine hits neighbours alike. A round's ratio is Pare's
median over the peer's of that round; reported is the median of the ratios and their spread.

With --int8 all compute in int8, each with the files of its own quantizer, and Pare in f32 too: its int8 counts
against the best int8 of the peers and against its own f32. With --level Pare and OpenVINO are held to it.
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
# Convolutions with activations that are quantized as they come are no one's int8.
DYNAMIC_MODELS = ["minilm"]
F32_ROWS = ["pare", "onnxruntime", "openvino", "litert", "mnn", "ncnn"]
INT8_ROWS = ["pare", "pare int8", "pare dyn8", "onnxruntime int8", "onnxruntime dyn8", "openvino int8",
             "openvino qdq", "litert int8", "litert dyn8"]
# What decides about speed in int8.
CPU_FLAGS = ["avx2", "avx_vnni", "avx512f", "avx512_vnni", "amx_int8"]


class Worker:
    def __init__(self, row, model, path, threads):
        environment = dict(os.environ, OMP_NUM_THREADS=str(threads), **peers.ROWS[row].environment)
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
        path = FOLDER / peers.ROWS[row].file(model)
        try:
            if not path.exists():
                raise RuntimeError(f"no {path.name}")
            workers[row] = Worker(row, model, path, threads)
        except (OSError, RuntimeError) as e:
            failures[row] = str(e).splitlines()[-1]
    return workers, failures


def error_of(model, row, rows):
    """Largest difference to the answer in f32 as a share of its range, or None where layouts differ."""
    f32 = next((r for r in sorted(rows) if not peers.ROWS[r].format), None)  # ONNX Runtime's where it is there
    if f32 is None:
        return None
    try:
        want, got = (np.load(FOLDER / peers.ROWS[r].answer(model)) for r in (f32, row))
    except OSError:
        return None
    if want.size != got.size:
        return None
    return float(np.max(np.abs(want - got)) / (np.max(np.abs(want)) or 1))


def ours_of(row, times):
    """The row of Pare that stands against this one: of the same kind and level, the fastest."""
    theirs = peers.ROWS[row]
    rows = [r for r in times if peers.ROWS[r].peer == "pare" and peers.ROWS[r].level == theirs.level
            and bool(peers.ROWS[r].format) == bool(theirs.format)]
    return min(rows, key=lambda r: statistics.median(times[r]), default=None)


def ratio_of(ours, other):
    ratios = sorted(a / b for a, b in zip(ours, other))
    return {"ratio": statistics.median(ratios), "ratio_low": ratios[0], "ratio_high": ratios[-1]}


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
                  "min_ms": min(times[row]), "rounds_ms": times[row], "error": error_of(model, row, times),
                  **worker.loaded}
        this, ours = peers.ROWS[row], ours_of(row, times)
        f32 = f"pare {this.level}".strip()
        if this.peer != "pare" and ours is not None:
            result |= {"ours": ours, **ratio_of(times[ours], times[row])}
        elif this.peer == "pare" and this.format and f32 in times:
            result["of_f32"] = ratio_of(times[row], times[f32])
        results.append(result)
    return results + [{"model": model, "row": r, "threads": threads, "failed": e} for r, e in failures.items()]


def machine():
    """The processor, and those of its instruction sets that matter."""
    with open("/proc/cpuinfo") as f:
        facts = dict(line.split(":", 1) for line in f if ":" in line)
    facts = {key.strip(): value.strip() for key, value in facts.items()}
    flags = set(facts.get("flags", facts.get("Features", "")).split())
    return facts.get("model name", "unknown"), [f for f in CPU_FLAGS if f in flags]


def head_of(results):
    name, flags = machine()
    levels = sorted({r["level"] for r in results if r.get("level")})
    return [f"{name}: {', '.join(flags) or 'none of ' + ', '.join(CPU_FLAGS)}. Pare's kernels: {', '.join(levels)}; the "
            "others choose among all of these, rows named after a level apart.", ""]


def spread(r):
    return f"{r['ratio']:.2f} ({r['ratio_low']:.2f} to {r['ratio_high']:.2f})"


def table(results):
    mib = 1 << 20
    lines = head_of(results) + [
        "| network | threads | runtime | median ms | Pare / it (lowest to highest round) | load ms | peak MiB | "
        "library MB | difference |", "|---|---|---|---|---|---|---|---|---|"]
    for r in results:
        head = f"| {r['model']} | {r['threads']} | {r['row']} |"
        if "failed" in r:
            lines.append(f"{head} failed: {r['failed'][-120:]} | | | | | |")
            continue
        ratio = spread(r) if "ratio" in r else ""
        error = "" if r["error"] is None else f"{r['error']:.0e}"
        lines.append(f"{head} {r['median_ms']:.2f} | {ratio} | {r['load_ms']:.1f} | {r['peak_bytes'] / mib:.1f} | "
                     f"{r['library_bytes'] / 1e6:.1f} | {error} |")
    lines += ["", "Against the best peer of each network (ratio below 1: Pare is faster):", ""]
    for model, threads in dict.fromkeys((r["model"], r["threads"]) for r in results):
        here = [r for r in results if (r["model"], r["threads"]) == (model, threads)]
        for level in dict.fromkeys(peers.ROWS[r["row"]].level for r in here):
            peer = [r for r in here if "ratio" in r and peers.ROWS[r["row"]].level == level]
            if peer:
                best = max(peer, key=lambda r: r["ratio"])
                own = [f"; {spread(r['of_f32'])} of its own f32" for r in here if r["row"] == best["ours"]
                       and "of_f32" in r]
                lines.append(f"- {model}, {threads} thread(s): {best['ours']} takes {spread(best)} of {best['row']}"
                             + "".join(own))
    return "\n".join(lines)


def rows_of(arguments):
    rows = arguments.rows or (INT8_ROWS if arguments.int8 else F32_ROWS)
    if not arguments.level:
        return rows
    held = [f"{r} {arguments.level}" for r in rows]
    return [r for r in held if r in peers.ROWS]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=MODELS, choices=list(make_models.MAKERS))
    parser.add_argument("--int8", action="store_true", help="quantized files instead of f32 ones")
    parser.add_argument("--level", choices=list(peers.LEVELS), help="hold Pare and OpenVINO to an instruction set")
    parser.add_argument("--rows", nargs="+", choices=list(peers.ROWS), help="default: f32, or with --int8 all int8 rows")
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.3, help="length of a burst")
    parser.add_argument("--out", type=pathlib.Path, default=FOLDER / "results", help="writes OUT.md and OUT.json")
    arguments = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    results = []
    for model in arguments.models:
        rows = [r for r in rows_of(arguments) if model in DYNAMIC_MODELS or peers.ROWS[r].format != "dyn8"]
        make_peer_files.make(model, FOLDER, [peers.ROWS[r] for r in rows])
        for threads in arguments.threads:
            print(f"{model}, {threads} thread(s)", file=sys.stderr, flush=True)
            results += measure(model, rows, threads, arguments.rounds, arguments.seconds)
    text = table(results)
    print(text)
    arguments.out.with_suffix(".md").write_text(text + "\n")
    arguments.out.with_suffix(".json").write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
