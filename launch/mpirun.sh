#!/usr/bin/env bash
# Runs a verb of pagewright as several processes on this machine, or on those of a host file.
#   launch/mpirun.sh RANKS VERB CONFIG.yaml [ARGUMENTS...]
# Example: launch/mpirun.sh 4 train configs/quickstart.yaml --policy both
# Environment:
#   PAGEWRIGHT         the binary (default build/pagewright); the same build on all machines
#   PAGEWRIGHT_HOSTS   host file for mpirun, one "NAME slots=N" a line
#   PAGEWRIGHT_NET     network interface between the machines, such as eth0 or ib0
#   PAGEWRIGHT_MPI     further arguments for mpirun
# TERM (what a cluster sends before it takes a machine away) asks for a checkpoint: the job ends with code 75 at the next
# border of an iteration and goes on with `train --resume`; other verbs end at once. A job that ends badly is followed by its postmortem.
set -uo pipefail
case ${1:-} in -h | --help | "") sed -n '2,11p' "$0" | cut -c3-; exit 0 ;; esac
if [ $# -lt 3 ]; then
  echo "mpirun.sh: it takes RANKS VERB CONFIG.yaml (see --help)" >&2
  exit 2
fi
ranks=$1
shift
binary=${PAGEWRIGHT:-$(dirname "${BASH_SOURCE[0]}")/../build/pagewright}
[ -x "$binary" ] || { echo "mpirun.sh: $binary is not there; build it with launch/build.sh, or set PAGEWRIGHT" >&2; exit 1; }
command -v mpirun >/dev/null || { echo "mpirun.sh: mpirun is not installed; launch/setup.sh installs Open MPI" >&2; exit 1; }

# Each process uses threads of its own, so it is bound to no core unless the user says so. More ranks than cores are
# allowed: they yield while they wait.
arguments=(-n "$ranks" --bind-to none --oversubscribe)
export OMPI_MCA_mpi_yield_when_idle=1 OMP_NUM_THREADS=1
[ -z "${PAGEWRIGHT_HOSTS:-}" ] || arguments+=(--hostfile "$PAGEWRIGHT_HOSTS")
[ -z "${PAGEWRIGHT_NET:-}" ] || arguments+=(--mca btl_tcp_if_include "$PAGEWRIGHT_NET")
if [ "$(id -u)" = 0 ]; then export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1; fi

# shellcheck disable=SC2086  # several arguments in one variable
mpirun "${arguments[@]}" ${PAGEWRIGHT_MPI:-} "$binary" "$@" &
job=$!
if [ "$1" = train ]; then trap 'kill -USR1 $job' TERM USR1; else trap 'kill -TERM $job' TERM; fi
trap 'kill -INT $job' INT
wait $job
code=$?
# A trap ends `wait` early.
while kill -0 $job 2>/dev/null; do wait $job; code=$?; done
if [ $code != 0 ] && [ $code != 75 ]; then
  run=$(sed -n 's/^run: *//p' "$2" 2>/dev/null | head -1)
  previous=
  for argument in "$@"; do
    case $argument in run=*) [ "$previous" != --set ] || run=${argument#run=} ;; esac
    previous=$argument
  done
  if [ -n "$run" ] && compgen -G "$run/logs/rank-*.flight" >/dev/null; then "$binary" postmortem "$run" >&2; fi
fi
exit $code
