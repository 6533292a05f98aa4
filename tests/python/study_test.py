"""`study`: shared stages, the same results as by hand, going on after an interruption, mistakes found before the start."""

import argparse
import json
import pathlib
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from tiny_run import QUICKSTART, TINY, TinyRun  # noqa: E402

SETTINGS = {**TINY, "policies": "[{name: both}]", "evaluation.greedy_reward": "false"}


def write_study(work, name, rest):
    file = work / f"{name}.yaml"
    sets = "\n".join(f"  {key}: {json.dumps(str(value))}" for key, value in SETTINGS.items())
    file.write_text(f"study: {work / name}\nexperiment: {QUICKSTART}\nset:\n{sets}\n{rest}")
    return file


def study(binary, file, *arguments):
    return subprocess.run([binary, "study", str(file), *arguments], capture_output=True, text=True, timeout=300)


VARIANTS = """
seeds: [1, 2]
variants:
  - {name: half}
  - {name: page_only, set: {rewards.alpha: 1}}
  - {name: clicks, set: {rewards.gains.propensities: click_model, rewards.clicks.models: "[pbm]"}}
"""


def files_of(folder):
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def check_results(folder):
    results = json.loads((folder / "study.json").read_text())
    assert results["format"] == "pagewright-study" and results["baseline"] == "half", results
    names = {measure["name"] for measure in results["measures"]}
    assert names == {"true_utility", "true_gmv", "true_ctr"}, names
    for measure in results["measures"]:
        cells = {cell["cell"]: cell for cell in measure["cells"]}
        assert list(cells) == ["half", "page_only", "clicks"], list(cells)
        for name, cell in cells.items():
            for seed, value in zip(results["seeds"], cell["values"]):
                evaluation = json.loads((folder / "runs" / name / f"seed-{seed}" / "evaluation.json").read_text())
                assert value == evaluation["policies"]["both"][measure["name"]]["mean"]
    page = (folder / "study.html").read_text()
    assert "page_only" in page and page.count("<svg") == 3, page.count("<svg")
    return results


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pagewright", required=True)
    parser.add_argument("--work", required=True)
    arguments = parser.parse_args()
    binary, work = arguments.pagewright, pathlib.Path(arguments.work)

    wrong = write_study(work, "wrong", VARIANTS + "  - {name: typo, set: {rewards.alhpa: 1}}\n")
    done = study(binary, wrong)
    assert done.returncode == 1 and "cell typo" in done.stderr and "rewards.alhpa" in done.stderr, done.stderr
    assert not (work / "wrong").exists(), "a study with a mistake was begun"

    file = write_study(work, "study", VARIANTS)
    planned = study(binary, file, "--plan")
    assert planned.returncode == 0 and "22 jobs for 3 cells with 2 seeds" in planned.stdout, planned.stdout
    assert not (work / "study").exists()

    # Stopped in the middle, then gone on with.
    with subprocess.Popen([binary, "study", str(file)], stderr=subprocess.PIPE, text=True) as running:
        for line in running.stderr:
            if "warmup-" in line:
                break
        running.send_signal(signal.SIGINT)
        running.wait(timeout=30)
    assert running.returncode != 0
    done = study(binary, file)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "were done before" in done.stderr, done.stderr
    results = check_results(work / "study")

    # Nothing is run twice.
    before = files_of(work / "study" / "shared"), files_of(work / "study" / "runs")
    time.sleep(0.01)
    again = study(binary, file)
    assert again.returncode == 0 and "0 jobs in" in again.stdout, again.stdout
    assert (files_of(work / "study" / "shared"), files_of(work / "study" / "runs")) == before
    assert check_results(work / "study") == results

    # A cell is what its verbs make by hand.
    hand = TinyRun(binary, work, "hand", settings={**SETTINGS, "seed": 2, "rewards.alpha": 1})
    for verb in ("simulate", "sft", "fit-reward", "train", "evaluate"):
        hand.good(verb)
    cell = work / "study" / "runs" / "page_only" / "seed-2"
    for name in ("evaluation.json", "policies/both/model.safetensors", "policies/warmup/model.safetensors", "rewards/report.json"):
        assert (cell / name).read_bytes() == (hand.folder / name).read_bytes(), f"{name} differs from that made by hand"

    # A variant more costs its own work alone, and one that fails leaves the others' results.
    more = write_study(work, "study", VARIANTS + "  - {name: item_only, set: {rewards.alpha: 0}}\n")
    done = study(binary, more)
    assert done.returncode == 0 and "4 jobs in" in done.stdout, done.stdout
    bad = "  - {name: given, set: {rewards.gains.propensities: uniform_pages, rewards.gains.uniform_policy: nobody}}\n"
    done = study(binary, write_study(work, "study", VARIANTS + bad))
    assert done.returncode == 1 and "2 of 8 runs have no result: given seed 1, given seed 2" in done.stderr, done.stderr
    assert "'nobody' have 0 clicks" in done.stderr, done.stderr
    assert json.loads((work / "study" / "study.json").read_text())["measures"][0]["cells"][3]["values"] == [None, None]

    # The end can be earlier, and a figure of a file be compared.
    rest = VARIANTS + 'until: fit-reward\nfigures: ["rewards/report.json#/item/swaps/accuracy"]\n'
    done = study(binary, write_study(work, "rewards", rest))
    assert done.returncode == 0 and "item/swaps/accuracy" in done.stdout, done.stdout + done.stderr


if __name__ == "__main__":
    main()
