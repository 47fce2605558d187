#!/usr/bin/env bash
# Times Pare beside other runtimes; called by `make compare`. Arguments go to compare.py.
set -euo pipefail
cd "$(dirname "$0")/../.."
scripts/venv.sh bench/compare/requirements.txt
[[ " $* " != *" --int8 "* ]] || scripts/venv.sh bench/compare/requirements-int8.txt
# Without what it asks for, which is all of torch: its converter is a program that needs none of it.
build/venv/bin/python -c 'import importlib.util as u; assert u.find_spec("pnnx")' 2>/dev/null ||
  build/venv/bin/pip install --quiet --no-deps pnnx==20261020
build/venv/bin/python scripts/fetch_models.py minilm ppocr_det ppocr_rec >/dev/null
exec build/venv/bin/python bench/compare/compare.py "$@"
