#!/usr/bin/env bash
# The quickstart's training for several seeds, and its negative controls; then one table over the seeds.
#   launch/seeds.sh [--seeds "1 2 3 4 5"] [--control none|permuted|moved] [--out FOLDER] [--help]
# --seeds    each changes the shop, its log, and the initialisation (default 1 to 5)
# --control  what happened on each page is dealt anew over its slots (permuted) or given to another page (moved)
# --out      where the runs go (default runs/seeds, runs/seeds-permuted, ...); runs that are complete are kept
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

seeds="1 2 3 4 5" control=none out=
while [ $# -gt 0 ]; do
  case $1 in
    --seeds) seeds=${2:?--seeds needs a list}; shift ;;
    --control) control=${2:?--control needs a name}; shift ;;
    --out) out=${2:?--out needs a folder}; shift ;;
    -h | --help) sed -n '2,6p' "$0" | cut -c3-; exit 0 ;;
    *) echo "seeds.sh: unknown option $1 (see --help)" >&2; exit 2 ;;
  esac
  shift
done
[ -n "$out" ] || { out=runs/seeds; [ "$control" = none ] || out=runs/seeds-$control; }

source launch/earlier_run.sh
launch/build.sh pagewright
mkdir -p "$out"
SECONDS=0
for seed in $seeds; do
  run=$out/$seed
  [ -f "$run/evaluation.json" ] && continue
  remove_earlier_run "$run"
  mkdir -p "$run"
  pagewright() { build/pagewright "$@" --set "run=$run" --set "log=$run/log" --set "seed=$seed" >>"$run/output.txt" 2>&1; }
  {
    pagewright simulate configs/quickstart.yaml --control "$control" &&
      pagewright sft configs/quickstart.yaml --imitation && pagewright sft configs/quickstart.yaml &&
      pagewright fit-reward configs/quickstart.yaml && pagewright train configs/quickstart.yaml &&
      pagewright evaluate configs/quickstart.yaml
  } || { echo "seeds.sh: seed $seed failed; see $run/output.txt" >&2; tail -5 "$run/output.txt" >&2; exit 1; }
  echo "seed $seed: done after $SECONDS s"
done
python3 launch/seeds_table.py $(for seed in $seeds; do echo "$out/$seed"; done)
