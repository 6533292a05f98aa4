"""Many processes: the same hashes as one, colocated and split, checkpoints that go on on any number of ranks, and what
happens when a start is wrong or a rank dies."""

import argparse
import contextlib
import json
import os
import pathlib
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from tiny_run import SOURCE, TinyRun, assert_refused, hashes_of  # noqa: E402

SPLIT = {"distributed.placement": "split", "distributed.learner": 2, "distributed.rollout": 3, "distributed.reward": 1}

# Ranks share cores and the machine: they yield while they wait, and do not look for a network.
ENVIRONMENT = {
    **os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMPI_MCA_mpi_yield_when_idle": "1",
    "OMPI_MCA_btl": "^tcp", "OMP_NUM_THREADS": "1",
}
END_AFTER_FAILURE = 5  # seconds


def mpirun(ranks, command):
    return ["mpirun", "-n", str(ranks), "--oversubscribe", *map(str, command)]


def call(run, ranks, verb, *arguments, **settings):
    return subprocess.run(
        mpirun(ranks, run.command(verb, *arguments, threads=1, **settings)), env=ENVIRONMENT, capture_output=True, text=True,
        timeout=120,
    )


def good(run, ranks, verb, *arguments, **settings):
    done = call(run, ranks, verb, *arguments, **settings)
    assert done.returncode == 0, f"{verb} on {ranks} ranks ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def with_settings(run, name, settings, whole=False):
    """A fresh run on the same log, or a copy of the prepared one, with other settings."""
    other = TinyRun(run.binary, run.work, name, settings={**run.settings, **settings})
    other.log = run.log
    shutil.rmtree(other.folder, ignore_errors=True)
    if not whole:
        shutil.copytree(run.folder, other.folder, ignore=shutil.ignore_patterns("train", "both"))
    return other


LAYOUTS = [
    ("four", 4, {}),
    ("two", 2, {"distributed.zero": 3, "distributed.verify_collectives": "true"}),
    ("split", 6, SPLIT),
]
MORE_LAYOUTS = [
    ("replicated", 4, {"distributed.zero": 0}),
    ("eight", 8, {"distributed.zero": 3}),
    ("sharded", 4, {"distributed.zero": 2, "distributed.checkpoint_activations": "true"}),
    ("split-alone", 3, {**SPLIT, "distributed.learner": 1, "distributed.rollout": 1}),
    ("split-sharded", 7, {**SPLIT, "distributed.learner": 4, "distributed.rollout": 2, "distributed.zero": 3}),
    ("split-uneven", 8, {**SPLIT, "distributed.learner": 2, "distributed.rollout": 3, "distributed.reward": 3}),
]


def check_equal_hashes(run, warmup, hashes, layouts, whole):
    """PPO on several ranks, and in the layouts called `whole` the path to it: warm-up and reward models."""
    for name, ranks, settings in layouts:
        other = with_settings(run, name, settings, whole=name in whole)
        if name in whole:
            printed = good(other, ranks, "sft")
            assert printed.splitlines()[-1] == warmup, f"{name}: the warm-up differs:\n{printed}\n{warmup}"
            good(other, ranks, "fit-reward")
        printed = good(other, ranks, "train", "--policy", "both")
        assert hashes_of(printed) == hashes, f"{name}: {hashes_of(printed)} is not {hashes}"
        table = [line.split() for line in printed.splitlines()]
        assert [row[0] for row in table if row[2:3] == ["cpu,"]] == [str(rank) for rank in range(ranks)], printed
        logs = sorted(path.name for path in (other.folder / "logs").glob("*.log"))
        assert logs == [f"rank-{rank}.log" for rank in range(ranks)], logs
        if "distributed.placement" in settings:
            check_own_lanes(other, ranks)


def check_own_lanes(run, ranks):
    """Rollout and reward ranks did their own pages: all of them together, once."""
    settings = run.settings
    iterations = settings["ppo.iterations"] + 1  # the last one measures
    pages = settings["ppo.requests"] * 4 * iterations
    for role, word in (("rollout", "generated"), ("reward", "scored")):
        counts = [
            int(line.split(f"{word} ")[1].split(" ")[0])
            for rank in range(ranks)
            for line in (run.folder / "logs" / f"rank-{rank}.log").read_text().splitlines()
            if f"both: {word}" in line
        ]
        assert len(counts) == settings[f"distributed.{role}"], counts
        assert sum(counts) == pages, (role, counts, pages)


def check_other_rank_counts(run, hashes):
    """A run that began on four ranks goes on on two, on a split placement, and ends on one."""
    other = with_settings(run, "wandering", {"ppo.checkpoints_kept": 10})
    good(other, 4, "train", "--policy", "both")
    everything = other.checkpoints()
    assert len(everything) == other.settings["ppo.iterations"], everything
    check_best_kept(run, hashes, everything)
    shards = sorted(path.name for path in everything[0].glob("shard-*"))
    assert shards == [f"shard-{rank:04}.h5" for rank in range(4)], shards
    for ranks, kept, settings in ((2, 1, {"distributed.zero": 2}), (6, 2, SPLIT), (1, 3, {})):
        for folder in other.checkpoints()[kept:]:
            shutil.rmtree(folder)
        arguments = ["train", "--policy", "both", "--resume"]
        other.settings = {**run.settings, "ppo.checkpoints_kept": 10, **settings}
        printed = good(other, ranks, *arguments) if ranks > 1 else other.good(*arguments)
        assert hashes_of(printed) == hashes, f"{ranks} ranks after {kept} iterations: {hashes_of(printed)} is not {hashes}"

    # A shard that is altered or missing: that is said once, and the checkpoint before it is used.
    for damage in (lambda shard: shard.write_bytes(shard.read_bytes()[:-100]), pathlib.Path.unlink):
        victim = other.checkpoints()[-1]
        damage(sorted(victim.glob("shard-*"))[-1])
        done = call(other, 2, "train", "--policy", "both", "--resume")
        assert done.returncode == 0 and done.stderr.count("is damaged and left out") == 1, done.stderr
        assert str(victim) in done.stderr, done.stderr
        assert hashes_of(done.stdout) == hashes


def reward_of(checkpoint):
    reward = json.loads((checkpoint / "manifest.json").read_text())["reward"]
    assert reward["metric"] == "held_out_reward", reward
    return reward["value"]


def check_best_kept(run, hashes, everything):
    """Of the checkpoints that another run kept all, one that keeps only the newest keeps the best too; the same on two
    ranks, and when it is interrupted and knows what was from the disk alone."""
    newest, best = everything[-1], max(everything, key=reward_of)  # of equals the first
    assert best != newest, "the newest checkpoint is the best: nothing is tried"
    other = with_settings(run, "best", {"ppo.checkpoints_kept": 1})
    done = call(other, 2, "train", "--policy", "both")
    assert f"the best checkpoint so far is {best.name}, held_out_reward {reward_of(best):.4f}" in done.stderr, done.stderr
    for arguments in ([], ["--resume"]):
        if arguments:
            shutil.rmtree(other.checkpoints()[-1])
            done = call(other, 2, "train", "--policy", "both", *arguments)
        assert done.returncode == 0 and hashes_of(done.stdout) == hashes, done.stderr
        assert [folder.name for folder in other.checkpoints()] == [best.name, newest.name], other.checkpoints()
        assert reward_of(other.checkpoints()[0]) == reward_of(best)


def check_stale(run):
    """Generation runs ahead of learning by a fixed number of iterations: one process, colocated, split, and across them."""
    settings = {"ppo.max_staleness": 2, "ppo.iterations": 6, "ppo.checkpoints_kept": 10}
    one = with_settings(run, "stale-one", settings)
    (one.folder / "config.yaml").unlink()
    one.good("sft")
    hashes = one.train()
    other = with_settings(one, "stale-split", SPLIT)
    shutil.rmtree(other.folder / "train", ignore_errors=True)
    assert hashes_of(good(other, 6, "train", "--policy", "both")) == hashes
    check_own_lanes(other, 6)
    for ranks, kept, layout in ((4, 2, {"distributed.placement": "colocated"}), (1, 5, {})):
        for folder in other.checkpoints()[kept:]:
            shutil.rmtree(folder)
        other.settings = {**one.settings, **layout}
        arguments = ["train", "--policy", "both", "--resume"]
        printed = good(other, ranks, *arguments) if ranks > 1 else other.good(*arguments)
        assert hashes_of(printed) == hashes, f"stale, {ranks} ranks after {kept} iterations: {hashes_of(printed)} is not {hashes}"


def check_wrong_starts(run):
    bad = with_settings(run, "wrong", {})

    def refuse(ranks, says, *call_arguments, **settings):
        done = call(bad, ranks, *call_arguments, **settings)
        assert_refused(f"{call_arguments} on {ranks} ranks", done, says, bad.work)
        assert done.stderr.count("pagewright:") == 1, f"said more than once:\n{done.stderr}"

    refuse(3, ["power of two", "the nearest is 2 ranks"], "train")
    refuse(4, ["4 learner ranks cannot share 2 lanes"], "train", ppo__lanes=2)
    refuse(4, ["the roles need 6 ranks, but 4 were started", "nearest"], "train", **{
        key.replace(".", "__"): value for key, value in SPLIT.items()})
    refuse(4, ["no role can have more ranks than there are lanes (1)", "the nearest"], "train", ppo__lanes=1,
           distributed__placement="split", distributed__learner=1, distributed__rollout=2, distributed__reward=1)
    refuse(2, ["is the work of one process"], "evaluate")
    refuse(2, ["no policy 'nobody'"], "train", "--policy", "nobody")
    refuse(2, ["log"], "train", log=bad.work / "no-such-log")
    different = shlex.join(map(str, bad.command("train"))) + " --set seed=$OMPI_COMM_WORLD_RANK"
    done = subprocess.run(mpirun(2, ["sh", "-c", different]), env=ENVIRONMENT, capture_output=True, text=True, timeout=60)
    assert_refused("two configurations", done, ["rank 1 has another configuration than rank 0"], bad.work)
    assert done.stderr.count("pagewright:") == 1, done.stderr

    # A build that differs by a byte behind its end, which does not run differently.
    shutil.copy(run.binary, bad.work / "binary-0")
    shutil.copy(run.binary, bad.work / "binary-1")
    with (bad.work / "binary-1").open("ab") as binary:
        binary.write(b"x")
    arguments = shlex.join(map(str, bad.command("train")[1:]))
    different = f"exec {shlex.quote(str(bad.work))}/binary-$OMPI_COMM_WORLD_RANK {arguments}"
    done = subprocess.run(mpirun(2, ["sh", "-c", different]), env=ENVIRONMENT, capture_output=True, text=True, timeout=60)
    assert_refused("two programs", done, ["rank 1 has another program than rank 0"], bad.work)
    assert done.stderr.count("pagewright:") == 1, done.stderr


def check_without_mpi(run):
    """The start script on a machine without MPI: no mpirun, or a library that the program needs and does not find."""
    tools = run.work / "tools"
    tools.mkdir()
    for tool in ("bash", "dirname", "sed", "id", "head"):
        (tools / tool).symlink_to(shutil.which(tool))

    def refused(says):
        done = subprocess.run(
            [str(SOURCE / "launch" / "mpirun.sh"), "2", *map(str, run.command("train")[1:])], text=True, capture_output=True,
            env={"PATH": str(tools), "PAGEWRIGHT": str(run.binary)},
        )
        assert done.returncode == 1 and done.stderr.count("mpirun.sh:") == 1 and says in done.stderr, done

    refused("mpirun is not there")
    (tools / "mpirun").symlink_to(shutil.which("mpirun"))
    ldd = tools / "ldd"
    ldd.write_text("#!/bin/sh\necho '\tlibm.so.6 => /lib/libm.so.6 (0x1)'\necho '\tlibmpi.so.40 => not found'\n")
    ldd.chmod(0o755)
    refused("needs libmpi.so.40, which is not found")


def is_running(process):
    try:
        return pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(") ")[1][0] != "Z"
    except FileNotFoundError:
        return False


def started(run, ranks, settings, name):
    """A long training on several ranks, when its first checkpoint is there: mpirun's process and its children."""
    victim = with_settings(run, name, {"ppo.iterations": 400, **settings})
    (victim.folder / "config.yaml").unlink()
    good(victim, 1, "sft")
    process = subprocess.Popen(
        mpirun(ranks, victim.command("train", "--policy", "both", threads=1)), env=ENVIRONMENT, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True,
    )
    deadline = time.monotonic() + 60
    while not victim.checkpoints():
        assert process.poll() is None and time.monotonic() < deadline, process.communicate()
        time.sleep(0.05)
    children = [int(pid) for pid in
                pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]
    assert len(children) == ranks, children
    return victim, process, children


def ended(process, children, seconds):
    """What the job said; it and all its processes must be gone in time."""
    limit = time.monotonic() + seconds
    said = process.communicate(timeout=30)[1]
    while left := [child for child in children if is_running(child)]:
        assert time.monotonic() < limit, f"processes {left} are left"
        time.sleep(0.05)
    assert process.returncode != 0
    return said


def check_killed_and_stopped(run, kinds):
    """A rank that is killed, or stops, in any role takes the job with it and is named; a whole checkpoint is left."""
    for ranks, settings, rank, name in kinds:
        victim, process, children = started(run, ranks, settings, "killed")
        os.kill(children[rank], signal.SIGKILL)
        ended(process, children, END_AFTER_FAILURE)
        sentence = run.good_plain("postmortem", victim.folder).splitlines()[0]
        assert sentence.startswith(f"{name} ") and f"rank {rank} on " in sentence and "was killed in iteration" in sentence, sentence

        victim, process, children = started(run, ranks, {**settings, "distributed.deadline": 2}, "stopped")
        os.kill(children[rank], signal.SIGSTOP)
        said = ended(process, children, END_AFTER_FAILURE + 10)
        assert f"pagewright: {name} " in said and f"rank {rank} on " in said and "has not been heard of for 2 s" in said, said
        assert name in run.good_plain("postmortem", victim.folder).splitlines()[0]


def check_checkpoint_on_request(run):
    """SIGUSR1 to mpirun: a checkpoint and code 75, and the run goes on to the same end."""
    def fresh(name):
        other = with_settings(run, name, {"ppo.iterations": 40, "ppo.checkpoint_every": 100})
        (other.folder / "config.yaml").unlink()
        good(other, 1, "sft")
        return other

    hashes = fresh("unasked").train()
    victim = fresh("asked")
    process = subprocess.Popen(
        mpirun(2, victim.command("train", "--policy", "both", threads=1)), env=ENVIRONMENT, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True,
    )
    metrics = victim.folder / "train" / "both" / "metrics.jsonl"
    while process.poll() is None and not (metrics.exists() and metrics.read_text().count("\n")):
        time.sleep(0.002)
    process.send_signal(signal.SIGUSR1)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 75, (process.returncode, said)
    assert "go on with `train --resume`" in said, said
    assert len(victim.checkpoints()) == 1
    assert hashes_of(good(victim, 4, "train", "--policy", "both", "--resume")) == hashes


def check_one_job_a_folder(run):
    """A second job in the run folder of a running one is refused and does the first no harm."""
    victim, process, children = started(run, 2, {}, "busy")
    done = call(victim, 2, "train", "--policy", "both", "--resume")
    assert done.returncode == 1 and "another job works in" in done.stderr, done.stderr
    assert process.poll() is None
    os.kill(children[0], signal.SIGKILL)
    ended(process, children, END_AFTER_FAILURE)


def check_throw(run):
    """A rank that fails by itself says so and ends the job, the first learner also with orders to the rollout ranks under way."""
    def check(victim, ranks, rank, file):
        # A rollout file cannot be written on one rank alone: its name is taken by a folder.
        (victim.folder / "train" / "both" / "rollouts" / file).mkdir(parents=True)
        started = time.monotonic()
        done = call(victim, ranks, "train", "--policy", "both")
        assert time.monotonic() - started < 30
        assert done.returncode != 0
        assert f"pagewright (rank {rank} of {ranks}): " in done.stderr and file in done.stderr, done.stderr

    check(with_settings(run, "throw", {}), 2, 1, "iteration-000000.rank-1.h5")
    ahead = with_settings(run, "throw-ahead", {**SPLIT, "ppo.max_staleness": 8, "ppo.iterations": 12, "ppo.rollouts_every": 1})
    (ahead.folder / "config.yaml").unlink()
    ahead.good("sft")
    check(ahead, 6, 0, "iteration-000002.h5")


def check_full_disk(run, whole, hashes):
    """The disk with the checkpoints is full when the third one is written: both ranks end, one message names the file, the
    two that were there stay, and the run goes on when there is room again."""
    victim = with_settings(run, "full", {})
    folder = victim.folder / "train" / "both" / "checkpoints"
    folder.mkdir(parents=True)
    size = sum(path.stat().st_size for path in whole.checkpoints()[-1].iterdir())

    def mount(*options):
        return subprocess.run(["mount", "-t", "tmpfs", *options, "pagewright-test", str(folder)], capture_output=True, text=True)

    mounted = mount("-o", f"size={int(2.5 * size)}")
    if mounted.returncode != 0:
        print(f"NOT TRIED: a full disk, since none can be mounted here: {mounted.stderr.strip()}")
        return
    try:
        done = call(victim, 2, "train", "--policy", "both")
        assert done.returncode == 1, done
        assert done.stderr.count("pagewright:") == 1 and done.stderr.count("No space left on device") == 1, done.stderr
        assert str(folder / "step-00000003") in done.stderr and "shard-000" in done.stderr, done.stderr
        assert sorted(path.name for path in folder.iterdir()) == ["step-00000001", "step-00000002"], list(folder.iterdir())
        mount("-o", f"remount,size={8 * size}")
        printed = good(victim, 2, "train", "--policy", "both", "--resume")
        assert hashes_of(printed) == hashes
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def check_straggler(run, ranks, settings, rank, name):
    """One rank gets a quarter of the time of its processor: it is named, once, and no other of its role is."""
    _, process, children = started(run, ranks, {"ppo.iterations": 16, **settings}, "slow")

    def hold_back():
        with contextlib.suppress(ProcessLookupError):  # until it has ended
            while is_running(children[rank]):
                os.kill(children[rank], signal.SIGSTOP)
                time.sleep(0.03)
                os.kill(children[rank], signal.SIGCONT)
                time.sleep(0.01)

    holding = threading.Thread(target=hold_back)
    holding.start()
    said = process.communicate(timeout=120)[1]
    holding.join()
    assert process.returncode == 0, said
    role = name.split()[0]
    warnings = [line for line in said.splitlines() if f"straggler: {role} " in line]
    assert len(warnings) == 1 and f"straggler: {name} " in warnings[0] and f"rank {rank} on " in warnings[0], said
    assert "times as long as the others since iteration" in warnings[0] and " ms against " in warnings[0], said


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pagewright", required=True, type=pathlib.Path)
    parser.add_argument("--work", required=True, type=pathlib.Path)
    parser.add_argument("--long", action="store_true", help="more layouts, and a rank of every role killed and stopped")
    options = parser.parse_args()
    if shutil.which("mpirun") is None:
        print("mpirun is not installed")
        sys.exit(77)
    run = TinyRun(options.pagewright, options.work)
    run.good("simulate")
    warmup = run.good("sft").splitlines()[-1]
    run.good("fit-reward")
    copy = with_settings(run, "one", {})
    hashes = copy.train()
    layouts = LAYOUTS + (MORE_LAYOUTS if options.long else [])
    check_equal_hashes(run, warmup, hashes, layouts, [name for name, _, _ in layouts] if options.long else ["two"])
    check_other_rank_counts(run, hashes)
    check_stale(run)
    check_wrong_starts(run)
    killed = [(6, SPLIT, 3, "rollout 1")]
    if options.long:
        killed = [(4, {}, rank, f"rank {rank}") for rank in range(4)] + [
            (6, SPLIT, rank, name) for rank, name in
            enumerate(["learner 0", "learner 1", "rollout 0", "rollout 1", "rollout 2", "reward 0"])]
    check_killed_and_stopped(run, killed)
    check_checkpoint_on_request(run)
    check_one_job_a_folder(run)
    check_throw(run)
    check_without_mpi(run)
    check_full_disk(run, copy, hashes)
    if options.long:
        check_straggler(run, 2, {"ppo.requests": 32}, 1, "rank 1")
        check_straggler(run, 6, {**SPLIT, "ppo.requests": 256}, 3, "rollout 1")


if __name__ == "__main__":
    main()
