"""The verb `report`: one file that needs nothing beside it, for a finished run and for one that has hardly begun."""

import argparse
import html.parser
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from tiny_run import TinyRun  # noqa: E402

VOID = {"meta"}


class Reader(html.parser.HTMLParser):
    """Checks nesting; collects text, tags, and attributes that could fetch something."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.words, self.fetched = [], [], [], []
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.fetched += [value for name, value in attributes if name in ("src", "href") and not value.startswith("#")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, (tag, self.getpos())

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return " ".join(self.words)


def read_report(run):
    reader = Reader((run.folder / "report.html").read_text())
    assert not reader.fetched, reader.fetched
    assert not {"script", "link", "img", "iframe"} & set(reader.tags)
    return reader


def check_beginning(run):
    """After the warm-up alone the report says what is missing."""
    run.good("report")
    report = read_report(run)
    assert "No verdict" in report.text and "pagewright evaluate" in report.text
    assert "No policy was trained yet" in report.text
    assert "polyline" in report.tags, "the warm-up's learning curve is there already"


def verdict_of(run, baseline):
    """By the interval of the true utility: the rule that the report's first line must follow."""
    difference = json.loads((run.folder / "evaluation.json").read_text())["differences"][f"both - {baseline}"]["true_utility"]
    return "Better" if difference["low"] > 0 else "Worse" if difference["high"] < 0 else "Not shown"


def check_finished(run):
    for baseline in ("logged", "warmup"):
        run.good("report", "--baseline", baseline)
        report = read_report(run)
        assert report.text.split("Configuration", 1)[1].strip().startswith(verdict_of(run, baseline)), report.text[:400]
        for part in ("Why here?", "Expected gain", "Slot reward", "of pages change", "device: ", "valid pages",
                     "true_utility", "warmup", "oracle"):
            assert part in report.text, part
        assert report.tags.count("article") > 2 and report.tags.count("svg") > 8
    run.bad("report", "--policy", "nobody", says=["nobody", "both"])
    run.bad("report", "--policy", "both", "--baseline", "both", says=["both"])


def check_unconstrained(run):
    """Pages without the grammar are shown with what was trained for; a file of an older version is not."""
    run.good("evaluate", "--unconstrained")
    run.good("report")
    assert "Without the grammar" in read_report(run).text and "not trained for this" in read_report(run).text
    file = run.folder / "evaluation-unconstrained.json"
    evaluation = json.loads(file.read_text())
    assert evaluation.pop("grammar") == "off, not trained for"
    file.write_text(json.dumps(evaluation))
    done = run.call("report")
    assert done.returncode == 0 and str(file) in done.stderr and "older version" in done.stderr, done.stderr
    assert "Without the grammar" not in read_report(run).text


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pagewright", required=True)
    parser.add_argument("--work", required=True)
    arguments = parser.parse_args()
    run = TinyRun(arguments.pagewright, arguments.work)
    run.prepare()
    check_beginning(run)
    run.train()
    run.good("evaluate")
    check_finished(run)
    check_unconstrained(run)
    print("report_test: all is well")


if __name__ == "__main__":
    main()
