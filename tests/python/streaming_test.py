"""`pagewright import` reads files larger than memory: what it takes does not grow with the file, but for the page ids.

With --long JSON Lines and a table have PAGEWRIGHT_STREAMING_GB gigabytes (5) each, and less than 1 GB of memory must do."""

import argparse
import os
import pathlib
import subprocess
import time

MB = 1_000_000
PAGE_ID_BYTES = 40  # at most, for each page: hashes of the ids that were used are kept


def json_line(page, request):
    candidates = ", ".join(
        f'{{"id": "i{(page * 7 + 13 * k) % 60000}-{k}", "title": "Nice lamp {k} red", "category": "c{k % 5}", "brand": "b{k % 7}", '
        f'"price": {100 + (page * 31 + k) % 9000}, "currency": "EUR"}}' for k in range(20))
    shown = [f'"i{(page * 7 + 13 * k) % 60000}-{k}"' for k in range(8)]
    return (f'{{"page_id": "p{page}", "policy_id": "x", "request_id": "r{request}", "timestamp": {1700000000 + page}, '
            f'"context": {{"user": "u{page % 3000}", "device": "mobile"}}, "candidates": [{candidates}], "order": ["s1", "s2"], '
            f'"sections": {{"s1": {{"type": "carousel", "items": [{", ".join(shown[:5])}]}}, '
            f'"s2": {{"type": "list", "items": [{", ".join(shown[5:])}]}}}}, '
            f'"events": [{{"action_name": "click", "slot": {page % 8}, "timestamp": {1700000010 + page}}}]}}\n')


def table_rows(page, _):
    return "".join(f"{page},u{page % 3000},{1700000000 + page},list,{k},i{(page * 7 + 13 * k) % 60000},c{k % 5},b{k % 7},"
                   f"{(100 + page * 31 + k) % 9000}.5,{int(k == page % 8)}\n" for k in range(8))


def write_file(path, size, line, head):
    """Returns the number of pages."""
    page, written = 0, len(head)
    with path.open("w") as out:
        out.write(head)
        while written < size:
            block = "".join(line(number, number) for number in range(page, page + 500))
            out.write(block)
            written += len(block)
            page += 500
    return page


def import_file(command):
    """Seconds of processor time and peak memory in MB of a child."""
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = child.stdout.read().decode()
    _, status, usage = os.wait4(child.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0, said
    return said, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / MB


def check_form(binary, work, name, sizes, line, head="", options=()):
    peaks = []
    for size in sizes:
        path, log = work / f"rows-{name}", work / f"log-{name}"
        start = time.monotonic()
        pages = write_file(path, size, line, head)
        made = time.monotonic() - start
        said, seconds, peak = import_file([binary, "import", path, "--out", log, *options])
        assert f"pages {pages}," in said and "unusable rows 0" in said, said
        print(f"{name}: {path.stat().st_size / MB:.0f} MB, {pages} pages (made in {made:.0f} s), {seconds:.0f} s of processor time, "
              f"{path.stat().st_size / MB / seconds:.0f} MB/s, peak {peak:.0f} MB", flush=True)
        peaks.append((pages, peak))
        path.unlink()
        subprocess.run(["rm", "-r", log], check=True)
    (few, small), (many, large) = peaks
    return small, large, (many - few) * PAGE_ID_BYTES / MB


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pagewright", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--long", action="store_true", help="gigabytes")
    options = parser.parse_args()
    # A part holds 50,000 requests: the smaller file fills one, so that the larger one shows what grows with the file.
    sizes = {"table": (25 * MB, 50 * MB)}
    if options.long:
        most = int(float(os.environ.get("PAGEWRIGHT_STREAMING_GB", "5")) * 1000 * MB)
        sizes = {"jsonl": (200 * MB, most), "table": (60 * MB, most)}
    table_map = options.work / "map.yaml"
    table_map.write_text("{page: [page], user: user, item: item, timestamp: time, position: position, click: click, "
                         "section: {column: section}, item_columns: {category: category, brand: brand, price: price}}\n")
    forms = {"jsonl": (json_line,),
             "table": (table_rows, "page,user,time,section,position,item,category,brand,price,click\n",
                       ("--format", "table", "--map", table_map))}
    for name, both in sizes.items():
        small, large, ids = check_form(options.pagewright, options.work, name, both, *forms[name])
        # Noise: the allocator and what the system counts of libraries' pages.
        assert large - small < ids + 80, f"{name}: memory grew from {small:.0f} to {large:.0f} MB"
        if options.long:
            assert large < 1000, f"{name}: {large:.0f} MB"
    print("passed")


if __name__ == "__main__":
    main()
