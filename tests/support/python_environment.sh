#!/usr/bin/env bash
# python_environment.sh FOLDER: makes the virtual environment of the Python tests, once. Its packages read what
# pagewright writes: HDF5 logs, TensorBoard events and tokenizers. Where it cannot be made (no network), the tests are skipped with
# exit code 77, except under CI, where that is a failure.
set -euo pipefail
folder=$1
packages=(numpy==2.2.6 h5py==3.14.0 pandas==2.3.3 tensorboard==2.20.0 'setuptools<81'
  tokenizers==0.23.3 transformers==5.24.0)
stamp=$folder/.made
if [ "$(cat "$stamp" 2>/dev/null)" = "${packages[*]}" ] && "$folder/bin/python" -c 'import h5py, tensorboard, tokenizers' 2>/dev/null; then
  echo "$folder is there already"
  exit 0
fi
rm -rf "$folder"
if python3 -m venv "$folder" && "$folder/bin/python" -m pip install -q --no-input --disable-pip-version-check "${packages[@]}"; then
  echo "${packages[*]}" >"$stamp"
  exit 0
fi
rm -rf "$folder"
echo "python_environment.sh: cannot install ${packages[*]} into $folder; the tests labelled python are left out" >&2
[ -n "${CI:-}" ] && exit 1
exit 77
