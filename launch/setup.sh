#!/usr/bin/env bash
# Installs what Pagewright needs to be built, and only what is missing.
#   launch/setup.sh [--check] [--cuda auto|on|off] [--help]
# --check    says what is missing, installs nothing; exit code 1 if the build cannot do without it
# --cuda     whether libtorch is to compute on GPUs too; auto, the default: where nvcc and NCCL are installed
# Debian 12 and Debian 13 are tried; Ubuntu 24.04 has the same packages but is untried. Elsewhere it only looks for
# libtorch and leaves the rest to CMake, which names what it misses.
# PAGEWRIGHT_TORCH_DIR=<folder of the torch Python package> uses that libtorch. Otherwise the torch of python3 is used
# when it is 2.9 or newer; otherwise one is downloaded into build/venv.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

needed=(git g++ cmake ninja-build python3 python3-venv libhdf5-dev libyaml-cpp-dev libfmt-dev libspdlog-dev
  libcli11-dev nlohmann-json3-dev catch2 liblzma-dev zlib1g-dev libzstd-dev libpcre2-dev libutf8proc-dev libssl-dev
  libcurl4-openssl-dev libopenmpi-dev openmpi-bin)
# The build is quicker with them.
useful=(ccache mold)
venv=build/venv

say() { echo "setup: $*"; }
fail() { echo "setup: $*" >&2; exit 1; }

. launch/choose_wheels.sh

check=0
cuda=auto
while [ $# -gt 0 ]; do
  case $1 in
    --check) check=1 ;;
    --cuda) cuda=${2:?--cuda takes auto, on or off}; shift ;;
    -h | --help) sed -n '2,9p' "$0" | cut -c3-; exit 0 ;;
    *) echo "setup.sh: unknown option $1 (see --help)" >&2; exit 2 ;;
  esac
  shift
done
case $cuda in
  auto | on | off) ;;
  *) echo "setup.sh: --cuda takes auto, on or off, not '$cuda'" >&2; exit 2 ;;
esac

is_installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

missing_of() { for package in "$@"; do is_installed "$package" || echo "$package"; done; }

say_system() {
  local id=unknown version=""
  if [ -r /etc/os-release ]; then
    id=$(. /etc/os-release && echo "${ID:-unknown}")
    version=$(. /etc/os-release && echo "${VERSION_ID:-}")
  fi
  case $id-$version in
    debian-12 | debian-13) say "$id $version: tried" ;;
    ubuntu-24.04) say "$id $version: should work like Debian 13, but is untried" ;;
    *) say "$id $version: untried; it needs what Debian 12 calls ${needed[*]}" ;;
  esac
}

install_packages() {
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    say "no apt here: the compiler and the libraries have to be there already"
    return
  fi
  local must want
  mapfile -t must < <(missing_of "${needed[@]}")
  mapfile -t want < <(missing_of "${useful[@]}")
  local all=("${must[@]}" "${want[@]}")
  if [ ${#all[@]} = 0 ]; then
    say "system packages: all there"
    return
  fi
  local line="apt-get install --no-install-recommends ${all[*]}"
  if [ $check = 1 ]; then
    [ ${#want[@]} = 0 ] || say "system packages that can be done without: ${want[*]}"
    [ ${#must[@]} = 0 ] || { say "system packages missing: ${must[*]}"; incomplete=1; }
    return
  fi
  local root=()
  if [ "$(id -u)" != 0 ]; then
    if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
      root=(sudo)
    elif [ ${#must[@]} = 0 ]; then
      say "going on without ${want[*]}: not root, and the build does not need them"
      return
    else
      fail "packages are missing and installing them needs root. Run this as root, then start again:
  apt-get update && $line"
    fi
  fi
  say "system packages: installing ${#all[@]} with apt-get (about 1 minute; 260 MB to download, 900 MB on disk on a bare system): ${all[*]}"
  local log; log=$(mktemp)
  if ! "${root[@]}" env DEBIAN_FRONTEND=noninteractive sh -c \
    "apt-get update -q && apt-get install -y -q --no-install-recommends ${all[*]}" >"$log" 2>&1 </dev/null; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    fail "apt-get failed (its last lines are above). To see all of it: apt-get update && $line"
  fi
  rm -f "$log"
}

# Prints the folder and the version of the torch package that python3 would import, without importing it.
torch_of_python() {
  python3 - <<'PYTHON' 2>/dev/null
import importlib.util, os, re
folder = importlib.util.find_spec("torch").submodule_search_locations[0]
version = re.search(r"__version__ = '([^']+)'", open(os.path.join(folder, "version.py")).read()).group(1)
major, minor = (int(part) for part in version.split(".")[:2])
if (major, minor) >= (2, 9) and os.path.exists(os.path.join(folder, "lib", "libtorch_cpu.so")):
    print(folder, version)
PYTHON
}

free_megabytes() { df -Pm "$1" | awk 'NR == 2 { print $4 }'; }

install_torch() {
  if [ -n "${PAGEWRIGHT_TORCH_DIR:-}" ]; then
    [ -e "$PAGEWRIGHT_TORCH_DIR/lib/libtorch_cpu.so" ] ||
      fail "PAGEWRIGHT_TORCH_DIR=$PAGEWRIGHT_TORCH_DIR has no lib/libtorch_cpu.so: it must be the folder of the torch Python package"
    say "libtorch: $PAGEWRIGHT_TORCH_DIR (PAGEWRIGHT_TORCH_DIR)"
    return
  fi
  local wheels there found
  wheels=$(choose_wheels)
  there=$(cat "$venv/.wheels" 2>/dev/null || true)
  # What was downloaded with CUDA also serves without.
  if [ -n "$there" ] && { [ "$there" = "$wheels" ] || { [ $with_cuda = 0 ] && [[ "$there" == "$torch"* ]]; }; }; then
    say "libtorch: $venv, downloaded earlier"
    return
  fi
  if found=$(torch_of_python) && [ -n "$found" ] &&
    { [ "$cuda" != on ] || [ -e "${found% *}/lib/libtorch_cuda.so" ]; }; then
    say "libtorch: the torch of python3, ${found#* } in ${found% *}"
    return
  fi
  local down=545 disk=1200 alone=(--no-deps)
  case $wheels in
    *cusparselt*) down=770 disk=1600 ;;
    "$torch") down=2600 disk=6500 alone=() ;;
  esac
  if [ $check = 1 ]; then
    say "libtorch missing: $wheels would go to $venv ($down MB to download)"
    incomplete=1
    return
  fi
  mkdir -p build
  [ "$(free_megabytes build)" -gt $((down + disk)) ] ||
    fail "$PWD/build has $(free_megabytes build) MB free; libtorch needs $((down + disk))"
  say "libtorch: downloading $wheels into $venv (1 to 2 minutes, $down MB to download, $disk MB on disk)"
  if [ -z "$there" ]; then
    rm -rf "$venv"
    python3 -m venv "$venv" || fail "python3 cannot make a virtual environment; install python3-venv"
  fi
  # shellcheck disable=SC2086  # one word a wheel
  "$venv/bin/python" -m pip install --quiet --no-input --disable-pip-version-check ${alone[@]:+"${alone[@]}"} $wheels </dev/null ||
    fail "pip could not install $wheels. Behind a proxy set https_proxy; without a network give PAGEWRIGHT_TORCH_DIR"
  echo "$wheels" >"$venv/.wheels"
}

incomplete=0
SECONDS=0
say_system
install_packages
choose_cuda
install_torch
[ $incomplete = 0 ] || exit 1
say "done in $SECONDS s"
