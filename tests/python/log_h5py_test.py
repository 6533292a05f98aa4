"""A log opens in h5py, and the pandas snippet of docs/log-format.md does what it says."""

import argparse
import json
import pathlib
import re
import subprocess

import h5py
import numpy as np

SOURCE = pathlib.Path(__file__).resolve().parents[2]


def run_snippet(log):
    text = (SOURCE / "docs" / "log-format.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", text, re.S)
    names = {"log": str(log)}
    exec(compile(code, "docs/log-format.md", "exec"), names)
    return names


def check_arrays(log):
    with h5py.File(log / "part-00000.h5") as part:
        assert part.attrs["format"].decode() == "pagewright-log"
        assert part.attrs["format_version"] == 1
        assert part["candidates/price"].dtype == np.dtype("<i8")
        arrays = []
        part.visititems(lambda name, item: arrays.append(item) if isinstance(item, h5py.Dataset) else None)
        assert arrays and all(array.ndim == 1 and array.chunks is None for array in arrays)
        assert all(h5py.check_vlen_dtype(array.dtype) is None for array in arrays)


def documented_arrays():
    """Names in the table of the documentation, `a/b`, `c` standing for a/b and a/c."""
    text = (SOURCE / "docs" / "log-format.md").read_text()
    table = text[text.index("| array | type") : text.index("*Page order*")]
    found = set()
    for cell in re.findall(r"^\| (`[^|]*) \|", table, re.M):
        group = None
        for name in re.findall(r"`([^`]*)`", cell):
            group = name.rsplit("/", 1)[0] if "/" in name else group
            found.add(name if "/" in name else f"{group}/{name}")
    item = {name.split("/")[1] for name in found if name.startswith("candidates/")}
    found.discard("history/...")
    return found | {f"history/{name}" for name in item}


def check_documentation(log):
    arrays = set()
    with h5py.File(log / "part-00000.h5") as part:
        part.visititems(lambda name, item: arrays.add(name) if isinstance(item, h5py.Dataset) else None)
    assert arrays == documented_arrays(), arrays ^ documented_arrays()


def check_json_lines(binary, work):
    """The example of the documentation is a row that can be imported."""
    text = (SOURCE / "docs" / "log-format.md").read_text()
    (example,) = re.findall(r"```json\n(.*?)```", text, re.S)
    rows, log = work / "rows.jsonl", work / "json"
    rows.write_text(json.dumps(json.loads(example)) + "\n")
    subprocess.run([binary, "import", "--strict", str(rows), "--out", str(log)], check=True)
    names = run_snippet(log)
    assert list(names["slots"]["item_id"]) == ["B12", "B07"]
    assert list(names["slots"]["section"]) == ["carousel", "grid"]
    assert list(names["events"]["quantity"]) == [1, 1, 2]
    assert list(names["click_rate"]) == [1, 0]
    keys = set(re.findall(r"`([a-z_]+)`", text[text.index("| `request_id`") : text.index("Other keys are errors")]))
    assert set(json.loads(example)) <= keys, set(json.loads(example)) - keys


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pagewright", required=True)
    parser.add_argument("--work", required=True)
    arguments = parser.parse_args()
    log = pathlib.Path(arguments.work) / "log"
    source = SOURCE / "tests" / "data" / "trivago_form" / "made_up.jsonl"
    subprocess.run(
        [arguments.pagewright, "import", "--format", "trivago", "--split", "train", str(source), "--out", str(log)],
        check=True,
    )
    check_arrays(log)
    check_documentation(log)
    names = run_snippet(log)

    rows = [json.loads(line) for line in source.read_text().splitlines()]
    pages, slots, events = names["pages"], names["slots"], names["events"]
    assert list(pages["page_id"]) == [row["page_id"] for row in rows]
    assert pages["first_view"].sum() == 8
    first = slots[slots["page"] == 0]
    assert list(first["item_id"]) == [str(item) for item in rows[0]["items"]]
    assert list(first["price"]) == [100 * price for price in rows[0]["prices"]]
    assert set(slots["section"]) == {"results"}
    bought = events[(events["page"] == 2) & (events["action"] == "purchase")]
    assert list(bought["slot"]) == [0] and list(bought["price"]) == [4000]
    # Soft clicks of all rows of a list, by list, straight from the source.
    lists = {}
    for row in rows:
        lists.setdefault((row["session"], tuple(row["items"])), set()).update(row["clicks"])
    for slot, rate in names["click_rate"].items():
        shown = [clicks for (_, items), clicks in lists.items() if len(items) > slot]
        assert np.isclose(rate, sum(slot in clicks for clicks in shown) / len(shown)), slot
    check_json_lines(arguments.pagewright, pathlib.Path(arguments.work))
    print("log_h5py_test: all is well")


if __name__ == "__main__":
    main()
