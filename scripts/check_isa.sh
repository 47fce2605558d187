#!/usr/bin/env bash
# check_isa.sh BUILD: objects compiled for one instruction set must share nothing with the rest. An
# inline function that such a file emits as a weak symbol may be the copy that the linker keeps, and
# then a machine without that instruction set crashes in it. So: no weak or unique symbol, and every
# global one names its instruction set.
set -euo pipefail
build=${1:?usage: check_isa.sh BUILD}
failed=0 count=0
while read -r object; do
  count=$((count + 1))
  isa=$(basename "$object" .cc.o)
  isa=${isa##*_}
  shared=$(nm --defined-only "$object" | awk -v isa="$isa" \
    '$2 ~ /^[WVu]$/ || ($2 ~ /^[TDRB]$/ && index(tolower($3), isa) == 0)')
  if [ -n "$shared" ]; then
    printf '%s shares symbols:\n%s\n' "$object" "$shared" >&2
    failed=1
  fi
done < <(find "$build/runtime" -name '*_avx2.cc.o' -o -name '*_avxvnni.cc.o' -o -name '*_avx512*.cc.o' \
  -o -name '*_amxint8.cc.o' -o -name '*_neon*.cc.o' -o -name '*_i8mm.cc.o')
echo "instruction sets: $count objects"
exit $failed
