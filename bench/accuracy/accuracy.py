#!/usr/bin/env python3
"""How much of a real model's work each format costs: a table of models x formats, beside other quantizers.

For each model and format: the task's metric on test data, its loss relative to ONNX Runtime's f32, the
signal-to-noise ratio of the answers, the size of the file as a share of f32's. Exits 1 where a default format
loses more than it may.
"""
import argparse
import json
import os
import pathlib
import sys
import time

import numpy as np

import formats
import tasks

# The loss in percent that a default format may have. The f32 and f16 formats change nothing.
LIMITS = {"f32": 0.1, "f16": 0.5, "int8": 0.5, "int8-dynamic": 0.5, "int4:g32": 1.5, "nf4": 1.5}


def signal_to_noise(reference, answers):
    signal = noise = 0.0
    for want, got in zip(reference, answers):
        want, got = want.astype(np.float64), got.astype(np.float64)
        signal += np.sum(want ** 2)
        noise += np.sum((want - got) ** 2)
    return float(10 * np.log10(signal / noise)) if noise > 0 else float("inf")


def measure(task, rows):
    data = formats.calibration_file(task)
    engine, _ = formats.ort_float(task, data)
    reference = list(task.answers(engine))
    best = float(task.score(reference))
    results = [{"model": task.name, "metric": task.metric, "row": "ORT f32", "score": best,
                "bytes": task.source.stat().st_size}]
    for row in rows:
        result = {"model": task.name, "metric": task.metric, "row": row}
        start = time.time()
        try:
            engine, size = formats.ROWS[row](task, data)
            answers = list(task.answers(engine))
            score = float(task.score(answers))
            result |= {"score": score, "loss": 100 * (best - score) / best, "bytes": size,
                       "snr": signal_to_noise(reference, answers)}
        # A quantizer of others may fail on a model in any way; that is a result too.
        except Exception as e:  # noqa: BLE001
            result["failed"] = f"{type(e).__name__}: {str(e).strip().splitlines()[-1][-160:]}" if str(e) else repr(e)
        result["seconds"] = time.time() - start
        print(f"{line(result, results[0]['bytes'])}  {result['seconds']:.1f} s", file=sys.stderr, flush=True)
        results.append(result)
    return results


def line(r, f32_bytes):
    head = f"| {r['model']} | {r['row']} |"
    if "failed" in r:
        return f"{head} failed: {r['failed']} | | | |"
    loss = f"{r['loss']:.2f}" + (" (too much)" if too_much(r) else "") if "loss" in r else ""
    snr = f"{r['snr']:.1f}" if "snr" in r else ""
    return f"{head} {r['score']:.4f} | {loss} | {snr} | {r['bytes'] / f32_bytes:.3f} |"


def too_much(r):
    return "loss" in r and r["loss"] > LIMITS.get(r["row"], np.inf)


def table(results):
    lines = []
    for model in dict.fromkeys(r["model"] for r in results):
        rows = [r for r in results if r["model"] == model]
        lines += [f"**{model}**: {rows[0]['metric']}", "",
                  "| model | format | score | loss % | SNR dB | file / ONNX |", "|---|---|---|---|---|---|"]
        lines += [line(r, rows[0]["bytes"]) for r in rows] + [""]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=list(tasks.TASKS), choices=list(tasks.TASKS))
    parser.add_argument("--rows", nargs="+", default=list(formats.ROWS), choices=list(formats.ROWS))
    parser.add_argument("--scale", type=float, default=1.0, help="share of the test data that is used")
    parser.add_argument("--out", type=pathlib.Path, default=formats.FOLDER / "results", help="writes OUT.md and OUT.json")
    arguments = parser.parse_args()
    formats.FOLDER.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("PARE_LIBRARY", str(formats.engines.BUILD / "runtime" / "libpare.so"))
    results = []
    for model in arguments.models:
        results += measure(tasks.TASKS[model](arguments.scale), arguments.rows)
    text = table(results)
    print(text)
    arguments.out.with_suffix(".md").write_text(text + "\n")
    arguments.out.with_suffix(".json").write_text(json.dumps(results, indent=1) + "\n")
    return 1 if any(too_much(r) for r in results) else 0


if __name__ == "__main__":
    sys.exit(main())
