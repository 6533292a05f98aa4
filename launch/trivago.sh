#!/usr/bin/env bash
# Real hotel result pages (RecSys Challenge 2019): imports them, trains every policy, evaluates, reports.
#   launch/trivago.sh DATA_FOLDER [--candidates logged|shuffled|unranked] [--run FOLDER] [--help]
# DATA_FOLDER   holds train.jsonl.xz and valid.jsonl.xz (or .jsonl); a tenth of the train users steer the training,
#               the valid file is the test
# --candidates  what the policy sees of the order that was shown: logged, all of it (default); shuffled, the rank
#               as a field of a candidate; unranked, nothing
# --run         where the results go (default runs/trivago, runs/trivago-shuffled, ...; replaced if it is an earlier run)
set -euo pipefail
called_from=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.."

data= candidates=logged run=
while [ $# -gt 0 ]; do
  case $1 in
    --candidates) candidates=${2:?--candidates needs a name}; shift ;;
    --run) run=$(cd "$called_from" && realpath -m "${2:?--run needs a folder}"); shift ;;
    -h | --help) sed -n '2,8p' "$0" | cut -c3-; exit 0 ;;
    -*) echo "trivago.sh: unknown option $1 (see --help)" >&2; exit 2 ;;
    *) data=$(cd "$called_from" && realpath -m "$1") ;;
  esac
  shift
done
[ -n "$data" ] || { echo "trivago.sh: name the folder of the data (see --help)" >&2; exit 2; }

fields='"{price|bucket:24:log:1000:100000}", "{price_rank|bucket:12}", "{history_count|bucket:6:0:6}", "{last_touched|bucket:8:0:8}"'
sets=()
case $candidates in
  logged) ;;
  shuffled) sets=(--set candidate_order=shuffled --set "prompt.candidate.fused=[$fields, \"{rank|bucket:25:0:25}\"]") ;;
  unranked) sets=(--set candidate_order=shuffled) ;;
  *) echo "trivago.sh: --candidates is logged, shuffled or unranked, not $candidates" >&2; exit 2 ;;
esac
if [ -z "$run" ]; then run=runs/trivago; [ "$candidates" = logged ] || run=runs/trivago-$candidates; fi

file() {
  local found
  for found in "$data/$1.jsonl.xz" "$data/$1.jsonl"; do [ -f "$found" ] && { echo "$found"; return; }; done
  echo "trivago.sh: $data has no $1.jsonl.xz" >&2
  exit 1
}
train=$(file train)
valid=$(file valid)

launch/build.sh pagewright
source launch/earlier_run.sh
remove_earlier_run "$run"
mkdir -p "$run"

SECONDS=0
build/pagewright import "$train" --format trivago --out "$run/log" --split-shares 0.1 0
build/pagewright import "$valid" --format trivago --out "$run/log" --split test --append
for verb in "sft --imitation" sft fit-reward train evaluate report; do
  echo "== pagewright $verb"
  # shellcheck disable=SC2086
  build/pagewright $verb configs/trivago.yaml --set "run=$run" --set "log=$run/log" "${sets[@]}"
done
echo "trivago: done in $((SECONDS / 60)) min $((SECONDS % 60)) s; open $(realpath "$run")/report.html"
