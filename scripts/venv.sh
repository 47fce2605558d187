#!/usr/bin/env bash
# venv.sh [REQUIREMENTS...]: makes build/venv with the Python packages that the demo and the model
# tests use (scripts/requirements.txt, and the files named). Does nothing where they are there.
set -euo pipefail
cd "$(dirname "$0")/.."
files=(scripts/requirements.txt "$@")
wanted=$(cat "${files[@]}")
stamp=build/venv/.requirements
if [ -e "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then exit 0; fi
echo "venv: installing into build/venv: $(tr '\n' ' ' <<<"$wanted")"
[ -x build/venv/bin/python ] || python3 -m venv build/venv
options=()
for file in "${files[@]}"; do options+=(-r "$file"); done
build/venv/bin/pip install --quiet --disable-pip-version-check "${options[@]}" </dev/null
echo "$wanted" >"$stamp"
