#!/usr/bin/env bash
# Fetches the demo's models, converts them and runs them; called by `make demo` after the build.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/venv.sh
build/venv/bin/python demo/main.py "$@"
