#!/usr/bin/env bash
# Holds the line budget: a file has at most 600 lines, the median file at most 150, and all of them
# together at most the total below, which is raised by hand, in the change that needs it.
set -euo pipefail
cd "$(dirname "$0")/.."
total_budget=70500
longest=600
median=150

git ls-files | grep -E '\.(cc|cpp|c|h|hpp|inc|def|fbs|py|sh|cmake)$|CMakeLists.txt$|^\.ci/run$' |
  while read -r file; do [ -e "$file" ] && echo "$(wc -l <"$file") $file"; done | sort -n |
  awk -v total="$total_budget" -v longest="$longest" -v median="$median" '
    { lines[NR] = $1; sum += $1 }
    $1 > longest { print "longer than " longest " lines: " $2 " (" $1 ")"; failed = 1 }
    END {
      middle = lines[int((NR + 1) / 2)]
      print "lines: " sum " of " total " in " NR " files; median " middle " of " median
      if (middle > median || sum > total) failed = 1
      exit failed
    }'
