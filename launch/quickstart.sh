#!/usr/bin/env bash
# From a clone to a report: sets up, builds, and teaches a policy to build better pages from simulated clicks.
#   launch/quickstart.sh [--run FOLDER] [--help]
# --run    where the results go (default runs/quickstart; must not exist yet, or hold an earlier quickstart)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

run=runs/quickstart
while [ $# -gt 0 ]; do
  case $1 in
    --run) run=${2:?--run needs a folder}; shift ;;
    -h | --help) sed -n '2,4p' "$0" | cut -c3-; exit 0 ;;
    *) echo "quickstart.sh: unknown option $1 (see --help)" >&2; exit 2 ;;
  esac
  shift
done

source launch/earlier_run.sh
remove_earlier_run "$run"

# The sequence of verbs, in one place.
teach() {
  local verb
  for verb in simulate "sft --imitation" sft fit-clicks fit-reward train evaluate report; do
    echo "== pagewright $verb"
    # shellcheck disable=SC2086
    build/pagewright $verb configs/quickstart.yaml --set "run=$run" --set "log=$run/log"
  done
}

launch/build.sh pagewright
SECONDS=0
teach
echo "quickstart: done in $((SECONDS / 60)) min $((SECONDS % 60)) s; open $PWD/$run/report.html"
