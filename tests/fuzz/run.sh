#!/usr/bin/env bash
# run.sh BUILD SECONDS [TARGET...]: every fuzz target for SECONDS, as many at a time as there are cores,
# from seeds made of real files. Findings lie in BUILD/fuzz/TARGET.
set -euo pipefail
build=$(realpath "$1") seconds=$2
shift 2
cd "$(dirname "$0")/../.."
scripts/venv.sh
build/venv/bin/python tests/fuzz/make_seeds.py "$build" "$build/fuzz/seeds"

run_one() {
  local build=$1 seconds=$2 name=$3 work=$1/fuzz/$3
  mkdir -p "$work/corpus"
  export ASAN_OPTIONS=allocator_may_return_null=1:detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1
  if "$build/tests/fuzz/$name" -max_total_time="$seconds" -timeout=30 -rss_limit_mb=3000 -malloc_limit_mb=2500 \
    -max_len=65536 -print_final_stats=1 -artifact_prefix="$work/" "$work/corpus" "$build/fuzz/seeds/$name" \
    >"$work/log" 2>&1; then
    echo "fuzz: $name: $(grep -o 'number_of_executed_units: .*' "$work/log"), $(ls "$build/fuzz/seeds/$name" | wc -l) seeds, nothing found"
  else
    tail -60 "$work/log"
    echo "fuzz: $name FAILED; input and log in $work"
    return 1
  fi
}
export -f run_one

targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
  for source in tests/fuzz/fuzz_*.cc; do targets+=("$(basename "$source" .cc)"); done
fi
printf '%s\n' "${targets[@]}" | xargs -P "$(nproc)" -I{} bash -c 'run_one "$@"' _ "$build" "$seconds" {}
