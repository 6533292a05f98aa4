"""Table over the runs of several seeds: python3 launch/seeds_table.py RUN_FOLDER...

For every policy and seed the change against the run's logged, imitation and warm-up policies in percent: * where the 95 %
interval of the paired difference lies above 0, o where it lies below.
"""
import json
import pathlib
import sys

METRICS = [("true_utility", "utility"), ("true_gmv", "GMV"), ("true_ctr", "CTR")]


def cell(evaluation, policy, baseline, metric):
    difference = evaluation["differences"].get(f"{policy} - {baseline}", {}).get(metric)
    if difference is None:
        return None
    base = evaluation["policies"][baseline][metric]["mean"]
    star = "*" if difference["low"] > 0 else "o" if difference["high"] < 0 else " "
    return 100 * difference["mean"] / base, star


def main(folders):
    runs = [(pathlib.Path(f).name, json.loads((pathlib.Path(f) / "evaluation.json").read_text())) for f in folders]
    policies = [p for p in runs[0][1]["policies"] if p not in ("random", "oracle", "price_ascending", "popularity", "last_touched")]
    for baseline in ("logged", "imitation", "warmup", "page_only", "item_only"):
        print(f"\nChange against {baseline}, %; the 95 % interval of the paired difference lies above (*) or below (o) 0\n")
        print("| policy | measure | " + " | ".join(f"seed {name}" for name, _ in runs) + " | mean |")
        print("| --- | --- |" + " --- |" * (len(runs) + 1))
        for policy in policies if baseline in ("logged", "imitation", "warmup") else ["both"]:
            for metric, title in METRICS:
                cells = [cell(evaluation, policy, baseline, metric) for _, evaluation in runs]
                if None in cells:
                    continue
                mean = sum(value for value, _ in cells) / len(cells)
                print(f"| {policy} | {title} | " + " | ".join(f"{value:+.1f}{star}" for value, star in cells) + f" | {mean:+.1f} |")


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
        print(__doc__.strip())
        sys.exit(0 if len(sys.argv) > 1 else 2)
    main(sys.argv[1:])
