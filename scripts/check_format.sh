#!/usr/bin/env bash
# Fails where a C++ source is not as clang-format 14 would write it. --fix writes it so.
set -euo pipefail
cd "$(dirname "$0")/.."
mapfile -t sources < <(git ls-files '*.cc' '*.h' '*.hpp' '*.cpp' '*.c')
case "${1:-}" in
  --fix) clang-format-14 -i "${sources[@]}" ;;
  "") clang-format-14 --dry-run --Werror "${sources[@]}" && echo "format: ${#sources[@]} files" ;;
  *) sed -n '2s/^# //p' "$0" >&2; exit 2 ;;
esac
