"""Reward terms in a whole run: an external program and constraints give the same bits on one rank, on four and on the split
placement, a run goes on from its checkpoint, programs that fail cost the fallback or end the run in words, and none is left
when a run ended or was killed."""

import argparse
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from tiny_run import SOURCE, TinyRun, hashes_of  # noqa: E402

SPLIT = {"distributed.placement": "split", "distributed.learner": 2, "distributed.rollout": 3, "distributed.reward": 1}
ENVIRONMENT = {
    **os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMPI_MCA_mpi_yield_when_idle": "1",
    "OMPI_MCA_btl": "^tcp", "OMP_NUM_THREADS": "1",
}
MARK = "terms-test-mark"
BOUNDS = (
    "{kind: ad_share, name: ads, limit: 0.02, rate: 5}, "
    "{kind: exposure, name: group, attribute: seller, values: [seller 1, seller 2, seller 3], limit: 0.5, rate: 2}"
)


def terms(*entries):
    return {"rewards.terms": "[" + ", ".join(entries) + "]"}


def external(name, program, **keys):
    more = "".join(f", {key}: {value}" for key, value in keys.items())
    return "{kind: external, name: %s, program: %s%s}" % (name, json.dumps([*map(str, program), MARK]), more)


def programs():
    """Processes with the mark in their command line that are no zombies."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            arguments = (process / "cmdline").read_bytes().split(b"\0")
            if MARK.encode() in arguments and (process / "stat").read_text().rsplit(") ")[1][0] != "Z":
                found.append(int(process.name))
        except OSError:
            pass
    return found


def assert_none_left(what):
    limit = time.monotonic() + 5
    while programs():
        assert time.monotonic() < limit, f"{what}: programs {programs()} are left"
        time.sleep(0.02)


def with_terms(run, name, settings):
    """A fresh run on the same log and models."""
    other = TinyRun(run.binary, run.work, name, settings={**run.settings, **settings})
    other.log = run.log
    shutil.copytree(run.folder, other.folder, ignore=shutil.ignore_patterns("train", "both", "config.yaml"))
    return other


def begin(run, name, settings):
    """As with_terms(), with the warm-up made again, which begins the run folder."""
    other = with_terms(run, name, settings)
    other.good("sft")
    return other


def call_on(run, ranks, *arguments):
    return subprocess.run(
        ["mpirun", "-n", str(ranks), "--oversubscribe", *map(str, run.command("train", "--policy", "both", *arguments, threads=1))],
        env=ENVIRONMENT, capture_output=True, text=True, timeout=120,
    )


def metrics_of(run):
    return [json.loads(line) for line in (run.folder / "train" / "both" / "metrics.jsonl").read_text().splitlines()]


def check_same_everywhere(run):
    settings = {**terms(external("mine", ["python3", SOURCE / "docs" / "external_reward.py"], batch=7, clip=2), BOUNDS),
                "ppo.checkpoints_kept": 10}
    one = begin(run, "one", settings)
    hashes = one.train()
    assert_none_left("a run that ended")
    lines = metrics_of(one)
    for line in lines:
        assert 0 < line["term.mine"] <= 1 and line["term.mine.fallback"] == 0 and line["term.mine.clipped"] == 0, line
    multiplier = 0
    for line in lines:
        assert abs(line["term.group.multiplier"] - multiplier) < 1e-9, (line, multiplier)
        multiplier = min(max(multiplier + 2 * line["term.group.violation"], 0), 10)
    assert multiplier > 0, "the bound of the group is never broken: nothing is tried"

    plain = begin(run, "plain", {})
    assert plain.train() != hashes, "terms changed nothing"
    if shutil.which("mpirun") is None:
        print("mpirun is not installed: one rank only")
        return
    for name, ranks, layout in (("four", 4, {}), ("split", 6, SPLIT)):
        other = with_terms(one, name, layout)
        shutil.copy(one.folder / "config.yaml", other.folder)
        done = call_on(other, ranks)
        assert done.returncode == 0 and hashes_of(done.stdout) == hashes, f"{name}:\n{done.stdout}\n{done.stderr}"
        assert_none_left(name)
    # What six ranks began goes on on two, asked in another manner.
    for folder in other.checkpoints()[2:]:
        shutil.rmtree(folder)
    manner = terms(external("mine", ["python3", SOURCE / "docs" / "external_reward.py"], batch=3, deadline=20, clip=2), BOUNDS)
    other.settings = {**one.settings, **manner}
    done = call_on(other, 2, "--resume")
    assert done.returncode == 0 and hashes_of(done.stdout) == hashes, done.stdout + done.stderr


def check_failures(run):
    dying = ["sh", "-c", "read line; echo out of memory >&2; exit 3"]
    other = begin(run, "dying", terms(external("dying", dying, retries=1, backoff=0.01)))
    said = other.bad("train", "--policy", "both", says=["reward term 'dying'", "exit code 3", "out of memory", "fallback"])
    assert said.count("pagewright:") == 1, said
    assert_none_left("a run that failed")
    other = begin(run, "spared", terms(external("dying", dying, retries=0, backoff=0, fallback=0.5)))
    done = other.call("train", "--policy", "both")
    assert done.returncode == 0 and "batches failed in a row" in done.stderr, done.stderr
    assert "got its fallback" in (other.folder / "train" / "both" / "warnings.txt").read_text()
    assert all(line["term.dying.fallback"] == 1 and line["term.dying"] == 0.5 for line in metrics_of(other))

    other = begin(run, "absent", terms(external("absent", ["no-such-program"])))
    other.bad("train", "--policy", "both", says=["reward term 'absent'", "cannot start no-such-program"])
    other = begin(run, "nobody", terms("{kind: seller_share, name: nobodys, sellers: [nobody]}"))
    other.bad("train", "--policy", "both", says=["reward term 'nobodys'", "nobody"])
    other = with_terms(run, "wrong", terms("{kind: ad_share, name: page, limit: 2, wait: 1}", "{kind: external, name: both}"))
    other.bad("train", says=["'page' is the name of another term", "rewards.terms[0].limit", "rewards.terms[0].wait",
                             "either `program` or `address`"])


def check_killed(run):
    """A run that is killed takes its programs along, one that hangs too."""
    hanging = ["sh", "-c", "while :; do sleep 1; done"]
    other = begin(run, "killed", terms(external("hanging", hanging, deadline=100)))
    command = other.command("train", "--policy", "both", threads=1)
    ranks = [1] if shutil.which("mpirun") is None else [1, 2]
    for count in ranks:
        process = subprocess.Popen(
            command if count == 1 else ["mpirun", "-n", "2", "--oversubscribe", *map(str, command)], env=ENVIRONMENT,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        limit = time.monotonic() + 30
        while len(programs()) < count:
            assert process.poll() is None and time.monotonic() < limit
            time.sleep(0.05)
        if count == 1:
            process.kill()
        else:
            children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            os.kill(int(children[1]), signal.SIGKILL)
        process.wait(timeout=30)
        assert_none_left(f"a run on {count} ranks of which one was killed")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pagewright", required=True, type=pathlib.Path)
    parser.add_argument("--work", required=True, type=pathlib.Path)
    options = parser.parse_args()
    run = TinyRun(options.pagewright, options.work)
    run.good("simulate")
    run.good("sft")
    run.good("fit-reward")
    check_same_everywhere(run)
    check_failures(run)
    check_killed(run)


if __name__ == "__main__":
    main()
