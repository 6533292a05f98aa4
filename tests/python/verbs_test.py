"""The verbs from a simulated log to generated pages: what they leave, that runs repeat bit for bit on any number of
threads, and that a run killed at any moment goes on to the same end. With --long: fifty kills instead of three."""

import argparse
import json
import math
import pathlib
import random
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from tiny_run import TinyRun, leftovers  # noqa: E402

METRICS = {
    "true_utility", "true_ctr", "true_gmv", "gap_closed_utility", "gap_closed_ctr", "gap_closed_gmv",
    "ndcg@10", "mrr", "recall@10", "hit@10", "validity", "diversity", "coverage",
}
POLICIES = {
    "random", "logged", "imitation", "warmup", "page_only", "item_only", "both", "pairs", "greedy_reward", "oracle",
}


def check_repeats(run):
    """Same hashes with one thread and with two, again, and with other checkpoints. The hashes and the seconds it took."""
    started = time.monotonic()
    hashes = run.train(threads=1)
    span = time.monotonic() - started
    assert run.copy_of_start("again").train(threads=2) == hashes
    assert run.copy_of_start("third").train(threads=2) == hashes
    other = run.copy_of_start("fourth")
    assert other.train(threads=2, ppo__checkpoint_every=3) == hashes, "checkpoints changed the run"
    seeded = run.copy_of_start("seeded", keep_config=False)
    seeded.good("sft", seed=2)
    seeded.good("fit-reward", seed=2)
    assert seeded.train(seed=2)[1] != hashes[1], "the seed changed nothing"
    refused = run.call("train", "--policy", "both")
    assert refused.returncode == 1 and "--resume" in refused.stderr, refused.stderr
    assert run.train("--resume") == hashes, "resuming a finished run changed it"
    return hashes, span


def kill_once(run, number, moments, span):
    """Starts or resumes `train`, kills it, and says how many iterations it had saved (None: it had ended). A whole
    training takes about `span` seconds."""
    process = subprocess.Popen(
        run.command("train", "--policy", "both", "--resume", threads=1 + number % 2),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    # Half of the kills come at any moment of the process's life, half around the writing of a checkpoint.
    deadline = time.monotonic() + 60
    if number % 2:
        wanted = moments.randint(1, run.settings["ppo.iterations"])
        while process.poll() is None and time.monotonic() < deadline:
            saved = run.checkpoints()
            if saved and int(saved[-1].name[5:]) >= wanted:
                break
            time.sleep(0.001)
        time.sleep(moments.uniform(0, span / 20))
    else:
        time.sleep(moments.uniform(0, span))
    ended = process.poll() is not None
    process.kill()
    process.wait()
    saved = run.checkpoints()
    return None if ended else int(saved[-1].name[5:]) if saved else 0


def check_kills(run, hashes, kills, span):
    moments = random.Random(20261123)
    killed = alive = number = 0
    while killed < kills:
        victim = run.copy_of_start("victim")
        # Some runs are killed again while they resume.
        for _ in range(1 + (number % 3 == 2)):
            number += 1
            saved = kill_once(victim, number, moments, span)
            killed += saved is not None
            alive += bool(saved)
        assert victim.train("--resume") == hashes, f"kill {number}, {saved} iterations saved: another end"
        assert not leftovers(victim.folder), leftovers(victim.folder)
        assert number < 10 * kills, f"only {killed} of {number} kills met a living process"
    assert alive > 0, "no kill met a run with a checkpoint"
    print(f"{killed} kills, {alive} of them with a checkpoint on disk: all went on to the same end")


def check_damage(run, hashes):
    """The newest checkpoint is cut, changed in one bit, or without its manifest: it is named and left out."""

    def cut(folder):
        shard = folder / "shard-0000.h5"
        shard.write_bytes(shard.read_bytes()[:-1000])

    # Some bytes of a parameter: an HDF5 file also has gaps, where a flipped bit does no harm.
    model = (run.folder / "policies" / "both" / "model.safetensors").read_bytes()
    parameter = model[len(model) // 2 : len(model) // 2 + 32]

    def flip(folder):
        shard = folder / "shard-0000.h5"
        content = bytearray(shard.read_bytes())
        content[content.index(parameter)] ^= 1
        shard.write_bytes(content)

    def no_manifest(folder):
        (folder / "manifest.json").unlink()

    for damage in (cut, flip, no_manifest):
        other = run.copy("damaged")
        *_, before, newest = other.checkpoints()
        damage(newest)
        done = other.call("train", "--policy", "both", "--resume")
        assert done.returncode == 0, done.stderr
        assert str(newest) in done.stderr and "damaged" in done.stderr, done.stderr
        assert str(before) not in done.stderr, done.stderr
        lines = done.stdout.splitlines()[-2:]
        assert lines == [f"state sha256 {hashes[0]}", f"parameters sha256 {hashes[1]}"], damage.__name__
    for folder in other.checkpoints():
        cut(folder)
    other.bad("train", "--policy", "both", "--resume", says=["checkpoints", "damaged"])


def check_other_configuration(run):
    message = run.bad("train", "--policy", "both", "--resume", ppo__gamma=0.5, says=[str(run.folder), "ppo.gamma"])
    assert "ppo.lambda" not in message and "threads" not in message, message
    run.bad("sft", model__dim=32, says=["model.dim"])


def check_evaluation(run):
    printed = run.good("evaluate")
    assert str(run.folder / "evaluation.json") in printed
    report = json.loads((run.folder / "evaluation.json").read_text())
    assert POLICIES <= set(report["policies"]), POLICIES - set(report["policies"])
    for name, metrics in report["policies"].items():
        assert METRICS <= set(metrics), (name, METRICS - set(metrics))
        for metric, value in metrics.items():
            assert set(value) == {"mean", "low", "high", "n"}, (name, metric)
            if value["low"] is not None:
                assert value["low"] <= value["mean"] <= value["high"], (name, metric, value)
    requests = report["requests"]
    assert requests == 40 and report["policies"]["both"]["true_gmv"]["n"] == requests
    for name in POLICIES - {"logged"}:
        assert report["policies"][name]["validity"]["mean"] == 1, name
    for gap in ("gap_closed_utility", "gap_closed_gmv", "gap_closed_ctr"):
        assert abs(report["policies"]["random"][gap]["mean"]) < 1e-9
        assert abs(report["policies"]["oracle"][gap]["mean"] - 1) < 1e-9
    for other in ("logged", "imitation", "warmup"):
        difference = report["differences"][f"both - {other}"]["true_gmv"]["mean"]
        means = [report["policies"][name]["true_gmv"]["mean"] for name in ("both", other)]
        assert math.isclose(difference, means[0] - means[1], rel_tol=1e-9, abs_tol=1e-9), other
    first = (run.folder / "evaluation.json").read_bytes()
    run.good("evaluate", threads=1)
    assert (run.folder / "evaluation.json").read_bytes() == first, "evaluate does not repeat"
    run.good("evaluate", "--valid", "--unconstrained")
    other = json.loads((run.folder / "evaluation-valid-unconstrained.json").read_text())
    assert (run.folder / "evaluation.json").read_bytes() == first and other["requests"] != requests
    assert other["policies"]["both"]["validity"]["mean"] < 1, "without the grammar a small model makes mistakes"
    assert other["grammar"] == "off, not trained for" and report["grammar"] == "on"


def allowed_page(page, request):
    candidates = {item["id"] for item in request["candidates"]}
    sections = list(page["sections"].values())
    items = [item for section in sections for item in section["items"]]
    return (
        [section["type"] for section in sections] == ["carousel", "grid"]
        and [len(section["items"]) for section in sections] == [4, 4]
        and len(set(items)) == 8 and set(items) <= candidates
    )


def check_generation(run):
    requests = [json.loads(line)["request"] for line in (run.folder / "pages.jsonl").read_text().splitlines()[:6]]
    lines = [json.dumps(request) for request in requests]
    printed = run.good("generate", "--samples", 3, text="\n".join(lines) + "\n")
    pages = [json.loads(line) for line in printed.splitlines()]
    assert len(pages) == 18 and len({page["page_id"] for page in pages}) == 18
    for number, page in enumerate(pages):
        request = requests[number // 3]
        assert page["request_id"] == request["request_id"] and allowed_page(page, request), page
        assert page["policy_id"].startswith("both@")
        steps = page["slot_propensities"]
        assert len(steps) == 8 and all(0 < step <= 1 for step in steps), steps
        # The schema leaves no choice but that of the items, so their steps make the page's probability.
        assert 0 < page["page_propensity"] <= 1
        assert math.isclose(page["page_propensity"], math.prod(steps), rel_tol=1e-6)
    assert len({json.dumps(page["sections"]) for page in pages[:3]}) > 1, "samples do not differ"

    # A page does not depend on the requests around it, and the greedy page has no propensity.
    alone = run.good("generate", text=lines[4] + "\n").splitlines()
    first_samples = [line for line in printed.splitlines() if json.loads(line)["page_id"].endswith("-0")]
    assert alone == [first_samples[4]]
    greedy = json.loads(run.good("generate", "--greedy", text=lines[0] + "\n"))
    assert allowed_page(greedy, requests[0]) and "page_propensity" not in greedy

    # Another seed explores; the same one repeats.
    seeded = [run.good("generate", "--seed", seed, text=lines[0] + "\n") for seed in (1, 7, 7)]
    assert seeded[0] == first_samples[0] + "\n" and seeded[1] == seeded[2] != seeded[0]

    broken = run.call("generate", text="\n".join([lines[0], lines[1][: len(lines[1]) // 2], "", lines[2]]) + "\n")
    assert broken.returncode == 1, broken
    answers = [json.loads(line) for line in broken.stdout.splitlines()]
    assert [set(answer) >= {"sections"} for answer in answers] == [True, False, True]
    assert set(answers[1]) == {"error", "line"} and answers[1]["line"] == 2 and answers[1]["error"]
    assert "line 2" in broken.stderr


def check_generated_pages_are_a_log(run):
    """What `inspect --requests` prints is what `generate` reads, and what that prints is what `import` reads."""
    done = subprocess.run(
        [run.binary, "inspect", str(run.log), "--requests", "3"], capture_output=True, text=True
    )
    assert done.returncode == 0 and len(done.stdout.splitlines()) == 3, (done.stdout, done.stderr)
    printed = run.good("generate", text=done.stdout)
    rows, log = run.work / "generated.jsonl", run.work / "generated"
    rows.write_text(printed)
    done = subprocess.run(
        [run.binary, "import", "--strict", str(rows), "--out", str(log)], capture_output=True, text=True
    )
    assert done.returncode == 0 and "pages 3" in done.stdout, (done.stdout, done.stderr)


def check_warning(run):
    """A weak fixed penalty and no stop: the policy leaves the warm-up far behind, and the run says so in words."""
    wild = run.copy_of_start("wild", keep_config=False)
    settings = {
        "ppo__kl": "fixed", "ppo__kl_coefficient": 0.02, "ppo__kl_hard_stop": 0, "ppo__iterations": 14,
        "ppo__optimizer__learning_rate": 3e-3,
    }
    wild.good("evaluate", evaluation__requests=1, **settings)  # begins a run of this configuration
    done = wild.call("train", "--policy", "both", **settings)
    assert done.returncode == 0, done.stderr
    warnings = [line for line in done.stderr.splitlines() if "numerics" in line]
    assert any("the divergence explodes" in line and "nats per page" in line for line in warnings), done.stderr
    assert "the divergence explodes" in (wild.folder / "train" / "both" / "warnings.txt").read_text()
    told = (wild.folder / "train" / "both" / "warnings.txt").read_text()
    wild.good("train", "--policy", "both", "--resume", **settings)
    assert (wild.folder / "train" / "both" / "warnings.txt").read_text() == told, "resuming forgot warnings"
    calm = (run.folder / "train" / "both" / "warnings.txt").read_text()
    assert "explodes" not in calm, calm


def check_metrics(run):
    lines = [json.loads(line) for line in (run.folder / "train" / "both" / "metrics.jsonl").read_text().splitlines()]
    assert [line["iteration"] for line in lines] == list(range(len(lines))), lines
    first = lines[0]
    assert first["kl_per_page"] == 0, "the first update's policy is the reference"
    rollouts = sorted(path.name for path in (run.folder / "train" / "both" / "rollouts").iterdir())
    assert rollouts == ["iteration-000000.h5"], rollouts
    assert first["first_ratio_deviation"] == 0 and len(lines) >= run.settings["ppo.iterations"]


class StartedRun(TinyRun):
    """Keeps a copy of the run folder as it was before `train`."""

    def copy_of_start(self, name, keep_config=True):
        return self.start.copy(name, keep_config)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pagewright", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--long", action="store_true")
    arguments = parser.parse_args()
    run = StartedRun(arguments.pagewright, arguments.work)
    run.prepare()
    run.start = run.copy("start")
    hashes, span = check_repeats(run)
    check_metrics(run)
    check_kills(run, hashes, 50 if arguments.long else 3, span)
    if arguments.long:
        return
    check_damage(run, hashes)
    check_other_configuration(run)
    for policy in ("page_only", "item_only", "pairs"):
        run.good("train", "--policy", policy)
    check_evaluation(run)
    check_generation(run)
    check_generated_pages_are_a_log(run)
    check_warning(run)
    assert not leftovers(run.work), leftovers(run.work)
    print("verbs_test: all is well")


if __name__ == "__main__":
    main()
