#!/usr/bin/env bash
# python_environment.sh FOLDER [TORCH]: makes a virtual environment of the Python tests, once. Without TORCH its packages
# read what pagewright writes: HDF5 logs, TensorBoard events and tokenizers. With TORCH, the folder of the torch package that the
# build links, it has torch, transformers and peft: that torch where Python can import it, which needs the libraries of the
# CUDA toolkit, otherwise one of its own (2.6 GB to download). Where it cannot be made (no network), the tests are
# skipped with exit code 77, except under CI, where that is a failure.
set -euo pipefail
folder=$1 torch=${2:-}
without_torch=()
packages=(numpy==2.2.6 h5py==3.14.0 pandas==2.3.3 tensorboard==2.20.0 'setuptools<81'
  tokenizers==0.23.3 transformers==5.24.0)
probe='import h5py, tensorboard, tokenizers'
if [ -n "$torch" ]; then
  # The last ones are what `import torch` needs besides libraries.
  packages=(numpy==2.2.6 transformers==5.24.0 safetensors psutil
    filelock fsspec jinja2 networkx 'setuptools<81' 'sympy>=1.13.3' 'typing-extensions>=4.10')
  probe='import torch, transformers, peft'
  without_torch=(peft==0.21.2 accelerate==1.15.0)  # which would bring a torch of their own
fi
stamp=$folder/.made
if [ "$(cat "$stamp" 2>/dev/null)" = "${packages[*]} ${without_torch[*]}" ] && "$folder/bin/python" -c "$probe" 2>/dev/null; then
  echo "$folder is there already"
  exit 0
fi

install() { "$folder/bin/python" -m pip install -q --no-input --disable-pip-version-check "$@"; }

use_torch_of_build() {
  local site
  site=$("$folder/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
  dirname "$torch" >"$site/torch_of_build.pth"
  "$folder/bin/python" -c 'import torch' 2>/dev/null || { rm "$site/torch_of_build.pth" && return 1; }
}

rm -rf "$folder"
if python3 -m venv "$folder" && install "${packages[@]}" &&
  { [ -z "$torch" ] || install --no-deps "${without_torch[@]}"; } &&
  { [ -z "$torch" ] || use_torch_of_build || install torch==2.11.0; } && "$folder/bin/python" -c "$probe"; then
  echo "${packages[*]} ${without_torch[*]}" >"$stamp"
  exit 0
fi
rm -rf "$folder"
echo "python_environment.sh: cannot install ${packages[*]}${torch:+ and torch} into $folder; tests that need it are left out" >&2
[ -n "${CI:-}" ] && exit 1
exit 77
