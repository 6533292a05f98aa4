"""Bad input, one kind after another: exit code 1, a message that names the file, line or key, nothing half-written."""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from tiny_run import QUICKSTART, SOURCE, TinyRun, assert_refused, leftovers, limit_file_size  # noqa: E402


def tree(folder):
    return sorted(str(path.relative_to(folder)) for path in pathlib.Path(folder).rglob("*"))


def check_configuration(run):
    config = run.work / "config.yaml"
    text = QUICKSTART.read_text()

    def refused(change, says):
        config.write_text(change(text))
        run.bad("train", config=config, says=[str(config), *says])
        assert not run.folder.exists(), f"{says}: the run folder was made"

    line = text.splitlines().index("  epochs: 2") + 1
    refused(lambda t: t.replace("  epochs: 2", "  epoch: 2"), [f":{line}:3", "epoch", "epochs"])
    refused(lambda t: t.replace("  epochs: 2", "  epochs: many"), [f":{line}:11", "ppo.epochs", "many"])
    refused(lambda t: t.replace("  epochs: 2", "  gamma: 1.5"), [f":{line}:10", "ppo.gamma", "[0, 1]"])
    refused(lambda t: t.replace("  epochs: 2", "  epochs: 2\n  epochs: 3"), ["epochs"])
    refused(lambda t: t.replace("  epochs: 2", "  epochs: [2"), [":"])
    refused(lambda t: t.replace("{name: page_only, alpha", "{alpha"), ["name"])
    # All mistakes at once.
    refused(
        lambda t: t.replace("  epochs: 2", "  epoch: 2").replace("  samples: 4", "  samples: few"),
        ["epoch", "few"],
    )
    config.unlink()
    run.bad("train", config=config, says=[str(config)])
    run.bad("train", ppo__iteratons=3, says=["--set", "iteratons", "iterations"])
    run.bad("train", ppo__iterations=-1, says=["--set", "ppo.iterations"])
    assert not run.folder.exists()


def check_log(run):
    """A part of a log that is cut, foreign, or of a format to come; a log that is not there."""
    part = run.log / "part-00000.h5"
    whole = part.read_bytes()

    def newer(content):
        """The attribute format_version with 9 in place of 1. Behind its name come its type, its shape (of no dimensions,
        an 8-byte 1 as well) and its value."""
        one = b"\1" + 7 * b"\0"
        shape = content.index(one, content.index(b"format_version\0"))
        at = content.index(one, shape + 8)
        return content[:at] + b"\t" + content[at + 1 :]

    shard = next((run.folder / "train" / "both" / "checkpoints").glob("step-*")) / "shard-0000.h5"
    for content, says in (
        (whole[: len(whole) // 2], []),
        (whole[:100], []),
        (b"", []),
        (b"page,item\n1,2\n" * 100, []),
        (shard.read_bytes(), ["pagewright-log"]),
        (newer(whole), ["format version 9", "newer"]),
    ):
        part.write_bytes(content)
        for verb in ("sft", "evaluate"):
            run.bad(verb, says=[str(part), *says])
        done = subprocess.run([run.binary, "inspect", str(run.log)], capture_output=True, text=True)
        assert_refused("inspect", done, [str(part)], run.work)
    part.write_bytes(whole)

    hidden = run.log.rename(run.work / "hidden")
    run.bad("sft", says=[str(run.log)])
    run.bad("sft", run=run.work / "fresh", says=[str(run.log)])
    assert not (run.work / "fresh").exists(), "a run was begun without its log"
    hidden.rename(run.log)


def check_rows(run):
    """Rows that cannot be imported."""
    good = (SOURCE / "tests" / "data" / "jsonl_form" / "pages.jsonl").read_text().splitlines()
    rows, log = run.work / "rows.jsonl", run.work / "imported"

    def refused(lines, says, *options):
        rows.write_text("".join(line + "\n" for line in lines))
        done = subprocess.run(
            [run.binary, "import", str(rows), "--out", str(log), *options], capture_output=True, text=True
        )
        assert_refused(f"import of a row: {says}", done, says, run.work)
        assert not log.exists(), f"{says}: a log was left"

    def changed(change):
        row = json.loads(good[0])
        change(row)
        return json.dumps(row)

    where = f"{rows}:2: "
    refused([good[1], good[0][: len(good[0]) // 2], good[2]], [where], "--strict")
    refused([good[1], changed(lambda row: row.pop("candidates"))], [where, "candidates"], "--strict")
    refused([good[1], changed(lambda row: row["candidates"].pop(1))], [where, "B12"], "--strict")

    def unknown(row):
        row["sections"]["top"]["items"][0] = "B99"

    refused([good[1], changed(unknown)], [where, "B99"], "--strict")

    def negative(row):
        row["candidates"][0]["price"] = -1

    refused([good[1], changed(negative)], [where, "candidates[0].price"], "--strict")

    def mistyped(row):
        row["candidates"][0]["price"] = "cheap"

    refused([good[1], changed(mistyped)], [where, "price"], "--strict")
    # Without --strict bad rows are counted; a file of nothing else makes no log.
    refused([good[0][:50], changed(negative)], [str(rows)])
    refused([], [str(rows)])


def check_requests(run):
    """A line that is no request is answered by an error, and the process goes on."""
    run.good("evaluate", evaluation__requests=1)
    request = json.loads((run.folder / "pages.jsonl").read_text().splitlines()[0])["request"]

    def changed(change):
        other = json.loads(json.dumps(request))
        change(other)
        return json.dumps(other)

    lines = [
        json.dumps(request),
        "{",
        changed(lambda r: r.pop("candidates")),
        changed(lambda r: r["candidates"][0].update(price=-5)),
        changed(lambda r: r.update(candidates=r["candidates"][:3])),
        changed(lambda r: r.update(candidates=r["candidates"] + [{"id": f"x{i}"} for i in range(9)])),
        changed(lambda r: r.update(candidates=[])),
        changed(lambda r: r["candidates"][1].update(id=r["candidates"][0]["id"])),
        "[1, 2]",
        json.dumps(request),
    ]
    done = run.call("generate", text="".join(line + "\n" for line in lines))
    assert done.returncode == 1, done
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(lines), done.stdout
    assert "sections" in answers[0] and answers[0] == answers[-1]
    for number, answer in enumerate(answers[1:-1], 2):
        assert set(answer) == {"error", "line"} and answer["line"] == number and answer["error"], answer
        assert f"line {number}: {answer['error']}" in done.stderr
    assert run.call("generate", "--policy", "nobody", text=lines[0] + "\n").returncode == 1


def check_full_disk(run):
    """A file-size limit stands for a full disk: what was there stays, what was begun is gone, and the run goes on when
    there is room again."""
    before = tree(run.work)
    run.bad("simulate", log=run.work / "other_log", preexec=limit_file_size(20000), says=[str(run.work / "other_log")])
    assert tree(run.work) == before, set(tree(run.work)) ^ set(before)

    expected = run.copy("unlimited").train()
    tight = run.copy("tight")
    run.bad("train", "--policy", "both", run=tight.folder, preexec=limit_file_size(200000), says=[str(tight.folder)])
    assert not tight.checkpoints(), "a checkpoint that did not fit was published"
    assert not (tight.folder / "policies" / "both").exists()
    assert tight.train("--resume") == expected

    spoilt = run.copy("spoilt")
    warmup = (spoilt.folder / "policies" / "warmup" / "model.safetensors").read_bytes()
    run.bad("sft", run=spoilt.folder, preexec=limit_file_size(100000), says=[str(spoilt.folder)])
    assert (spoilt.folder / "policies" / "warmup" / "model.safetensors").read_bytes() == warmup
    before = tree(spoilt.folder)
    for verb in ("evaluate", "report"):
        run.bad(verb, run=spoilt.folder, preexec=limit_file_size(5000), says=[str(spoilt.folder)])
        assert tree(spoilt.folder) == before, set(tree(spoilt.folder)) ^ set(before)
    run.bad("fit-reward", run=spoilt.folder, preexec=limit_file_size(100000), says=[str(spoilt.folder)])
    assert tree(spoilt.folder) == before, set(tree(spoilt.folder)) ^ set(before)


def check_folders(run):
    """A run folder that cannot be made, and one of another run. Below a file no folder can be made, even by root."""
    blocker = run.work / "blocker"
    blocker.write_text("")
    run.bad("sft", run=blocker / "run", says=[str(blocker / "run")])
    run.bad("simulate", log=blocker / "log", says=[str(blocker)])
    run.bad("simulate", says=[str(run.log), "exists"])
    for verb in ("train", "fit-reward", "report", "generate"):
        run.bad(verb, says=[str(run.folder), "sft"])
    assert blocker.read_text() == "" and not run.folder.exists()


def check_unwritable(run):
    """Folders without write permission, as a user that has not root's powers."""
    nobody = (lambda: (os.setgroups([]), os.setgid(65534), os.setuid(65534))) if os.geteuid() == 0 else None
    locked = run.work / "locked"
    locked.mkdir()
    (locked / "run").mkdir()
    for folder in (locked / "run", locked):
        folder.chmod(0o555)
    reached = subprocess.run(
        [run.binary, "inspect", str(run.log)], preexec_fn=nobody, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    if reached.returncode != 0:
        print(f"NOT TRIED: folders without write permission, since user 65534 cannot read {run.log}")
        return
    for target in (locked / "run", locked / "another"):
        run.bad("sft", run=target, preexec=nobody, says=[str(target)])
    run.bad("simulate", log=locked / "log", preexec=nobody, says=[str(locked)])
    assert tree(locked) == ["run"], tree(locked)


def check_models(run):
    """Models that are missing, cut, or not of this run."""
    other = run.copy("models")
    weights = other.folder / "policies" / "warmup" / "model.safetensors"
    whole = weights.read_bytes()
    for content in (whole[: len(whole) // 2], b"not a model", b""):
        weights.write_bytes(content)
        other.bad("train", "--policy", "both", says=[str(weights)])
    weights.unlink()
    other.bad("train", "--policy", "both", says=[str(weights.parent)])
    shutil.rmtree(weights.parent)
    other.bad("train", "--policy", "both", says=["sft"])
    shutil.copytree(run.folder / "rewards" / "item", weights.parent)
    other.bad("train", "--policy", "both", says=[str(weights.parent)])

    other = run.copy("models")
    scale = other.folder / "rewards" / "scale-page-utility.json"
    content = json.loads(scale.read_text())
    scale.write_text(json.dumps({**content, "version": 99}))
    other.bad("train", "--policy", "both", says=[str(scale), "newer"])
    scale.write_text(scale.read_text()[:40])
    other.bad("train", "--policy", "both", says=[str(scale)])
    other.bad("train", "--policy", "everything", says=["everything", "both"])

    other = run.copy("models")
    other.train()
    for folder in other.checkpoints():
        manifest = folder / "manifest.json"
        manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "version": 99}))
    other.bad("train", "--policy", "both", "--resume", says=[str(other.checkpoints()[-1]), "99", "newer"])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pagewright", required=True)
    parser.add_argument("--work", required=True)
    arguments = parser.parse_args()
    run = TinyRun(arguments.pagewright, arguments.work, settings={"ppo.iterations": 2})
    check_configuration(run)
    run.good("simulate")
    check_folders(run)
    check_unwritable(run)
    check_rows(run)
    run.good("sft")
    run.good("fit-reward")
    check_models(run)
    check_full_disk(run)
    run.train()
    check_log(run)
    check_requests(run)
    assert not leftovers(run.work), leftovers(run.work)
    print("bad_input_test: all is well")


if __name__ == "__main__":
    main()
