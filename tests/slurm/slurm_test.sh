#!/usr/bin/env bash
# A real Slurm on this machine: two nodes, four ranks. A colocated job is asked to leave as at its time limit, one with nodes
# for each role is pre-empted by an urgent one; each is put back into the queue, goes on, and must end as one process does.
#   tests/slurm/slurm_test.sh [--install] BINARY
# --install   installs Slurm's daemons with apt first
# Exit code 77 where Slurm cannot run (not root, or not installed). Everything it starts it ends.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
if [ "${1:-}" = --install ]; then
  apt-get install -y --no-install-recommends slurmctld slurmd slurm-client munge >/dev/null
  shift
fi
binary=$(realpath "${1:?slurm_test.sh takes the pagewright binary}")
for program in munged slurmctld slurmd sbatch mpirun; do
  command -v $program >/dev/null || { echo "slurm_test.sh: $program is not installed; see --install" >&2; exit 77; }
done
[ "$(id -u)" = 0 ] || { echo "slurm_test.sh: Slurm's daemons need root" >&2; exit 77; }

work=$(mktemp -d)
stop() {
  for name in slurmd-n1 slurmd-n2 slurmctld munged; do
    [ ! -f "$work/$name.pid" ] || kill "$(cat "$work/$name.pid")" 2>/dev/null || true
  done
  sleep 1
  rm -rf "$work"
}
trap stop EXIT
say() { echo "slurm_test: $*"; }

mkdir "$work/state"
dd if=/dev/urandom of="$work/munge.key" bs=1024 count=1 status=none
chmod 700 "$work"
chmod 600 "$work/munge.key"
munged --force --key-file="$work/munge.key" --socket="$work/munge.socket" --pid-file="$work/munged.pid" \
  --log-file="$work/munged.log" --seed-file="$work/munged.seed"
host=$(hostname -s)
cat >"$work/slurm.conf" <<CONF
ClusterName=pagewright
SlurmctldHost=$host(127.0.0.1)
AuthType=auth/munge
AuthInfo=socket=$work/munge.socket
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool-%n
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd-%n.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd-%n.log
SlurmctldPort=16817
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
ReturnToService=2
KillWait=5
SlurmdParameters=config_overrides
NodeName=n1 NodeHostname=$host NodeAddr=127.0.0.1 Port=17001 CPUs=4 State=UNKNOWN
NodeName=n2 NodeHostname=$host NodeAddr=127.0.0.1 Port=17002 CPUs=4 State=UNKNOWN
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SlurmctldParameters=preempt_send_user_signal
PartitionName=all Nodes=n1,n2 Default=YES State=UP MaxTime=60 PriorityTier=1 GraceTime=60
PartitionName=urgent Nodes=n1,n2 State=UP MaxTime=60 PriorityTier=10 PreemptMode=OFF
CONF
export SLURM_CONF=$work/slurm.conf
slurmctld
for node in n1 n2; do slurmd -N $node; done
for _ in $(seq 40); do
  [ "$(sinfo -h -o %D -t idle 2>/dev/null)" != 2 ] || break
  sleep 0.5
done
sinfo
[ "$(sinfo -h -o %D -t idle)" = 2 ] || { tail -5 "$work"/*.log >&2; say "the nodes did not come up"; exit 1; }

# A small shop, and the run of one process that the job must equal.
settings=(--set "log=$work/log" --set simulator.pages=240 --set simulator.test_requests=40
  --set simulator.catalogue.train_items=200 --set simulator.catalogue.test_items=100 --set warmup.epochs=1
  --set rewards.gains.propensities=power --set rewards.page.fit.epochs=1 --set rewards.item.fit.epochs=1
  --set ppo.iterations=300 --set ppo.checkpoint_every=1000)
for verb in simulate sft fit-reward; do
  "$binary" $verb configs/quickstart.yaml --set "run=$work/run" "${settings[@]}" >/dev/null 2>&1
done
cp -r "$work/run" "$work/one"
"$binary" train configs/quickstart.yaml --policy both --set "run=$work/one" "${settings[@]}" 2>/dev/null | tail -2 >"$work/expected"

# The two nodes are one machine: ranks of different nodes would take each other for neighbours in shared memory.
export PAGEWRIGHT=$binary OMPI_MCA_btl=self,tcp OMPI_MCA_btl_tcp_if_include=lo

as_at_the_time_limit() { scancel --batch --signal=USR1 "$1"; }
by_an_urgent_job() { sbatch --partition=urgent --nodes=2 --exclusive --time=1 --output="$work/urgent.out" --wrap "echo urgent"; }

leaves_and_goes_on() { # NAME SCRIPT HOW_IT_IS_ASKED
  local name=$1 script=$2 ask=$3 job run=$work/$1 out=$work/$1.out metrics=$work/$1/train/both/metrics.jsonl
  cp -r "$work/run" "$run"
  job=$(sbatch --parsable --cpus-per-task=1 --time=10 --output="$out" "$script" --policy both --set "run=$run" "${settings[@]}")
  say "$name: job $job is submitted"
  for _ in $(seq 300); do [ -s "$metrics" ] && break; sleep 0.2; done
  [ -s "$metrics" ] || { cat "$out" >&2; say "the job did not begin"; exit 1; }
  $ask "$job"
  for _ in $(seq 100); do grep -q "stopped as it was asked to" "$out" && break; sleep 0.2; done
  grep -q "stopped as it was asked to" "$out" || { cat "$out" >&2; say "the job did not stop"; exit 1; }
  say "$name: asked to leave, stopped after $(wc -l <"$metrics") iterations"
  # A requeued job is held back for a while by Slurm.
  for _ in $(seq 600); do
    scontrol release "$job" >/dev/null 2>&1 || true
    scontrol update JobId="$job" StartTime=now >/dev/null 2>&1 || true
    grep -q "^state sha256" "$out" && break
    sleep 0.5
  done
  grep -E "^(state|parameters) sha256" "$out" | tail -2 >"$work/got"
  if ! diff "$work/expected" "$work/got" || ! grep -q "resumed after" "$out"; then
    cat "$out" >&2
    say "$name: the requeued job did not go on and end as one process does"
    exit 1
  fi
  say "$name: the requeued job went on and ended as one process does:"
  cat "$work/got"
}

leaves_and_goes_on colocated launch/slurm.sbatch as_at_the_time_limit

# The two learners have the one node, the others the other: mpirun's own map says so.
LEARNER_NODES=n1 PAGEWRIGHT_MPI=--display-map leaves_and_goes_on roles launch/slurm-roles.sbatch by_an_urgent_job
grep -q urgent "$work/urgent.out"
map=$(sed -n 's/.*Data for node: \(n[12]\).*/\1:/p; s/.*Process rank: \([0-3]\).*/\1/p' "$work/roles.out" | head -6 | tr '\n' ' ')
[ "$map" = "n1: 0 1 n2: 2 3 " ] || { cat "$work/roles.out" >&2; say "ranks are placed as $map"; exit 1; }

if LEARNER_NODES=gpu\* sbatch --wait --cpus-per-task=1 --time=1 --output="$work/none.out" launch/slurm-roles.sbatch; then
  say "a job without a node that learns was not refused"
  exit 1
fi
grep -q "of the nodes n\[1-2\] 0 are called gpu\* and 2 are not" "$work/none.out"
say "a job without a node that learns is refused"
