"""`fit-clicks` from a simulated log to the propensities that `fit-reward` takes, and what is refused."""

import argparse
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from tiny_run import TinyRun  # noqa: E402

MODELS = ["position_rate", "pbm", "trust_pbm", "carousel", "cascade", "dcm", "ccm", "sdbn", "dbn", "ubm"]
WITH_EXAMINATION = {"pbm", "trust_pbm", "carousel"}


def files_of(run):
    return {path.name: path.read_bytes() for path in (run.folder / "clicks").iterdir()}


def check_choice(run, printed):
    choice = json.loads((run.folder / "clicks" / "choice.json").read_text())
    assert choice["format"] == "pagewright-click-choice" and choice["by"] == "held-out perplexity", choice
    assert sorted(choice["models"]) == sorted(MODELS), choice["models"].keys()
    best = min(MODELS, key=lambda name: choice["models"][name]["perplexity"])
    assert choice["chosen"] == best, choice
    assert f"\n{best} *" in printed and "chosen by held-out perplexity" in printed, printed
    assert choice["identification"]["text"] in printed, printed
    for name in MODELS:
        model = json.loads((run.folder / "clicks" / f"{name}.json").read_text())
        assert model["format"] == "pagewright-click-model" and model["model"] == name, model
        assert model["held_out"] == choice["models"][name], name
        assert (model["examination_by_slot"] is not None) == (name in WITH_EXAMINATION), name
        for kind, values in model["parameters"].items():
            if not kind.endswith("weights"):
                assert values and all(0 <= value <= 1 for value in values.values()), (name, kind)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pagewright", required=True)
    parser.add_argument("--work", required=True)
    arguments = parser.parse_args()
    settings = {"rewards.gains.propensities": "click_model", "rewards.gains.click_model": "pbm"}
    run = TinyRun(arguments.pagewright, arguments.work, settings=settings)
    run.good("simulate")
    run.good("sft")
    run.bad("fit-reward", says=["choice.json", "run `pagewright fit-clicks` first"])
    check_choice(run, run.good("fit-clicks", threads=1))
    files = files_of(run)
    run.good("fit-clicks", threads=2)
    assert files_of(run) == files, "click models depend on the number of threads"
    run.good("fit-reward")

    few = {"rewards.clicks.models": "[dcm, cascade]", "rewards.gains.click_model": "null", "run": run.work / "few"}
    run.good("sft", **few)
    run.good("fit-clicks", **few)
    run.bad("fit-reward", says=["examination depends on more than the position", "pbm, trust_pbm, carousel"], **few)
    run.bad("fit-clicks", rewards__gains__click_model="dcm", says=["gives no propensities by position"])
    run.bad("fit-clicks", rewards__clicks__models="[pbm, pmb]", says=["no click model called 'pmb'"])

    features = {"rewards.clicks.documents": "features", "rewards.clicks.models": "[pbm]", "run": run.work / "features"}
    printed = run.good("fit-clicks", **features)
    assert "only as far as the features explain it" in printed, printed
    weights = json.loads((run.work / "features" / "clicks" / "pbm.json").read_text())["parameters"]
    assert "features.quality" in weights["attractiveness weights"], weights

    # Last month's models on a log that they were not fitted to.
    later = {"seed": 2, "simulator.catalogue.train_items": 3000, "run": run.work / "later", "log": run.work / "later-log"}
    run.good("simulate", **later)
    printed = run.good("fit-clicks", "--evaluate", run.folder / "clicks", **later)
    assert "lowest perplexity" in printed and "show what the fitted log never did" in printed, printed
    assert not (run.work / "later").exists(), "judging writes nothing"
    same = run.good("fit-clicks", "--evaluate", run.folder / "clicks")
    held_out = json.loads((run.folder / "clicks" / "pbm.json").read_text())["held_out"]
    assert f"{held_out['perplexity']:.4f}" in next(line for line in same.splitlines() if line.startswith("pbm")), same
    run.bad("fit-clicks", "--evaluate", run.work / "nowhere", says=["choice.json", "fit-clicks"])
    uniform = {"rewards.clicks.pages": "uniform", "rewards.clicks.models": "[pbm]", "run": run.work / "uniform"}
    printed = run.good("fit-clicks", **uniform)
    assert json.loads((run.work / "uniform" / "clicks" / "pbm.json").read_text())["pages"] == "uniform", printed
    run.bad("fit-clicks", **{**uniform, "rewards.gains.uniform_policy": "nobody", "run": run.work / "nobody"}, says=["no training page", "'nobody'"])

    alone = {"simulator.valid_share": 0, "run": run.work / "alone", "log": run.work / "alone-log"}
    run.good("simulate", **alone)
    printed = run.good("fit-clicks", **alone)
    assert "no page of validation users" in printed, printed
    print("clicks_test: all is well")


if __name__ == "__main__":
    main()
