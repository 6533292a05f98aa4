"""`generate` as a shop runs it: files and streams, batches, scores of pages, and how the process ends."""

import argparse
import concurrent.futures
import http.client
import json
import math
import os
import pathlib
import random
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time

import h5py

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from tiny_run import SOURCE, TinyRun  # noqa: E402


def lines_of(text):
    return [json.loads(line) for line in text.splitlines()]


class Server:
    """A `generate` that reads from a pipe."""

    def __init__(self, run, *arguments, preexec=None, **settings):
        self.process = subprocess.Popen(
            run.command("generate", *arguments, **settings), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, preexec_fn=preexec,
        )

    def send(self, *lines):
        self.process.stdin.write("".join(line + "\n" for line in lines).encode())
        self.process.stdin.flush()

    def answer(self):
        return self.process.stdout.readline().decode()

    def end(self):
        """(exit code, what it still printed, what it said)."""
        self.process.stdin.close()
        return self.wait()

    def wait(self):
        rest = self.process.stdout.read().decode()
        said = self.process.stderr.read().decode()
        return self.process.wait(timeout=60), rest, said


def many_requests(requests, count):
    """Other ids, fewer candidates, another order of them."""
    chance = random.Random(7)
    made = []
    for number in range(count):
        request = json.loads(json.dumps(chance.choice(requests)))
        candidates = request["candidates"]
        chance.shuffle(candidates)
        request["request_id"] = f"made-{number}"
        request["candidates"] = candidates[: chance.randint(12, len(candidates))]
        made.append(json.dumps(request))
    return made


def check_batches(run, lines):
    """Pages do not depend on what is answered together, nor on threads; nor on whether they come from a file."""
    text = "\n".join(lines) + "\n"
    whole = run.good("generate", "--batch", 16, "--samples", 2, text=text, threads=2)
    pages = lines_of(whole)
    assert [page["request_id"] for page in pages] == [json.loads(line)["request_id"] for line in lines for _ in "ab"]
    for batch, threads in ((1, 1), (1, 2), (16, 1), (5, 2)):
        assert run.good("generate", "--batch", batch, "--samples", 2, text=text, threads=threads) == whole, (batch, threads)
    one_by_one = Server(run, "--samples", 2, threads=2)
    for number, line in enumerate(lines[:5]):
        one_by_one.send(line)
        # A lone request is answered without waiting for others.
        assert [one_by_one.answer(), one_by_one.answer()] == whole.splitlines(True)[2 * number : 2 * number + 2]
    assert one_by_one.end() == (0, "", ""), one_by_one

    folder = run.work / "requests"
    folder.mkdir()
    (folder / "lines.jsonl").write_text(text)
    (folder / "list.json").write_text(json.dumps([json.loads(line) for line in lines], indent=2))
    (folder / "one.json").write_text(json.dumps(json.loads(lines[0]), indent=2))
    for name in ("lines.jsonl", "list.json"):
        assert run.good("generate", "--samples", 2, folder / name) == whole, name
    assert run.good("generate", "--samples", 2, folder / "one.json") == "".join(whole.splitlines(True)[:2])
    broken = folder / "bad.json"
    broken.write_text(json.dumps([json.loads(lines[0]), {"request_id": "x"}], indent=1))
    done = run.call("generate", broken)
    assert done.returncode == 1 and f"{broken}, element 2" in done.stderr, done.stderr
    assert lines_of(done.stdout)[1]["element"] == 2
    run.bad("generate", folder / "missing.json", says=["missing.json", "cannot be opened"])


def check_problems_stay_apart(run, lines):
    """Bad lines in a batch leave the others as they are."""
    few = json.loads(lines[1])
    few["candidates"] = few["candidates"][:3]  # the schema needs eight
    nasty = [lines[0], json.dumps(few), "\udcff{", "[1]", lines[2], '{"request_id": "\\ud800"}', "nonsense " * 20, lines[3]]
    data = ("\n".join(nasty) + "\n").encode(errors="surrogateescape")
    done = subprocess.run(run.command("generate"), input=data, capture_output=True, timeout=60)
    assert done.returncode == 1, done
    answers = lines_of(done.stdout.decode())
    assert [answer.get("line", 0) for answer in answers] == [0, 2, 3, 4, 0, 6, 7, 0], answers
    assert "at least 8 items" in answers[1]["error"], answers[1]
    assert b"5 of 8 lines got an error instead of a page" in done.stderr, done.stderr
    good = run.good("generate", text="\n".join([lines[0], lines[2], lines[3]]) + "\n")
    assert [answers[0], answers[4], answers[7]] == lines_of(good)


def check_cache(run, lines):
    """Requests that come again get, from the cache or not, the same bits; a line that differs is another request."""
    again = [*lines[:6], *lines[:3], "{", lines[0].replace(": ", ":"), *lines[3:6], "{"]
    text = "\n".join(again) + "\n"
    plain, cached = run.call("generate", "--batch", 4, text=text), run.call("generate", "--batch", 4, "--cache", 100, text=text)
    assert plain.stdout == cached.stdout and plain.returncode == cached.returncode == 1
    assert "6 of 15 requests had been answered before" in cached.stderr, cached.stderr
    assert "before" not in plain.stderr
    small = run.call("generate", "--batch", 1, "--cache", 2, text="\n".join([lines[0], lines[1], lines[0], lines[2], lines[1], lines[0]]))
    assert "1 of 6 requests" in small.stderr, small.stderr


def check_scores(run, lines):
    """A page's score is what it was drawn with, to the last bit; tokens say the same as the page."""
    text = "\n".join(lines) + "\n"
    printed = run.good("generate", "--samples", 2, text=text)
    pages, file = lines_of(printed), run.work / "pages.jsonl"
    file.write_text(printed)
    scored = run.good("generate", "--score", file)
    scores = lines_of(scored)
    assert len(scores) == len(pages)
    for page, score in zip(pages, scores):
        for key in ("page_id", "request_id", "policy_id", "page_propensity", "slot_propensities"):
            assert page[key] == score[key], (key, page[key], score[key])
        assert len(score["token_log_probs"]) == len(score["tokens"]) == 8 + 2 * 2 + 1
        assert len(score["slot_log_probs"]) == 8
        assert score["page_log_prob"] == math.fsum(score["token_log_probs"]) or math.isclose(
            score["page_log_prob"], sum(score["token_log_probs"]), rel_tol=1e-12
        )
        assert math.isclose(math.exp(score["page_log_prob"]), page["page_propensity"], rel_tol=1e-12)
        chosen = [log for log in score["token_log_probs"] if log != 0]
        assert all(log in score["slot_log_probs"] for log in chosen), "only items are chosen under this schema"
    assert run.good("generate", "--score", "-", "--batch", 1, text=printed, threads=1) == scored

    by_tokens = []
    for page, score in zip(pages, scores):
        request = {key: page[key] for key in page if key in ("request_id", "context", "history", "candidates", "timestamp", "type")}
        by_tokens.append(json.dumps({**request, "page_id": page["page_id"], "tokens": score["tokens"]}))
    assert run.good("generate", "--score", "-", text="\n".join(by_tokens)) == scored

    # Another policy scores the same pages otherwise, and a greedy page has no propensity but a score.
    other = lines_of(run.good("generate", "--policy", "warmup", "--score", file))
    assert other[0]["tokens"] == scores[0]["tokens"] and other[0]["page_log_prob"] != scores[0]["page_log_prob"]
    greedy = run.good("generate", "--greedy", text=lines[0])
    (greedy_score,) = lines_of(run.good("generate", "--score", "-", text=greedy))
    assert greedy_score["page_log_prob"] >= scores[0]["page_log_prob"]

    def cause(change):
        page = json.loads(json.dumps(pages[0]))
        change(page)
        done = run.call("generate", "--score", "-", text=json.dumps(page))
        assert done.returncode == 1, done
        return json.loads(done.stdout)["error"]

    def twice(page):
        section = page["sections"]["s1"]["items"]
        section[1] = section[0]

    def tokens(values):
        def change(page):
            del page["sections"], page["order"]
            page["tokens"] = values
        return change

    assert "outside the grammar: duplicate_item" in cause(twice)
    assert "slot_range" in cause(lambda page: page["sections"]["s1"]["items"].pop())
    assert "not among the candidates" in cause(lambda page: page["sections"]["s1"]["items"].append("nobody"))
    assert "section_" in cause(lambda page: page["order"].reverse())
    assert "missing" in cause(lambda page: page.pop("sections"))
    assert "they are no page: truncated" in cause(tokens(scores[0]["tokens"][:-1]))
    assert "is no token" in cause(tokens([10**6]))
    for value in (1e300, -1e300, 2.5, -1):
        assert "is no token" in cause(tokens([value])), value
    assert "no page" in cause(tokens(scores[0]["tokens"][1:]))
    assert "unknown key" in cause(lambda page: page.update(tokenz=[]))
    run.bad_usage("generate", "--score", file, "--temperature", 0.5, says=["--score", "--temperature"])


def check_ends(run, lines):
    server = Server(run)
    server.send(*lines[:3])
    first = [server.answer() for _ in range(3)]
    server.process.stdin.write(lines[3][:50].encode())  # half a line
    server.process.stdin.flush()
    server.process.send_signal(signal.SIGTERM)
    assert server.wait() == (0, "", ""), "SIGTERM ends it cleanly"
    assert first == run.good("generate", text="\n".join(lines[:3])).splitlines(True)

    # What was read before SIGTERM is answered.
    server = Server(run)
    server.send(*lines)
    server.answer()
    server.process.send_signal(signal.SIGTERM)
    code, rest, said = server.wait()
    assert code == 0 and said == "" and len(rest.splitlines()) <= len(lines) - 1
    for line in rest.splitlines():
        json.loads(line)

    # A reader that goes away.
    server = Server(run)
    server.process.stdout.close()
    for line in lines:
        try:
            server.send(line)
        except BrokenPipeError:
            break
    said = server.process.stderr.read().decode()
    assert server.process.wait(timeout=60) == 1 and "reader of standard output went away" in said, said

    with open("/dev/full", "w") as full:
        done = subprocess.run(run.command("generate"), input=lines[0], text=True, stdout=full, stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == 1 and "No space left" in done.stderr, done.stderr


def check_flood(run, lines):
    """Who writes without reading is made to wait; memory stays bounded. An endless line is an error, not memory."""
    line = (lines[0] + "\n").encode()
    server = Server(run, "--batch", 4)
    sent = 0

    def flood():
        nonlocal sent
        try:
            for _ in range(8000):
                server.process.stdin.write(line)
                sent += 1
            server.process.stdin.write(b"x" * (40 << 20) + b"\n" + line)
            server.process.stdin.close()
        except (BrokenPipeError, ValueError):
            pass

    writer = threading.Thread(target=flood)
    writer.start()
    before = -1
    while before != sent:  # until it stands still
        before = sent
        time.sleep(1)
    assert 0 < sent < 2000, f"{sent} requests of {len(line)} bytes went in while nobody read the answers"
    answers = [server.answer() for _ in range(3)]
    assert len(set(answers)) == 1 and json.loads(answers[0])["request_id"]
    code, rest, said = server.wait()
    writer.join()
    usage = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    rest = rest.splitlines()
    assert code == 1 and len(rest) == 8000 - 3 + 2, (code, len(rest), said)
    assert "longer than 16777216 bytes" in json.loads(rest[-2])["error"] and rest[-1] + "\n" == answers[0]
    assert usage < 700 << 10, f"{usage >> 10} MiB"


class HttpFront:
    """One of the fronts of docs/examples before a policy."""

    def __init__(self, run, program, script, log):
        command = [program, str(SOURCE / "docs" / "examples" / script), "0", str(log), *run.command("generate", "--batch", 8)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().rsplit(" ", 1)[1])

    def post(self, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("POST", "/page", body)
        response = connection.getresponse()
        answer = response.read().decode()
        connection.close()
        return response.status, answer

    def policy_process(self):
        def parent(stat):
            try:
                return int(stat.read_text().rsplit(") ", 1)[1].split()[1])
            except OSError:  # ended meanwhile
                return 0

        (child,) = [int(stat.parent.name) for stat in pathlib.Path("/proc").glob("[0-9]*/stat") if parent(stat) == self.process.pid]
        return child


def check_front(run, lines, program, script):
    """Pages over HTTP are those of the policy; what the front logs becomes, with the clicks, a log with propensities."""
    name = pathlib.Path(script).stem + pathlib.Path(script).suffix[1:]
    shown = run.work / f"shown-{name}.jsonl"
    front = HttpFront(run, program, script, shown)
    expected = run.good("generate", text="\n".join(lines)).splitlines()
    with concurrent.futures.ThreadPoolExecutor(8) as clients:
        answers = list(clients.map(front.post, lines))
    assert [status for status, _ in answers] == [200] * len(lines)
    assert [answer.rstrip("\n") for _, answer in answers] == expected
    again = json.loads(lines[0])
    again["request_id"] = "pretty"
    status, answer = front.post(json.dumps(again, indent=2))
    assert status == 200 and json.loads(answer)["request_id"] == "pretty", answer
    for bad in ("{", '{"request_id": "r"}', json.dumps({**again, "constraints": {}})):
        status, answer = front.post(bad)
        assert status == 400 and "error" in json.loads(answer), (status, answer)

    pages = [json.loads(line) for line in shown.read_text().splitlines()]
    assert len(pages) == len(lines) + 1
    for page in pages:  # the shop adds what it saw
        section = page["sections"][page["order"][0]]
        page["events"] = [{"action_name": "impression", "slot": 0}, {"action_name": "click", "item_id": section["items"][1]}]
    rows, log = run.work / f"rows-{name}.jsonl", run.work / f"log-{name}"
    rows.write_text("".join(json.dumps(page) + "\n" for page in pages))
    printed = run.good_plain("import", "--strict", str(rows), "--out", str(log))
    assert f"pages {len(pages)}" in printed, printed
    with h5py.File(log / "part-00000.h5") as part:
        assert part["pages/propensity"][:].tolist() == [page["page_propensity"] for page in pages]
        assert part["slots/propensity"][:].tolist() == [step for page in pages for step in page["slot_propensities"]]
        assert set(part["pages/slot_propensity_kind"][:].tolist()) == {2}
        assert part["events/kind"][:].tolist() == [0, 1] * len(pages)
    # What is in the log can be scored by the next policy as it is.
    scores = lines_of(run.good("generate", "--policy", "warmup", "--score", rows))
    assert [score["page_id"] for score in scores] == [page["page_id"] for page in pages]

    os.kill(front.policy_process(), signal.SIGTERM)
    assert front.process.wait(timeout=30) != 0, "without its policy a front ends"
    front.process.stdout.close()
    front.process.stderr.close()


def check_fronts(run, lines):
    check_front(run, lines, sys.executable, "serve.py")
    if node := shutil.which("node"):
        check_front(run, lines, node, "serve.mjs")


class ServingRun(TinyRun):
    def bad_usage(self, verb, *arguments, says):
        done = self.call(verb, *arguments)
        assert done.returncode == 1 and all(part in done.stderr for part in says), done.stderr


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pagewright", required=True)
    parser.add_argument("--work", required=True)
    arguments = parser.parse_args()
    run = ServingRun(arguments.pagewright, arguments.work)
    run.prepare()
    run.good("train", "--policy", "both")
    requests = lines_of(run.good_plain("inspect", str(run.log), "--requests", 12))
    lines = many_requests(requests, 24)
    check_batches(run, lines)
    check_problems_stay_apart(run, lines)
    check_scores(run, lines)
    check_ends(run, lines)
    check_flood(run, lines)
    check_fronts(run, lines)
    check_cache(run, lines)
    print("serving_test: all is well")


if __name__ == "__main__":
    main()
