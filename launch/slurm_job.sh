# What launch/slurm.sbatch and launch/slurm-roles.sbatch share. They source it from the folder of Pagewright.
# shellcheck shell=bash

# train_under_slurm RANKS EXPERIMENT [ARGUMENTS...]: trains, going on from the newest checkpoint, and ends with the code of the
# job. Slurm asks before it takes the nodes away: USR1 (#SBATCH --signal) at the time limit and, where the site has set a grace
# time and SlurmctldParameters=preempt_send_user_signal, for pre-emption; otherwise TERM. Both become the USR1 that mpirun.sh
# passes on; the ranks write a checkpoint at the next border of an iteration and end with code 75, and the job is put back
# into the queue. Where Slurm ends the ranks without asking, the requeued job goes on from the newest checkpoint.
train_under_slurm() {
  local ranks=$1 experiment=$2 job code
  shift 2
  launch/mpirun.sh "$ranks" train "$experiment" --resume --set threads="${SLURM_CPUS_PER_TASK:-1}" "$@" &
  job=$!
  # shellcheck disable=SC2064  # this job's number
  trap "kill -USR1 $job" USR1 TERM
  wait $job
  code=$?
  # A trap ends `wait` early.
  while kill -0 $job 2>/dev/null; do wait $job; code=$?; done
  [ $code != 75 ] || scontrol requeue "$SLURM_JOB_ID"
  exit $code
}
