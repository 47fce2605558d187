#!/usr/bin/env python3
"""Layers that are slower in int8 than in f32, by profiles of two files of one network.

usage: slower_layers.py BUILD F32.pare INT8.pare [--cpu LEVEL...] [--rounds N] [--least-us 20] [--limit 1.05]

A layer is a Conv, MatMul, Attention, ...: whatever the f32 file has. A convolution that the one after it
computes counts there, in both files, and an activation that int8 looks up counts to the layer before it.
Layers that stayed f32 are left out. Quantize and Dequantize have no counterpart: their sum is told.
Prints the least of interleaved rounds, since other programs only ever add; exits 1 where a layer that takes more
than --least-us is slower by more than the limit.
"""
import argparse
import pathlib
import re
import subprocess
import sys

SUFFIX = "/activation"  # converter/passes/quantize/split_activations.cc


def profile(build, path, cpu, runs):
    """(step, node, op, kernel, output, microseconds) of each step, in order."""
    command = [build / "runtime" / "tools" / "pare-bench", path, "--cpu", cpu, "--min-seconds", "0", "--warmup", "3",
               "--runs", str(runs), "--profile-ops"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rows = [re.split(r"\s{2,}", line.strip()) for line in text.split("output\n")[-1].splitlines()]
    steps = []
    for row in rows:
        ms, step = row[0].split()[0], row[-5]
        steps.append((int(step), *row[-4:], 1000 * float(ms)))
    return sorted(steps)


def layers(steps, joined):
    """{node: (microseconds, kernel, output)}; `joined`: nodes whose time counts to the next layer."""
    found, waiting = {}, 0
    for _, node, op, kernel, output, us in steps:
        if op in ("Quantize", "Dequantize"):
            continue
        name = node.removesuffix(SUFFIX)
        if name in joined:
            waiting += us
        elif name in found:
            found[name] = (found[name][0] + us, *found[name][1:])
        else:
            found[name], waiting = (us + waiting, kernel, output), 0
    return found


def compare(arguments, cpu):
    rounds = []
    for _ in range(arguments.rounds):
        a = profile(arguments.build, arguments.f32, cpu, arguments.runs)
        b = profile(arguments.build, arguments.int8, cpu, arguments.runs)
        joined = {node for _, node, op, _, _, us in a if op == "Conv" and us == 0}
        converting = sum(us for _, _, op, _, _, us in b if op in ("Quantize", "Dequantize"))
        rounds.append((layers(a, joined), layers(b, joined), converting))
    slower = 0
    for name, (_, kernel, output) in rounds[0][1].items():
        both = [(a[name][0], b[name][0]) for a, b, _ in rounds if name in a]
        if len(both) < len(rounds) or "f32_f32" in kernel:
            continue
        f32, int8 = (min(times) for times in zip(*both))
        if max(f32, int8) > arguments.least_us and int8 > arguments.limit * f32:
            slower += 1
            ratio = int8 / f32 if f32 else 99
            print(f"{cpu:<11} {ratio:5.2f}  {f32:7.0f} us f32  {int8:7.0f} us int8 {name[-34:]:34}  {kernel}  {output}")
    sums = [[sum(us for us, *_ in side.values()) for side in r[:2]] for r in rounds]
    f32, int8 = (min(s) for s in zip(*sums))
    converting = min(r[2] for r in rounds)
    print(f"{cpu:<11} {slower} slower; all layers {f32:.0f} us f32, {int8:.0f} us int8, and {converting:.0f} us "
          f"between the two types")
    return slower


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("build", "f32", "int8"):
        parser.add_argument(name, type=pathlib.Path)
    parser.add_argument("--cpu", nargs="+", default=["avx2", "avxvnni", "avx512vnni"])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--least-us", type=float, default=20)
    parser.add_argument("--limit", type=float, default=1.05)
    arguments = parser.parse_args()
    return 1 if sum(compare(arguments, cpu) for cpu in arguments.cpu) else 0


if __name__ == "__main__":
    sys.exit(main())
