#!/usr/bin/env bash
# Builds the stripped shared runtime with every operator and with those of one model (MobileNetV2),
# and fails where one is over its limit, or more than 5 % over what scripts/size_budget.txt says.
#   scripts/check_size.sh             check
#   scripts/check_size.sh --update    write the budget, in the change that needs it
# The sizes are of x86-64 with every instruction set's kernels.
set -euo pipefail
cd "$(dirname "$0")/.."
budget=scripts/size_budget.txt

# `pare inspect --ops` of MobileNetV2.
mobilenet_ops='Conv;Reduce;MatMul;Binary;Reshape;Flatten'

# build NAME PARE_OPS: prints the bytes of code and data of the stripped library.
build() {
  local folder=build/size/$1
  cmake -S . -B "$folder" -DCMAKE_BUILD_TYPE=Release -DPARE_OPS="$2" -DPARE_CONVERTER=OFF \
    -DPARE_TESTS=OFF -DPARE_BENCH=OFF -DPARE_TOOLS=OFF -DCMAKE_CXX_COMPILER_LAUNCHER="$launcher" >&2
  cmake --build "$folder" --target pare_shared --parallel "$(nproc)" >&2
  strip -o "$folder/stripped.so" "$folder/runtime/libpare.so"
  stat -c %s "$folder/stripped.so"
}
launcher=$(command -v ccache || true)

all=$(build all '')
mobilenet=$(build mobilenet "$mobilenet_ops")
sizes=$(printf 'all %s\nmobilenet %s' "$all" "$mobilenet")
if [ "${1:-}" = --update ]; then
  { grep '^#' "$budget"; echo "$sizes"; } >"$budget.new" && mv "$budget.new" "$budget"
fi
printf '%-10s %9s %9s %9s %7s\n' build bytes budget limit change
echo "$sizes" | awk -v budget_file="$budget" '
  BEGIN {
    limit["all"] = 700000; limit["mobilenet"] = 200000
    while ((getline line < budget_file) > 0) {
      if (line !~ /^#/) { split(line, field, " "); budget[field[1]] = field[2] }
    }
  }
  {
    change = budget[$1] ? ($2 / budget[$1] - 1) * 100 : 0
    printf "%-10s %9d %9d %9d %+6.1f%%\n", $1, $2, budget[$1], limit[$1], change
    if (!budget[$1]) { print "  no budget: run scripts/check_size.sh --update"; failed = 1 }
    if (change > 5) { print "  grew by more than 5 %: shrink it, or run scripts/check_size.sh --update and say why"; failed = 1 }
    if ($2 > limit[$1]) { print "  over its limit"; failed = 1 }
  }
  END { exit failed }'
