#!/usr/bin/env bash
# Builds the stripped shared runtime three times and fails where one is over its limit, or more than
# 5 % over what scripts/size_budget.txt says:
#   all           every operator, every instruction set, built for speed (Release)
#   mobilenet     the operators of MobileNetV2, every instruction set, built for size (MinSizeRel)
#   mobilenet-1   the same for a device whose one instruction set is known (AVX2)
#
#   scripts/check_size.sh             check
#   scripts/check_size.sh --update    write the budget, in the change that needs it
set -euo pipefail
cd "$(dirname "$0")/.."
budget=scripts/size_budget.txt

# `pare inspect --ops` of MobileNetV2.
mobilenet_ops='MatMul;Conv;Reduce;Reshape;Transpose;UnaryKind:None;UnaryKind:Clip;ReduceKind:Mean'
mobilenet_ops+=';Layout:Plain;Layout:T16;Layout:Depthwise16'

# build NAME BUILD_TYPE OPTION...: prints the bytes of the stripped library.
build() {
  local folder=build/size/$1
  cmake -S . -B "$folder" -DCMAKE_BUILD_TYPE="$2" "${@:3}" -DPARE_CONVERTER=OFF -DPARE_TESTS=OFF \
    -DPARE_BENCH=OFF -DPARE_TOOLS=OFF -DCMAKE_CXX_COMPILER_LAUNCHER="$launcher" >&2
  cmake --build "$folder" --target pare_shared --parallel "$(nproc)" >&2
  strip -o "$folder/stripped.so" "$folder/runtime/libpare.so"
  stat -c %s "$folder/stripped.so"
}
launcher=$(command -v ccache || true)

all=$(build all Release)
mobilenet=$(build mobilenet MinSizeRel -DPARE_OPS="$mobilenet_ops")
mobilenet_1=$(build mobilenet-1 MinSizeRel -DPARE_OPS="$mobilenet_ops" -DPARE_LEVELS=avx2)
sizes=$(printf 'all %s\nmobilenet %s\nmobilenet-1 %s' "$all" "$mobilenet" "$mobilenet_1")
if [ "${1:-}" = --update ]; then
  { grep '^#' "$budget"; echo "$sizes"; } >"$budget.new" && mv "$budget.new" "$budget"
fi
printf '%-12s %9s %9s %9s %7s\n' build bytes budget limit change
echo "$sizes" | awk -v budget_file="$budget" '
  BEGIN {
    limit["all"] = 700000; limit["mobilenet"] = 200000; limit["mobilenet-1"] = 200000
    while ((getline line < budget_file) > 0) {
      if (line !~ /^#/) { split(line, field, " "); budget[field[1]] = field[2] }
    }
  }
  {
    change = budget[$1] ? ($2 / budget[$1] - 1) * 100 : 0
    printf "%-12s %9d %9d %9d %+6.1f%%\n", $1, $2, budget[$1], limit[$1], change
    if (!budget[$1]) { print "  no budget: run scripts/check_size.sh --update"; failed = 1 }
    if (change > 5) { print "  grew by more than 5 %: shrink it, or run scripts/check_size.sh --update and say why"; failed = 1 }
    if ($2 > limit[$1]) { print "  over its limit"; failed = 1 }
  }
  END { exit failed }'
