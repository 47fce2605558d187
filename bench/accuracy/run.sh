#!/usr/bin/env bash
# Measures what quantization costs on real models; called by `make accuracy`. Arguments go to accuracy.py.
set -euo pipefail
cd "$(dirname "$0")/../.."
scripts/venv.sh bench/accuracy/requirements.txt || echo "accuracy: no NNCF; its rows say so" >&2
build/venv/bin/python scripts/fetch_models.py ppocr_rec ppocr_det ppocr_cls silero_vad minilm magika basic_pitch >/dev/null
exec build/venv/bin/python bench/accuracy/accuracy.py "$@"
