#!/usr/bin/env bash
# run.sh BUILD: the model test as ctest calls it; 77 means skipped.
set -euo pipefail
build=$(realpath "$1")
cd "$(dirname "$0")/../.."
if ! scripts/venv.sh; then
  echo "no Python packages: the package index cannot be reached"
  [ -z "${PARE_REQUIRE_MODELS:-}" ] && exit 77
  exit 1
fi
build/venv/bin/python tests/models/compare_models.py --build "$build"
if [ -x "$build/tests/test_allocation" ]; then
  "$build/tests/test_allocation" build/model_tests/*.f32.pare
fi
