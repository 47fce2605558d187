#!/usr/bin/env bash
# venv.sh [REQUIREMENTS...]: makes build/venv with the Python packages that the demo and the model
# tests use (scripts/requirements.txt, and the files named). Does nothing where they are there.
set -euo pipefail
cd "$(dirname "$0")/.."
for file in scripts/requirements.txt "$@"; do
  # A stamp a file, named by its contents: what one caller installed, another leaves alone.
  stamp=build/venv/.installed-$(sha256sum "$file" | cut -c1-16)
  [ -e "$stamp" ] && continue
  echo "venv: installing into build/venv: $(tr '\n' ' ' <"$file")"
  [ -x build/venv/bin/python ] || python3 -m venv build/venv
  build/venv/bin/pip install --quiet --disable-pip-version-check -r "$file" </dev/null
  touch "$stamp"
done
