"""`pagewright import` of JSON Lines beside a Python script that parses the same lines, gives strings codes and fills the same
columns, without the checks. Processor time of both, on one core.
  python3 tests/bench/import_bench.py build/pagewright [PAGES]"""

import array
import json
import pathlib
import random
import resource
import subprocess
import sys
import tempfile
import time

KINDS = {"impression": 0, "click": 1, "add_to_cart": 2, "purchase": 3}


def write_log(path, pages):
    """Twenty candidates, eight slots, eight impressions and two clicks a page."""
    random.seed(1)
    with path.open("w") as lines:
        for number in range(pages):
            candidates = [{"id": f"i{random.randrange(5000)}-{k}", "title": f"Nice lamp {k} red", "category": f"c{k % 5}",
                           "brand": f"b{k % 7}", "price": random.randrange(100, 9000), "currency": "EUR"} for k in range(20)]
            ids = [candidate["id"] for candidate in candidates]
            random.shuffle(ids)
            events = [{"action_name": "impression", "slot": k, "timestamp": 1700000002} for k in range(8)]
            events += [{"action_name": "click", "slot": random.randrange(8), "timestamp": 1700000010} for _ in range(2)]
            lines.write(json.dumps({
                "page_id": f"p{number}", "policy_id": "x", "request_id": f"r{number}", "timestamp": 1700000000 + number,
                "context": {"user": f"u{number % 3000}", "device": "mobile"}, "candidates": candidates, "order": ["s1", "s2"],
                "sections": {"s1": {"type": "carousel", "layout": "carousel", "items": ids[:5]},
                             "s2": {"type": "list", "layout": "list", "items": ids[5:8]}},
                "events": events}) + "\n")


def import_in_python(path, out):
    start = time.process_time()
    codes = {}

    def code(text):
        return codes.setdefault(text, len(codes))

    columns = {name: array.array("q") for name in ("request", "user", "time", "id", "title", "category", "brand", "price",
                                                   "slot", "kind", "event_slot", "event_time")}
    for line in path.open():
        row = json.loads(line)
        columns["request"].append(code(row["request_id"]))
        columns["user"].append(code(row["context"]["user"]))
        columns["time"].append(row["timestamp"])
        place = {}
        for number, item in enumerate(row["candidates"]):
            place[item["id"]] = number
            for name in ("id", "title", "category", "brand"):
                columns[name].append(code(item[name]))
            columns["price"].append(item["price"])
        for section in row["order"]:
            for item in row["sections"][section]["items"]:
                columns["slot"].append(place[item])
        for event in row["events"]:
            columns["kind"].append(KINDS[event["action_name"]])
            columns["event_slot"].append(event["slot"])
            columns["event_time"].append(event["timestamp"])
    with out.open("wb") as file:
        for column in columns.values():
            column.tofile(file)
    return time.process_time() - start


def import_by_pagewright(binary, path, out):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([binary, "import", path, "--out", out], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    binary = sys.argv[1]
    pages = int(sys.argv[2]) if len(sys.argv) > 2 else 20000
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        log = folder / "log.jsonl"
        write_log(log, pages)
        events = 10 * pages
        print(f"{pages} pages, {events} events, {log.stat().st_size / 1e6:.0f} MB")
        for name, seconds in (("pagewright import", import_by_pagewright(binary, log, folder / "log")),
                              ("Python", import_in_python(log, folder / "columns"))):
            print(f"{name:20} {seconds:6.2f} s  {events / seconds:9.0f} events/s  {pages / seconds:7.0f} pages/s")


if __name__ == "__main__":
    main()
