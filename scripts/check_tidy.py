#!/usr/bin/env python3
"""check_tidy.py BUILD [PATTERN]: clang-tidy over the project's own sources, findings are errors.

A source that was clean is remembered by the hash of its preprocessed text, so that a repeated run
looks at what changed only. PATTERN (a regular expression) picks files.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TIDY = "clang-tidy-14"
FOLDERS = ("runtime/", "converter/", "platforms/")


def cache_folder():
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    folder = pathlib.Path(base) / "pare" / "tidy"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def preprocessed(entry):
    """The text that the compiler sees, without the paths in its line markers."""
    words = [w for w in shlex.split(entry["command"]) if not w.endswith("ccache")]
    out = words.index("-o")
    del words[out:out + 2]
    words[words.index("-c")] = "-E"
    text = subprocess.run(words + ["-P"], cwd=entry["directory"], capture_output=True, check=True).stdout
    source = pathlib.Path(entry["file"])
    settings = [folder / ".clang-tidy" for folder in source.parents if folder.is_relative_to(ROOT)]
    return b"".join([text, source.read_bytes()] + [s.read_bytes() for s in settings if s.exists()])


def check(entry, build, cache):
    stamp = cache / hashlib.sha256(preprocessed(entry)).hexdigest()
    if stamp.exists():
        return True, ""
    run = subprocess.run([TIDY, "--quiet", "--warnings-as-errors=*", "-p", build, entry["file"]],
                         capture_output=True, text=True)
    if run.returncode == 0:
        stamp.touch()
    return run.returncode == 0, run.stdout


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    build = sys.argv[1]
    pattern = re.compile(sys.argv[2] if len(sys.argv) == 3 else "")
    entries = {}
    for entry in json.loads((pathlib.Path(build) / "compile_commands.json").read_text()):
        path = pathlib.Path(entry["file"])
        if not path.is_relative_to(ROOT):
            continue
        name = str(path.relative_to(ROOT))
        if name.startswith(FOLDERS) and pattern.search(name):
            entries[name] = entry
    cache = cache_folder()
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, (clean, text) in zip(entries, pool.map(lambda e: check(e, build, cache), entries.values())):
            if not clean:
                failed += 1
                print(f"{name}:\n{text}", flush=True)
    print(f"clang-tidy: {len(entries)} files, {failed} with findings")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
