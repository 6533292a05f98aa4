#!/usr/bin/env bash
# Runs the benchmarks and prints the commands it uses; docs/performance.md quotes the figures.
#   tests/bench/run.sh [--bin FOLDER] [--out FOLDER] [--seconds S] [--starts N]
# --bin      where pagewright and train_bench are (default build, the benchmarks in build/tests:
#            cmake -B build && cmake --build build --target pagewright train_bench ranks_bench checkpoint_bench)
# --out      tables, JSON and the prepared run go here (default build/bench)
# --seconds  for each case of train_bench (default 6)
# --starts   how often the start is measured (default 5)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

bin=build out=build/bench seconds=6 starts=5
while [ $# -gt 0 ]; do
  case $1 in
    --bin) bin=${2:?--bin needs a folder}; shift ;;
    --out) out=${2:?--out needs a folder}; shift ;;
    --seconds) seconds=${2:?--seconds needs a number}; shift ;;
    --starts) starts=${2:?--starts needs a number}; shift ;;
    -h | --help) sed -n '2,8p' "$0" | cut -c3-; exit 0 ;;
    *) echo "run.sh: unknown option $1 (see --help)" >&2; exit 2 ;;
  esac
  shift
done
mkdir -p "$out"
train_bench=$bin/tests/train_bench
[ -x "$train_bench" ] || train_bench=$bin/train_bench

say() { echo "+ $*" >&2; "$@"; }

echo "$(date -u +%F), $(lscpu | sed -n 's/^Model name: *//p'), $(nproc) cores, load $(cut -d' ' -f1 /proc/loadavg)"
say "$train_bench" configs/quickstart.yaml tests/bench/million.yaml --seconds "$seconds" --json "$out/train_bench.json"

# Process start to the end of the first optimizer step: 16 pages, one step. The time ends when the first line of
# metrics.jsonl is there, so it also holds the making of that line.
run=$out/start
settings=(--set "run=$run" --set "log=$run/log" --set warmup.epochs=1 --set rewards.page.fit.epochs=1
  --set rewards.item.fit.epochs=1 --set ppo.iterations=1 --set ppo.requests=16 --set ppo.samples=1
  --set ppo.epochs=1 --set ppo.mini_batches=1)
if [ ! -d "$run/rewards" ]; then
  rm -rf "$run"
  for verb in simulate sft fit-reward; do
    say "$bin/pagewright" "$verb" configs/quickstart.yaml "${settings[@]}" > "$out/prepare-$verb.txt"
  done
fi
rm -rf "$run/rewards/judge" # measured after the step, so no part of the time to it

start_once() {
  local metrics=$run/train/both/metrics.jsonl begin end child
  rm -rf "$run/train"
  begin=${EPOCHREALTIME/./}
  "$bin/pagewright" train --policy both configs/quickstart.yaml "${settings[@]}" > "$out/start.txt" 2>&1 &
  child=$!
  until [ -s "$metrics" ]; do
    kill -0 "$child" 2> /dev/null || { cat "$out/start.txt" >&2; return 1; }
    sleep 0.005
  done
  end=${EPOCHREALTIME/./}
  wait "$child"
  echo "$(((end - begin) / 1000)) $(((${EPOCHREALTIME/./} - begin) / 1000))"
}

echo "+ $bin/pagewright train --policy both configs/quickstart.yaml ${settings[*]}   # $starts times"
for ((i = 0; i < starts; ++i)); do start_once; done > "$out/start_ms.txt"
summary() { # column of start_ms.txt, name
  cut -d' ' -f"$1" "$out/start_ms.txt" | sort -n |
    awk -v name="$2" '{ ms[NR] = $1 } END { printf "%-30s median %d ms  best %d ms\n", name, ms[int((NR + 1) / 2)], ms[1] }'
}
list() { cut -d' ' -f"$1" "$out/start_ms.txt" | paste -sd, ; }
summary 1 "start to first optimizer step"
summary 2 "whole process of that run"
printf '{"first_step_ms": [%s], "process_ms": [%s]}\n' "$(list 1)" "$(list 2)" > "$out/start.json"
# Memory, bytes and time of a step by stage of sharding, on several processes of one thread.
export OMPI_MCA_mpi_yield_when_idle=1 OMP_NUM_THREADS=1 OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
ranks_bench=$bin/tests/ranks_bench
[ -x "$ranks_bench" ] || ranks_bench=$bin/ranks_bench
for ranks in 1 2 4; do
  say mpirun -n $ranks --oversubscribe --bind-to none "$ranks_bench" tests/bench/million.yaml --json "$out/ranks_bench_$ranks.json"
done
# Saving and loading the training state, of one million parameters and of thirty.
checkpoint_bench=$bin/tests/checkpoint_bench
[ -x "$checkpoint_bench" ] || checkpoint_bench=$bin/checkpoint_bench
thirty=(--set model.dim=512 --set model.layers=10 --set model.heads=8 --set model.kv_heads=4 --set model.ffn_dim=1408)
for ranks in 1 2 4; do
  for model in one thirty; do
    changes=()
    [ $model = one ] || changes=("${thirty[@]}")
    say mpirun -n $ranks --oversubscribe --bind-to none "$checkpoint_bench" tests/bench/million.yaml \
      ${changes[@]:+"${changes[@]}"} --folder "$out/checkpoints" --json "$out/checkpoint_bench_${model}_$ranks.json"
  done
done
echo "figures are in $out/*.json"
