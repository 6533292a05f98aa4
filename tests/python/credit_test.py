"""Credit and the watch on reward hacking in whole runs: swap credit, rewards by section, shaping and running scales give the
same bits on one rank, on four and on the split placement, and from a checkpoint; an alarm ends a run that is told to stop, with
a sentence, a checkpoint and a report, and the run goes on from there to the bits of one that was only warned."""

import argparse
import json
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from terms_test import SPLIT, begin, call_on, metrics_of, with_terms  # noqa: E402
from tiny_run import TinyRun, hashes_of  # noqa: E402

CREDIT = {
    "rewards.item_credit": "swap", "rewards.swap.variants": 3, "ppo.credit": "per_section", "ppo.shaping": 0.5,
    "ppo.stream_scale": "running", "ppo.checkpoints_kept": 10,
}


def check_credit(run):
    one = begin(run, "one", CREDIT)
    hashes = one.train()
    lines = metrics_of(one)
    for line in lines:
        assert line["term.swap"] != 0 and "term.item" not in line and "term.potential" in line, line
        assert line["page_reward_scale"] > 0 and line["item_reward_scale"] not in (0, 1), line
    plain = begin(run, "plain", {})
    assert plain.train() != hashes, "credit changed nothing"
    for key in ("rewards.item_credit", "ppo.credit", "ppo.shaping", "ppo.stream_scale"):
        other = begin(run, "without", {name: value for name, value in CREDIT.items() if name != key})
        assert other.train()[1] != hashes[1], f"{key} changed nothing"
        shutil.rmtree(other.folder)

    other = one.copy("resumed")
    for folder in other.checkpoints()[2:]:
        shutil.rmtree(folder)
    assert other.train("--resume") == hashes, "a resumed run differs"
    if shutil.which("mpirun") is None:
        print("mpirun is not installed: one rank only")
        return
    for name, ranks, layout in (("four", 4, {}), ("split", 6, SPLIT)):
        other = with_terms(one, name, layout)
        shutil.copy(one.folder / "config.yaml", other.folder)
        done = call_on(other, ranks)
        assert done.returncode == 0 and hashes_of(done.stdout) == hashes, f"{name}:\n{done.stdout}\n{done.stderr}"


def alarms_of(run):
    return json.loads((run.folder / "train" / "both" / "alarms.json").read_text())


def check_alarms(run):
    warned = begin(run, "warned", {"watch.kl_budget": 1e-4})
    hashes = warned.train()
    alarms = alarms_of(warned)
    assert alarms["format"] == "pagewright-alarms" and alarms["stopped_after"] is None, alarms
    assert [alarm["kind"] for alarm in alarms["alarms"]] == ["kl_budget"], alarms
    assert alarms["alarms"][0]["iteration"] == 1 and not alarms["alarms"][0]["stops"], alarms

    stopped = begin(run, "stopped", {"watch.kl_budget": 1e-4, "watch.on_alarm": "stop"})
    said = stopped.bad("train", "--policy", "both", says=[
        "an alarm ended the run after 2 iterations", "nats a page from the warm-up", "What to do", "`train --resume`"])
    assert said.count("pagewright:") == 1, said
    assert alarms_of(stopped)["stopped_after"] == 2, alarms_of(stopped)
    assert len(stopped.checkpoints()) >= 1
    assert not (stopped.folder / "policies" / "both").exists()
    stopped.good("report")
    html = (stopped.folder / "report.html").read_text()
    for part in ("Reward hacking watch", "was ended by an alarm after 2 iterations", "nats a page from the warm-up, above"):
        assert part in html, part
    assert stopped.train("--resume") == hashes, "a run that an alarm ended does not go on as one that was warned"
    assert alarms_of(stopped)["stopped_after"] is None and len(alarms_of(stopped)["alarms"]) == 1
    if shutil.which("mpirun") is None:
        return
    several = with_terms(run, "several", stopped.settings)
    shutil.copy(stopped.folder / "config.yaml", several.folder)
    done = call_on(several, 2)
    assert done.returncode == 1 and done.stderr.count("an alarm ended the run after 2 iterations") == 1, done.stderr
    done = call_on(several, 4, "--resume")
    assert done.returncode == 0 and hashes_of(done.stdout) == hashes, done.stdout + done.stderr


# A shop in which the reward also pays for the cheapest items, which the judge and the users do not, and nothing holds the
# policy at the warm-up.
HACKABLE = {
    "policies": "[{name: both, alpha: 1}]", "simulator.pages": 1500, "simulator.test_requests": 100,
    "simulator.catalogue.train_items": 3000, "simulator.catalogue.test_items": 1500, "warmup.epochs": 2, "rewards.page.fit.epochs": 3,
    "rewards.normaliser_pages": 1024, "ppo.iterations": 40, "ppo.requests": 32, "ppo.checkpoint_every": 10, "ppo.kl": "fixed",
    "ppo.kl_coefficient": 0, "ppo.kl_hard_stop": 0,
    "rewards.terms": "[{kind: price_band, name: cheap, max_price: 3000, weight: 8}]",
}


def check_hacking(binary, work):
    """The reward rises, the judge's falls: the watch says so, and does not where the reward is the page model's alone."""
    for name, more, kinds in (("hacked", {}, ["judge"]), ("honest", {"rewards.terms": "[]"}, [])):
        run = TinyRun(binary, work, name, name + "-log", {**HACKABLE, **more})
        for verb in ("simulate", "sft", "fit-reward"):
            run.good(verb)
        run.train()
        measured = [line for line in metrics_of(run) if "held_out_reward" in line]
        for line in measured:
            print(name, line["iteration"], *(round(line[key], 3) for key in ("reward", "kl_per_page", "held_out_reward", "true_utility")))
        found = [alarm["kind"] for alarm in alarms_of(run)["alarms"] if alarm["kind"] in ("judge", "truth")]
        print(name, alarms_of(run)["alarms"])
        assert found == kinds, (name, found)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pagewright", required=True, type=pathlib.Path)
    parser.add_argument("--work", required=True, type=pathlib.Path)
    parser.add_argument("--long", action="store_true", help="also a reward that is exploited, for real")
    options = parser.parse_args()
    if options.long:
        check_hacking(options.pagewright, options.work)
    run = TinyRun(options.pagewright, options.work)
    run.good("simulate")
    run.good("sft")
    run.good("fit-reward")
    check_credit(run)
    check_alarms(run)


if __name__ == "__main__":
    main()
