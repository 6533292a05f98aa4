"""Page pairs as the verbs see them: the report, a file that gives the same models as making them, and files that are refused."""

import argparse
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from tiny_run import TinyRun  # noqa: E402

FAMILIES = ["relevance", "ranking", "diversity", "redundancy", "natural"]


def model(run, name):
    """The bytes of a reward model."""
    files = sorted(path for path in (run.folder / "rewards" / name).rglob("*") if path.is_file())
    assert files, f"{run.folder} has no model {name}"
    return [path.read_bytes() for path in files]


def fitted(run, name, settings):
    """Another run on the same log with other settings, after fit-reward."""
    other = TinyRun(run.binary, run.work, name, settings={**run.settings, **settings})
    other.good("sft")
    other.good("fit-reward")
    return other


def check_report(run, printed):
    report = json.loads((run.folder / "rewards" / "pairs.json").read_text())
    assert report["format"] == "pagewright-pair-report" and report["version"] == 1
    card = json.loads((run.folder / "rewards" / "card.json").read_text())["data"]["pairs"]
    for split, title in (("held_out", "validation"), ("train", "training")):
        assert f"pairs of the {title} users" in printed, printed
        assert list(report[split]) == sorted(FAMILIES)
        for family in FAMILIES:
            figures = report[split][family]
            assert figures["pairs"] == card[family][split]
            assert (figures["pairs"] > 0) == (figures["none_because"] == ""), figures
            assert 0 <= figures["mean_weight"] <= 1
    assert report["train"]["relevance"]["hard"] > 0
    assert report["train"]["ranking"]["pages_without"]["without engagement"] > 0
    assert "relevance" in (run.folder / "rewards" / "card.md").read_text()


def check_file(run, work):
    file = work / "pairs.jsonl"
    writer = TinyRun(run.binary, work, "writer", settings=run.settings)
    printed = writer.good("fit-reward", "--write-pairs", file)
    assert "pairs are in" in printed and not (writer.folder / "rewards").exists(), printed
    lines = file.read_text().splitlines()
    head = json.loads(lines[0])
    assert head["format"] == "pagewright-pairs" and head["configuration"]["rewards.pairs.margin"] == "1"
    made = json.loads((run.folder / "rewards" / "pairs.json").read_text())
    for split, name in (("train", "train"), ("valid", "held_out")):
        for family in FAMILIES:
            found = [line for line in map(json.loads, lines[1:]) if (line["split"], line["family"]) == (split, family)]
            assert len(found) == made[name][family]["pairs"], (split, family, len(found))
    read = fitted(run, "read", {"rewards.pairs.file": file})
    assert model(read, "page-pairs") == model(run, "page-pairs"), "pairs from the file give another model"
    weighted = fitted(run, "weighted", {"rewards.pairs.family_weights.ranking": 0})
    assert model(weighted, "page-pairs") != model(run, "page-pairs"), "family weights change nothing"
    return file, lines


def check_refusals(run, work, file, lines):
    refused = TinyRun(run.binary, work, "refused", settings={**run.settings, "rewards.pairs.file": file})
    refused.good("sft")

    def says(text, *parts):
        file.write_text(text)
        refused.bad("fit-reward", says=parts)

    unknown = dict(json.loads(lines[3]), family="novelty")
    says("\n".join([*lines[:3], json.dumps(unknown)]), "pairs.jsonl:4: ", "'novelty' is no pair family")
    beyond = dict(json.loads(lines[1]), request=10**6)
    says("\n".join([lines[0], json.dumps(beyond)]), "pairs.jsonl:2: ", "request: 1000000 is not in the log")
    other = dict(json.loads(lines[0]), log_hash="0" * 64)
    says("\n".join([json.dumps(other), *lines[1:]]), "pairs.jsonl:1: ", "of another log")
    says("\n".join([lines[0], *(line for line in lines[1:] if json.loads(line)["split"] == "valid")]),
         "the log yields no page pair of a family with a weight")
    file.unlink()
    refused.bad("fit-reward", says=["pairs.jsonl"])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pagewright", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    options = parser.parse_args()
    run = TinyRun(options.pagewright, options.work)
    run.good("simulate")
    run.good("sft")
    check_report(run, run.good("fit-reward"))
    check_refusals(run, options.work, *check_file(run, options.work))
    print("passed")


if __name__ == "__main__":
    main()
