"""Tables over the runs of launch/trivago.sh: python3 launch/trivago_table.py RUN_FOLDER...

MRR of the click-out with 95 % intervals by user, on all rows, on first views, and where the same list is shown again: the
baselines of the first run, then the policies of every run with their first-slot rankings, then paired differences.
"""
import json
import pathlib
import sys

BASELINES = ["random", "popularity", "price_ascending", "logged", "last_touched"]
POLICIES = ["warmup", "both", "greedy_reward"]
DIFFERENCES = [("warmup", "logged"), ("both", "logged"), ("both", "warmup"), ("warmup", "last_touched"),
               ("both", "last_touched"), ("greedy_reward", "logged"), ("greedy_reward", "last_touched")]


def number(value, signed):
    text = f"{value:+.3f}" if signed else f"{value:.3f}"
    return text.replace("0.", ".", 1)


def cells(parts, kind, name, signed=False):
    found = [part[kind].get(name, {}).get("mrr") for part in parts]
    if None in found:
        return None
    return [f"{number(e['mean'], signed)} [{number(e['low'], signed)}, {number(e['high'], signed)}]" for e in found]


def main(folders):
    runs = []
    for folder in map(pathlib.Path, folders):
        report = json.loads((folder / "evaluation.json").read_text())
        slices = report["slices"]
        runs.append((folder.name, [report, slices["first views"], slices["same list again"]]))
    counts = [part["requests"] for part in runs[0][1]]
    header = "| {} | all {:,} | first views, {:,} | same list again, {:,} |\n| --- | --- | --- | --- |"

    def row(title, found):
        if found:
            print(f"| {title} | " + " | ".join(found) + " |")

    print("\n" + header.format("MRR", *counts))
    for name in BASELINES:
        row(name, cells(runs[0][1], "policies", name))
    for run, parts in runs:
        for name in POLICIES:
            row(f"{run}: {name}, page", cells(parts, "policies", name))
            row(f"{run}: {name}, *first slot*", cells(parts, "first_slot", name))
    print("\n" + header.format("difference in MRR, paired by user", *counts))
    for run, parts in runs:
        for left, right in DIFFERENCES:
            row(f"{run}: {left} less {right}", cells(parts, "differences", f"{left} - {right}", signed=True))


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
        print(__doc__.strip())
        sys.exit(0 if len(sys.argv) > 1 else 2)
    main(sys.argv[1:])
