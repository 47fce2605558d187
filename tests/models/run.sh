#!/usr/bin/env bash
# run.sh BUILD [identical_int8 [EMULATOR...]]: the tests of models as ctest calls them; 77 means skipped.
set -euo pipefail
build=$(realpath "$1") test=${2:-compare_models}
cd "$(dirname "$0")/../.."
if ! scripts/venv.sh; then
  echo "no Python packages: the package index cannot be reached"
  [ -z "${PARE_REQUIRE_MODELS:-}" ] && exit 77
  exit 1
fi
if [ "$test" = identical_int8 ]; then
  exec build/venv/bin/python tests/models/identical_int8.py "$build" "${@:3}"
fi
build/venv/bin/python tests/models/compare_models.py --build "$build"
if [ -x "$build/tests/test_allocation" ]; then
  "$build/tests/test_allocation" build/model_tests/*.f32.pare
fi
