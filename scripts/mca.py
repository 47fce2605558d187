#!/usr/bin/env python3
"""mca.py PATH...: what llvm-mca estimates the inner loops of AArch64 kernels to cost.

PATH is a build folder (its kernels' objects are taken), an object or a library. Prints cycles for
1,000 multiply-adds of the innermost loop of each function that has most of them, for several cores;
"-": the core lacks an instruction. An ESTIMATE: of a loop that runs for ever and finds everything
in the first cache.

Needs Debian's llvm-19 (scripts/setup.sh --dev).
  scripts/mca.py build/arm64
  scripts/mca.py --pattern 'int8_.*Tile' --cores cortex-a55 build/arm64
"""
import argparse
import concurrent.futures
import pathlib
import re
import subprocess
import sys

OBJDUMP, MCA = "llvm-objdump-19", "llvm-mca-19"
CORES = ("cortex-a53", "cortex-a55", "cortex-a510", "neoverse-n1", "neoverse-n2", "neoverse-v1")
KERNELS = re.compile(r"(matmul|depthwise)/[a-z0-9_]+_(neon|neondot|i8mm)\.cc\.o$")
PASSES = 200

FUNCTION = re.compile(r"^[0-9a-f]+ <(.*)>:$")
INSTRUCTION = re.compile(r"^\s*([0-9a-f]+):\s+(\S.*)$")
BRANCH = re.compile(r"^(b\.\w+|cbn?z|tbn?z|b)\s.*?(0x[0-9a-f]+)(?: <.*>)?$")
CALL = re.compile(r"^(bl|blr|br|ret)\b")
# What one instruction multiplies and adds, by its first operand's arrangement.
LANES = {"2d": 2, "2s": 2, "4s": 4, "4h": 4, "8h": 8}
PRODUCTS = re.compile(r"^(fmla|fmls|mla|mls|[su]mlal2?|[su]mull2?)\s+v\d+\.(\w+)")
DOTS = re.compile(r"^([su]dot|usdot|sudot|bfdot|[su]mmla|usmmla|bfmmla)\s+v\d+\.(\w+)")
TERMS = {"bfdot": 2, "smmla": 8, "ummla": 8, "usmmla": 8, "bfmmla": 4}  # a lane; others: 4


def products(instruction):
    """Multiply-adds of one instruction."""
    match = PRODUCTS.match(instruction)
    if match:
        return LANES.get(match[2], 0)
    match = DOTS.match(instruction)
    return LANES.get(match[2], 0) * TERMS.get(match[1], 4) if match else 0


def functions(disassembly):
    """(name, [(address, instruction)]) of llvm-objdump's text."""
    found = []
    for line in disassembly.splitlines():
        match = FUNCTION.match(line)
        if match:
            found.append((match[1], []))
            continue
        match = INSTRUCTION.match(line)
        if match and found:
            text = " ".join(match[2].split("//")[0].split())
            found[-1][1].append((int(match[1], 16), text))
    return found


def inner_loops(code):
    """Bodies of the innermost loops: from the target of a branch backwards to the branch."""
    index = {address: i for i, (address, _) in enumerate(code)}
    ends = {}
    for i, (_, text) in enumerate(code):
        match = BRANCH.match(text)
        start = index.get(int(match[2], 16)) if match else None
        if start is not None and start <= i:
            ends.setdefault(start, i)  # the nearest branch to a target
    inner = [(s, e) for s, e in ends.items()
             if not any((s, e) != (t, f) and s <= t and f <= e for t, f in ends.items())]
    bodies = [[text for _, text in code[s:e + 1]] for s, e in sorted(inner)]
    return [body for body in bodies if not any(CALL.match(text) for text in body)]


def assembly(body):
    """The loop as llvm-mca reads it: every branch goes to its start."""
    lines = [re.sub(r"0x[0-9a-f]+(?: <.*>)?$", ".Lloop", text) if BRANCH.match(text) else text
             for text in body]
    return ".Lloop:\n" + "\n".join(lines) + "\n"


def total_cycles(report):
    match = re.search(r"^Total Cycles:\s+(\d+)$", report, re.M)
    return int(match[1]) if match else None


def cycles(body, core):
    """Cycles of one pass, or None where the core lacks an instruction."""
    command = [MCA, "-mtriple=aarch64-linux-gnu", f"-mcpu={core}", f"-iterations={PASSES}"]
    run = subprocess.run(command, input=assembly(body), capture_output=True, text=True)
    total = total_cycles(run.stdout) if run.returncode == 0 else None
    return None if total is None else total / PASSES


def short(name):
    """A demangled name without its namespaces and arguments."""
    name = re.sub(r"pare::|\(anonymous namespace\)::|^void ", "", name)
    return re.sub(r"\(.*", "", name)


def objects(path):
    if path.is_dir():
        return sorted(p for p in path.rglob("*.o") if KERNELS.search(str(p)))
    return [path]


def loops_of(path, least):
    text = subprocess.run([OBJDUMP, "-d", "-C", "--mattr=+all", "--no-show-raw-insn", str(path)],
                          capture_output=True, text=True, check=True).stdout
    label = "/".join(path.parts[-2:]).replace(".cc.o", "")
    for name, code in functions(text):
        bodies = inner_loops(code)
        counts = [sum(map(products, body)) for body in bodies]
        if counts and max(counts) >= least:
            yield f"{label} {short(name)}", bodies[counts.index(max(counts))], max(counts)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="+", type=pathlib.Path, metavar="PATH")
    parser.add_argument("--cores", default=",".join(CORES), help="separated by commas")
    parser.add_argument("--pattern", default="", help="only loops whose name has this expression")
    parser.add_argument("--least", type=int, default=16, help="multiply-adds of a loop's body")
    options = parser.parse_args()
    cores = options.cores.split(",")
    loops = [loop for path in options.paths for object_ in objects(path)
             for loop in loops_of(object_, options.least) if re.search(options.pattern, loop[0])]
    if not loops:
        sys.exit("mca.py: no loop of multiply-adds found: is this an AArch64 build?")
    width = max(len(name) for name, _, _ in loops)
    print("Estimated by llvm-mca: cycles for 1,000 multiply-adds")
    print(f"{'loop':{width}} {'products':>8} {'instr.':>6} " + " ".join(f"{c:>11}" for c in cores))
    with concurrent.futures.ThreadPoolExecutor() as pool:
        for name, body, count in loops:
            passes = pool.map(lambda core, body=body: cycles(body, core), cores)
            cells = ["-" if c is None else f"{1000 * c / count:.1f}" for c in passes]
            print(f"{name:{width}} {count:8} {len(body):6} " + " ".join(f"{c:>11}" for c in cells))


if __name__ == "__main__":
    main()
