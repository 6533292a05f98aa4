#!/usr/bin/env python3
"""Latency of pages through the long-lived `generate`: a closed loop of clients, each of which sends its next request when
it has its page. Prints a table and writes JSON; a benchmark, no test. Makes a run of its own unless --run names one.

    python3 tests/bench/serve_bench.py --pagewright build/pagewright --out build/bench/serve_bench.json"""

import argparse
import collections
import json
import os
import pathlib
import platform
import shlex
import subprocess
import tempfile
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]


def percentile(sorted_values, share):
    return sorted_values[min(len(sorted_values) - 1, int(share * len(sorted_values)))]


def measure(command, requests, clients, pages, warm_up):
    """Latencies in milliseconds of `pages` pages, sorted, and pages per second."""
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    sent, latencies = collections.deque(), []

    def send(number):
        sent.append(time.perf_counter())
        process.stdin.write(requests[number % len(requests)])
        process.stdin.flush()

    total = warm_up + pages
    for number in range(clients):
        send(number)
    started = None
    for number in range(total):
        if number == warm_up:
            started = time.perf_counter()
        if not process.stdout.readline().startswith(b'{"page_id"'):
            raise SystemExit(f"no page for request {number}")
        now = time.perf_counter()
        latencies.append(1000 * (now - sent.popleft()))
        if number + clients < total:
            send(number + clients)
    seconds = time.perf_counter() - started
    process.stdin.close()
    if process.wait(timeout=60) != 0:
        raise SystemExit("generate failed")
    return sorted(latencies[warm_up:]), pages / seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pagewright", default=str(SOURCE / "build" / "pagewright"))
    parser.add_argument("--config", default=str(SOURCE / "configs" / "quickstart.yaml"))
    parser.add_argument("--run", help="folder of a run that has the policy, with its log in LOG")
    parser.add_argument("--log")
    parser.add_argument("--policy", default="warmup")
    parser.add_argument("--pages", type=int, default=6000, help="measured for each row")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--options", default="", help='further options of generate, as in --options="--batch 4"')
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--repeat", type=int, default=0, help="send so many different requests, again and again")
    parser.add_argument("--out", help="JSON file")
    arguments = parser.parse_args()

    with tempfile.TemporaryDirectory() as work:
        run, log = arguments.run or f"{work}/run", arguments.log or f"{work}/log"
        sets = [part for value in [f"run={run}", f"log={log}", *arguments.set] for part in ("--set", value)]
        call = lambda verb, *more: [arguments.pagewright, verb, arguments.config, *sets, *more]  # noqa: E731
        if not arguments.run:
            for verb in ("simulate", "sft"):
                subprocess.run(call(verb), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        printed = subprocess.run([arguments.pagewright, "inspect", log, "--requests", "1000000"], check=True, capture_output=True)
        requests = printed.stdout.splitlines(True)
        requests = requests[: arguments.repeat or None]
        rows = []
        print(f"{len(requests)} requests of {sum(map(len, requests)) // len(requests)} bytes, policy {arguments.policy}")
        print("threads  at once     p50     p95     p99  ms   pages/s")
        further = shlex.split(arguments.options)
        for threads in arguments.threads:
            for clients in arguments.clients:
                command = call("generate", "--policy", arguments.policy, "--set", f"threads={threads}", *further)
                latencies, rate = measure(command, requests, clients, arguments.pages, arguments.pages // 10)
                row = {"threads": threads, "clients": clients, "pages": len(latencies), "pages_per_second": rate,
                       **{f"p{share}_ms": percentile(latencies, share / 100) for share in (50, 95, 99)}}
                rows.append(row)
                print(f"{threads:7} {clients:8} {row['p50_ms']:7.2f} {row['p95_ms']:7.2f} {row['p99_ms']:7.2f} {rate:13.0f}",
                      flush=True)
    if arguments.out:
        pathlib.Path(arguments.out).parent.mkdir(parents=True, exist_ok=True)
        result = {"machine": platform.processor() or platform.machine(), "cores": os.cpu_count(), "options": arguments.options,
                  "different_requests": len(requests), "rows": rows}
        pathlib.Path(arguments.out).write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
