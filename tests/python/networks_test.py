"""Adapters on a frozen backbone, a separate critic and bfloat16 through every verb: the same hashes on one rank and on
several, checkpoints that go on, and adapters that are not put on another base."""

import argparse
import json
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from ranks_test import good  # noqa: E402
from tiny_run import TinyRun, hashes_of  # noqa: E402

NETWORKS = {
    "model.lora.rank": 4, "critic.kind": "separate", "critic.warmup_steps": 6, "critic.lora.rank": 2,
    "critic.optimizer.learning_rate": 1e-3,
}
NARROW = {"precision.parameters": "bfloat16", "precision.frozen": "bfloat16"}
OWN_CRITIC = {"critic.model.dim": 32, "critic.model.heads": 2, "critic.model.kv_heads": 1, "critic.model.layers": 1}
SPLIT = {"distributed.placement": "split", "distributed.learner": 2, "distributed.rollout": 1, "distributed.reward": 1}


def metrics_of(run):
    return [json.loads(line) for line in (run.folder / "train" / "both" / "metrics.jsonl").read_text().splitlines()]


def fresh(run, name, settings=None):
    """A run with the same models and settings, not trained yet."""
    other = TinyRun(run.binary, run.work, name, settings={**run.settings, **(settings or {})})
    other.log = run.log
    shutil.copytree(run.folder, other.folder, ignore=shutil.ignore_patterns("train", "both"))
    return other


def check_networks(run, layouts):
    run.good("sft")
    run.good("fit-reward")
    hashes = run.train()
    lines = metrics_of(run)
    for line in lines:
        assert line["behaviour_drift"] == 0 and line.get("first_ratio_deviation", 0) == 0, line
        assert line.get("behaviour_ratio_deviation", 0) == 0, line
    if "critic.kind" in run.settings:
        assert "policy_loss" not in lines[0] and "policy_loss" in lines[1], "the critic warms up for six steps of four"
        assert (run.folder / "critics" / "both" / "model.json").exists()
    for name, ranks, settings in layouts:
        other = fresh(run, f"{run.folder.name}-{name}", settings)
        assert hashes_of(good(other, ranks, "train", "--policy", "both")) == hashes, name
    resumed = fresh(run, run.folder.name + "-resumed")
    shutil.copytree(run.folder / "train", resumed.folder / "train")
    for folder in resumed.checkpoints()[1:]:
        shutil.rmtree(folder)
    assert resumed.train("--resume") == hashes
    return hashes


def check_use(run, request):
    """`evaluate` and `generate` take the trained adapters."""
    run.good("evaluate")
    evaluation = json.loads((run.folder / "evaluation.json").read_text())
    assert "both" in json.dumps(evaluation)
    done = run.call("generate", "--policy", "both", text=request)
    assert done.returncode == 0 and json.loads(done.stdout.splitlines()[0]).get("sections"), done.stdout + done.stderr


def check_adapters(run):
    """What adapters are exported for is exported with them, under the name that they give."""
    exported = run.folder / "export" / "both-adapters"
    run.good("export", "--policy", "both", "--adapters", "--out", exported)
    base = pathlib.Path(json.loads((exported / "adapter_config.json").read_text())["base_model_name_or_path"])
    assert base == (run.folder / "export" / "warmup").resolve() and (base / "config.json").exists(), base


def check_other_base(run):
    """Another warm-up below the adapters is refused by name, by whoever would use it."""
    changed = run.copy("changed")
    changed.good("sft", "--imitation")
    shutil.rmtree(changed.folder / "policies" / "warmup")
    (changed.folder / "policies" / "imitation").rename(changed.folder / "policies" / "warmup")
    for folder in changed.checkpoints()[1:]:
        shutil.rmtree(folder)
    changed.bad("train", "--policy", "both", "--resume", says=["other frozen weights"])
    changed.bad("evaluate", says=["policies/both", "trained on another model"])


def a_request(run):
    """A request as `generate` reads it."""
    candidates = [{"id": f"i{n}", "category": f"c{n % 3}", "brand": "b", "price": 500 + n, "currency": "EUR"} for n in range(12)]
    return json.dumps({"request_id": "r1", "user": "u1", "candidates": candidates}) + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pagewright", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    options = parser.parse_args()
    binary = options.pagewright.resolve()

    wide = TinyRun(binary, options.work, "wide", settings=NETWORKS)
    wide.good("simulate")
    wide_hashes = check_networks(wide, [("two", 2, {"distributed.zero": 3}), ("split", 4, SPLIT)])
    check_use(wide, a_request(wide))
    check_adapters(wide)
    check_other_base(wide)
    narrow = TinyRun(binary, options.work, "narrow", settings={**NETWORKS, **NARROW, **OWN_CRITIC})
    assert check_networks(narrow, [("two", 2, {"distributed.zero": 2})]) != wide_hashes
    policy, critic = (json.loads((narrow.folder / kind / "both" / "model.json").read_text()) for kind in ("policies", "critics"))
    assert policy["base"]["dtype"] == "bfloat16" and critic["kind"] == "critic"
    assert json.loads((narrow.folder / "critics" / "both" / "config.json").read_text())["hidden_size"] == 32
    whole = TinyRun(binary, options.work, "whole", settings={"precision.parameters": "bfloat16"})
    check_networks(whole, [("split", 4, {**SPLIT, "ppo.reference": "host"})])


if __name__ == "__main__":
    main()
