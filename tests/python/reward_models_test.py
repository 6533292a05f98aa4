"""Reward models with everything switched on: the same files on one rank and on two, a report that says what they are worth,
and a policy that learns from them."""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from tiny_run import TinyRun  # noqa: E402

# The shop of 240 pages has no carts: their head learns that nothing is put into them.
EVERYTHING = {
    "simulator.pages": 480,
    "rewards.gains.cart": 2,
    "rewards.page.form": "both",
    "rewards.page.revenue": "head",
    "rewards.page.ensemble": 3,
    "rewards.page.pessimism": 0.5,
    "rewards.page.calibration": "isotonic",
    "rewards.item.ensemble": 2,
    "rewards.item.pessimism": 0.5,
    "rewards.item.uncertainty": 1,
    "rewards.item.weight": "ndcg",
    "ppo.iterations": 1,
}
ENVIRONMENT = {
    **os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMPI_MCA_mpi_yield_when_idle": "1",
    "OMPI_MCA_btl": "^tcp", "OMP_NUM_THREADS": "1",
}


def fitted(folder):
    """Bytes of every file of the reward models."""
    files = sorted(path for path in (folder / "rewards").rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def check_two_ranks(run, work):
    two = TinyRun(run.binary, work, "two", settings=run.settings)
    shutil.copytree(run.folder, two.folder, ignore=shutil.ignore_patterns("rewards"))
    command = ["mpirun", "-n", "2", "--oversubscribe", *map(str, two.command("fit-reward", threads=1))]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    ones, twos = fitted(run.folder), fitted(two.folder)
    assert ones.keys() == twos.keys(), (ones.keys(), twos.keys())
    for name, content in ones.items():
        if name.endswith("card.md") or name.endswith("card.json"):
            continue  # they name nothing that differs but are made of report.json, which is compared
        assert content == twos[name], f"{name} differs between one rank and two"


def check_report(run):
    report = json.loads((run.folder / "rewards" / "report.json").read_text())
    page = report["page-both"]
    assert {"click", "purchase", "cart", "calibration", "truth", "pairs"} <= page.keys(), page.keys()
    for event in ("click", "purchase"):
        before = page["calibration"][event]["before"]
        assert before["events"] == page[event]["events"], page
        assert sum(bin["events"] for bin in before["reliability"]) == before["events"]
        assert sum(bin["events"] for bin in page[event]["reliability"]) == before["events"]
    assert page["truth"]["pages"] == 160 and page["truth"]["same_request"]["pairs"] == 240, page["truth"]
    assert page["truth"]["spread"] > 0 and report["item"]["truth"]["spread"] > 0
    scale = json.loads((run.folder / "rewards" / "scale-page-both.json").read_text())
    assert scale["version"] == 2 and scale["calibration"]["click"]["kind"] == "isotonic", scale
    assert scale["page_pessimism"] == 0.5 and scale["item_uncertainty"] == 1, scale
    card = (run.folder / "rewards" / "card.md").read_text()
    for words in ("click calibration error before calibration", "with true utility on random pages",
                  "with true attractiveness on random pages", "deviation over the ensemble"):
        assert words in card, card


def check_refused(run):
    run.bad("fit-reward", says=["rewards.page.pessimism", "ensemble of 2 heads"], rewards__page__ensemble=1)
    run.bad("fit-reward", says=["rewards.item.uncertainty", "ensemble of 2 heads"], rewards__item__ensemble=1,
            rewards__item__pessimism=0)


def check_order_free_without_pessimism(run, work):
    """The order-free form is fitted as well, by another loss. Pessimism changes what a page counts, and not the error of
    the mean, which the report sets beside the members' disagreement."""
    other = TinyRun(run.binary, work, "order-free", settings={**run.settings, "rewards.item.form": "order_free",
                                                              "rewards.page.pessimism": 0})
    other.good("sft")
    other.good("fit-reward")
    curve = "curves/item.json"
    assert (other.folder / curve).read_bytes() != (run.folder / curve).read_bytes()
    truth, without = (json.loads((folder / "rewards" / "report.json").read_text())["page-both"]["truth"]
                      for folder in (run.folder, other.folder))
    assert truth["spread"] == without["spread"] and truth["pearson"] != without["pearson"], (truth, without)
    assert abs(truth["spread_and_error"] - without["spread_and_error"]) < 1e-3, (truth, without)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pagewright", required=True)
    parser.add_argument("--work", required=True)
    arguments = parser.parse_args()
    run = TinyRun(arguments.pagewright, arguments.work, settings=EVERYTHING)
    for verb in ("simulate", "sft", "fit-reward"):
        run.good(verb, threads=1)
    if shutil.which("mpirun"):
        check_two_ranks(run, arguments.work)
    check_report(run)
    check_order_free_without_pessimism(run, arguments.work)
    run.good("train", "--policy", "both")
    metrics = [json.loads(line) for line in (run.folder / "train" / "both" / "metrics.jsonl").read_text().splitlines()]
    for term in ("page", "item"):  # what the watch on reward hacking looks at
        assert all(line[f"term.{term}.disagreement"] > 0 for line in metrics), metrics[0]
    run.good("evaluate")
    run.good("report")
    html = (run.folder / "report.html").read_text()
    assert "<h2>Reward models</h2>" in html and "before calibration" in html and "as often as predicted" in html
    check_refused(run)


if __name__ == "__main__":
    main()
