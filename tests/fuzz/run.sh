#!/usr/bin/env bash
# run.sh NAME [SECONDS]: builds the harness NAME with clang into build/fuzz and fuzzes for a while (default 600 s) on one
# core, from its corpus and what earlier runs found (build/fuzz/found/NAME). Fails when an input crashes, hangs or fails
# a check, which is then in build/fuzz/found/NAME-*; without clang it is skipped (exit code 77).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
name=${1:?name a harness of tests/fuzz, such as tokenizer_fuzz} seconds=${2:-600}
if ! command -v clang++ >/dev/null; then
  echo "run.sh: clang++ is not installed (Debian: clang)" >&2
  exit 77
fi
folder=build/fuzz
cmake -S . -B $folder -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ \
  -DPAGEWRIGHT_FUZZ=ON -DPAGEWRIGHT_CUDA=off -DPAGEWRIGHT_PCH=OFF >$folder.log || { cat $folder.log >&2; exit 1; }
cmake --build $folder --parallel 1 --target "$name"
found=$folder/found/$name
mkdir -p "$found"
dictionary=()
[ -e "tests/fuzz/$name.dict" ] && dictionary=("-dict=tests/fuzz/$name.dict")
$folder/tests/fuzz/"$name" "$found" "tests/fuzz/corpus/$name" ${dictionary[@]:+"${dictionary[@]}"} \
  -max_total_time="$seconds" -timeout=30 -rss_limit_mb=3000 -max_len=16384 -artifact_prefix="$found-" -print_final_stats=1
