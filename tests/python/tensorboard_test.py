"""The `tensorboard` package reads the event files of a training run, and they say what metrics.jsonl says."""

import argparse
import json
import math
import pathlib
import sys

import numpy as np
from tensorboard.backend.event_processing import event_accumulator

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from tiny_run import TinyRun  # noqa: E402


def scalars(folder):
    """{tag: [(step, value)]}, read by TensorBoard's own code."""
    events = event_accumulator.EventAccumulator(str(folder), size_guidance={event_accumulator.SCALARS: 0})
    events.Reload()
    return {tag: [(event.step, event.value) for event in events.Scalars(tag)] for tag in events.Tags()["scalars"]}


def recorded(file):
    """The same from metrics.jsonl, in the 32 bits that events have."""
    found = {}
    for line in file.read_text().splitlines():
        values = json.loads(line)
        step = values.pop("iteration")
        assert values.pop("seconds") >= 0
        for tag, value in values.items():
            found.setdefault(tag, []).append((step, float(np.float32(math.nan if value is None else value))))
    return found


def check_same(folder):
    shown, written = scalars(folder / "tensorboard"), recorded(folder / "metrics.jsonl")
    assert {"reward", "kl_per_page", "entropy", "clip_fraction", "explained_variance"} <= set(shown), sorted(shown)
    assert shown.keys() == written.keys(), shown.keys() ^ written.keys()
    for tag, points in written.items():
        np.testing.assert_array_equal(np.array(shown[tag]), np.array(points), err_msg=tag)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pagewright", required=True)
    parser.add_argument("--work", required=True)
    arguments = parser.parse_args()
    run = TinyRun(arguments.pagewright, arguments.work)
    run.prepare()
    run.train()
    folder = run.folder / "train" / "both"
    files = list((folder / "tensorboard").iterdir())
    assert len(files) == 1 and ".tfevents." in files[0].name, files
    check_same(folder)
    # A run that goes on takes back what it does again.
    run.train("--resume")
    assert len(list((folder / "tensorboard").iterdir())) == 2
    check_same(folder)
    print("tensorboard_test: all is well")


if __name__ == "__main__":
    main()
