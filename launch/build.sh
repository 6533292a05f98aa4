#!/usr/bin/env bash
# Sets up and builds into build/ (CMake preset release).
#   launch/build.sh [--warnings-as-errors] [--cuda auto|on|off] [TARGET...]
# --cuda     whether to build for GPUs too; auto, the default: where nvcc, NCCL and a torch for them are there
# Targets default to everything. Compiling from nothing takes about 5 minutes on 2 cores.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

werror=OFF
cuda=auto
targets=()
while [ $# -gt 0 ]; do
  case $1 in
    --warnings-as-errors) werror=ON ;;
    --cuda) cuda=${2:?--cuda takes auto, on or off}; shift ;;
    -h | --help) sed -n '2,5p' "$0" | cut -c3-; exit 0 ;;
    -*) echo "build.sh: unknown option $1 (see --help)" >&2; exit 2 ;;
    *) targets+=("$1") ;;
  esac
  shift
done

launch/setup.sh --cuda "$cuda"

# A compiler process that reads libtorch's headers takes up to 2 GB.
jobs=$(nproc)
memory=$(($(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo) / 2000000))
if [ "$memory" -lt "$jobs" ]; then jobs=$((memory > 0 ? memory : 1)); fi

SECONDS=0
cmake --preset release -DPAGEWRIGHT_WARNINGS_AS_ERRORS=$werror -DPAGEWRIGHT_CUDA="$cuda"
configured=$SECONDS
cmake --build build --parallel "$jobs" ${targets[@]:+--target "${targets[@]}"}
echo "build: configured in $configured s, compiled in $((SECONDS - configured)) s with $jobs jobs"
