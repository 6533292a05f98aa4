"""A whole run of pagewright on a shop of 280 pages: what the Python tests of the verbs share. Standard library alone."""

import os
import pathlib
import resource
import shutil
import subprocess

SOURCE = pathlib.Path(__file__).resolve().parents[2]
QUICKSTART = SOURCE / "configs" / "quickstart.yaml"

# Sizes at which every verb takes well under a second.
TINY = {
    "simulator.pages": 240,
    "simulator.test_requests": 40,
    "simulator.catalogue.train_items": 200,
    "simulator.catalogue.test_items": 100,
    "warmup.epochs": 1,
    "rewards.gains.propensities": "power",
    "rewards.page.fit.epochs": 1,
    "rewards.item.fit.epochs": 1,
    "rewards.normaliser_pages": 64,
    "ppo.iterations": 4,
    "ppo.requests": 16,
    "ppo.checkpoint_every": 1,
    "evaluation.bootstrap": 200,
}


def limit_file_size(size):
    """For `preexec_fn`: files of the child cannot grow beyond `size` bytes, as on a full disk."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def leftovers(folder):
    """Temporary files and folders that an interrupted write would leave."""
    return sorted(str(path) for path in pathlib.Path(folder).rglob("*.tmp-*"))


class TinyRun:
    """Calls verbs on one run folder."""

    def __init__(self, binary, work, name="run", log="log", settings=None):
        self.binary = binary
        self.work = pathlib.Path(work)
        self.folder = self.work / name
        self.log = self.work / log
        self.settings = {**TINY, **(settings or {})}

    def command(self, verb, *arguments, config=QUICKSTART, **settings):
        """`settings` override keys; dots are written as double underscores."""
        values = {"run": self.folder, "log": self.log, **self.settings}
        values.update({key.replace("__", "."): value for key, value in settings.items()})
        sets = [part for key, value in values.items() for part in ("--set", f"{key}={value}")]
        return [self.binary, verb, str(config), *sets, *map(str, arguments)]

    def call(self, verb, *arguments, text=None, preexec=None, **settings):
        return subprocess.run(
            self.command(verb, *arguments, **settings),
            input=text, capture_output=True, text=True, preexec_fn=preexec, timeout=120,
        )

    def good(self, verb, *arguments, **settings):
        """Output of a call that must succeed."""
        done = self.call(verb, *arguments, **settings)
        assert done.returncode == 0, f"{verb} {arguments} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def good_plain(self, *arguments):
        """Output of a verb that takes no configuration."""
        done = subprocess.run([self.binary, *map(str, arguments)], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, f"{arguments} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def bad(self, verb, *arguments, says, **settings):
        """Message of a call that must end with exit code 1, say every text in `says`, and leave no half-written file."""
        done = self.call(verb, *arguments, **settings)
        assert_refused(f"{verb} {arguments} {settings}", done, says, self.work)
        return done.stderr

    def prepare(self):
        """Everything that `train` needs."""
        for call in (["simulate"], ["sft"], ["sft", "--imitation"], ["fit-reward"]):
            self.good(*call)

    def copy(self, name, keep_config=True):
        """A run folder with the same content."""
        other = TinyRun(self.binary, self.work, name, settings=self.settings)
        other.log = self.log
        shutil.rmtree(other.folder, ignore_errors=True)
        shutil.copytree(self.folder, other.folder)
        if not keep_config:
            os.remove(other.folder / "config.yaml")
        return other

    def train(self, *arguments, **settings):
        """Trains `both`; the two hashes."""
        return hashes_of(self.good("train", "--policy", "both", *arguments, **settings))

    def checkpoints(self, policy="both"):
        return sorted((self.folder / "train" / policy / "checkpoints").glob("step-" + 8 * "[0-9]"))


def assert_refused(what, done, says, work):
    assert done.returncode == 1, f"{what} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    for part in says:
        assert part in done.stderr, f"{what}: the message lacks {part!r}:\n{done.stderr}"
    assert not leftovers(work), f"{what} left {leftovers(work)}"


def hashes_of(printed):
    """The last two lines of `train`: (state, parameters)."""
    state, parameters = printed.splitlines()[-2:]
    for line, name in ((state, "state"), (parameters, "parameters")):
        words = line.split(" ")
        assert words[:2] == [name, "sha256"] and len(words) == 3, line
        assert len(words[2]) == 64 and set(words[2]) <= set("0123456789abcdef"), line
    return state.split()[2], parameters.split()[2]
