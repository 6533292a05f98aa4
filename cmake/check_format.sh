#!/usr/bin/env bash
# Compares the sources with .clang-format; --fix rewrites them. clang-format comes from the Python package index in one
# fixed version, since every version formats a little differently.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=18.1.8
tool=build/format-venv/bin/clang-format
mode=(--dry-run --Werror)
[ "${1:-}" = --fix ] && mode=(-i)

if ! "$tool" --version 2>/dev/null | grep -qF "$version"; then
  echo "format: installing clang-format $version into build/format-venv"
  rm -rf build/format-venv
  python3 -m venv build/format-venv
  build/format-venv/bin/python -m pip install --quiet --no-input --disable-pip-version-check "clang-format==$version"
fi
git ls-files -z --cached --others --exclude-standard '*.hpp' '*.cpp' |
  xargs -0 -r "$tool" --style=file "${mode[@]}" ||
  { echo "format: run cmake/check_format.sh --fix" >&2; exit 1; }
