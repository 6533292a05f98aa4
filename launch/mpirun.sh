#!/usr/bin/env bash
# Runs a verb of pagewright as several processes on this machine, or on those of a host file.
#   launch/mpirun.sh RANKS VERB CONFIG.yaml [ARGUMENTS...]
# Example: launch/mpirun.sh 4 train configs/quickstart.yaml --policy both
# Environment:
#   PAGEWRIGHT         the binary (default build/pagewright); the same build on all machines
#   PAGEWRIGHT_HOSTS   host file for mpirun, one "NAME slots=N" a line
#   PAGEWRIGHT_NET     network interface between the machines, such as eth0 or ib0: where a machine has several, Open MPI may
#                      choose one that leads nowhere (a container's bridge), and the job hangs at its start
#   PAGEWRIGHT_BIND    what a rank is bound to: none (default), core, numa or socket. With one rank a socket or a NUMA node,
#                      numa keeps its threads and its memory together
#   PAGEWRIGHT_MAP     how ranks are dealt to machines, such as node, ppr:2:node, or seq (rank i on line i of the host file)
#   PAGEWRIGHT_MPI     further arguments for mpirun
# On a cluster load the MPI module that Pagewright was built with before this script: another mpirun starts processes that do
# not find each other.
# TERM (what a cluster sends before it takes a machine away) asks for a checkpoint: the job ends with code 75 at the next
# border of an iteration and goes on with `train --resume`; other verbs end at once. Ctrl-C ends it at once. A job that ends
# badly is followed by its postmortem. Every rank keeps a log of its own, RUN/logs/rank-N.log.
set -uo pipefail
case ${1:-} in -h | --help | "") sed -n '2,18p' "$0" | cut -c3-; exit 0 ;; esac
if [ $# -lt 3 ]; then
  echo "mpirun.sh: it takes RANKS VERB CONFIG.yaml (see --help)" >&2
  exit 2
fi
ranks=$1
shift
binary=${PAGEWRIGHT:-$(dirname "${BASH_SOURCE[0]}")/../build/pagewright}
[ -x "$binary" ] || { echo "mpirun.sh: $binary is not there; build it with launch/build.sh, or set PAGEWRIGHT" >&2; exit 1; }
command -v mpirun >/dev/null || {
  echo "mpirun.sh: mpirun is not there; launch/setup.sh installs Open MPI, on a cluster load its module" >&2
  exit 1
}
missing=$(ldd "$binary" 2>/dev/null | sed -n 's/^[[:space:]]*\(lib[^ ]*mpi[^ ]*\) => not found.*/\1/p' | head -1)
[ -z "$missing" ] || {
  echo "mpirun.sh: $binary needs $missing, which is not found; load the MPI module that it was built with" >&2
  exit 1
}

# Each process uses threads of its own, so it is bound to no core unless the user says so. More ranks than cores are
# allowed: they yield while they wait.
arguments=(-n "$ranks" --bind-to "${PAGEWRIGHT_BIND:-none}" --oversubscribe)
export OMPI_MCA_mpi_yield_when_idle=1 OMP_NUM_THREADS=1
[ -z "${PAGEWRIGHT_HOSTS:-}" ] || arguments+=(--hostfile "$PAGEWRIGHT_HOSTS")
[ -z "${PAGEWRIGHT_MAP:-}" ] || arguments+=(--map-by "$PAGEWRIGHT_MAP")
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
