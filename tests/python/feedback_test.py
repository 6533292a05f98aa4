"""Feedback that is poor or wrong in itself: named counts, a clear error or a stated fallback, and never a number that is none."""

import argparse
import json
import math
import pathlib
import random
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from tiny_run import TinyRun  # noqa: E402

SLOTS, CANDIDATES, START = 8, 12, 1700000000


def page(number, draw, purchases=True, equal=False):
    """A page of two sections; what is clicked and bought goes by category and slot."""
    if equal:
        draw = random.Random(5)
    items = [
        {"id": f"i{draw.randrange(200)}-{k}", "price": 1000 + 100 * draw.randrange(40), "currency": "EUR",
         "category": f"c{draw.randrange(5)}", "brand": f"b{draw.randrange(9)}"}
        for k in range(CANDIDATES)
    ]
    shown = draw.sample(range(CANDIDATES), SLOTS)
    time = START + 100 * number
    events = []
    for slot, candidate in enumerate(shown):
        if draw.random() > (0.6 if items[candidate]["category"] == "c1" else 0.2) * 0.85**slot:
            continue
        events.append({"action_name": "click", "slot": slot, "timestamp": time + 5 + slot})
        if purchases and draw.random() < 0.4:
            events.append({"action_name": "purchase", "slot": slot, "timestamp": time + 50 + slot,
                           "price": items[candidate]["price"]})
    ids = [items[candidate]["id"] for candidate in shown]
    return {"page_id": f"p{number}", "user": f"u{number // 3}", "timestamp": time, "policy_id": "shop",
            "context": {"device": "mobile"}, "candidates": items, "order": ["carousel", "grid"],
            "sections": {"carousel": {"type": "carousel", "items": ids[:4]}, "grid": {"type": "grid", "items": ids[4:]}},
            "slot_propensities": [1 / (CANDIDATES - k) for k in range(SLOTS)], "slot_propensity_kind": "slot_given_prefix",
            "events": events}


def pages(count=240, **how):
    draw = random.Random(3)
    return [page(number, draw, **how) for number in range(count)]


def finite(value, place=""):
    """Fails with the place of a number that is none."""
    if isinstance(value, dict):
        for key, part in value.items():
            finite(part, f"{place}/{key}")
    elif isinstance(value, list):
        for i, part in enumerate(value):
            finite(part, f"{place}/{i}")
    elif isinstance(value, float):
        assert math.isfinite(value), place


class Shop:
    """Imports rows and fits rewards to them, each under a name of its own."""

    def __init__(self, binary, work):
        self.binary, self.work = binary, pathlib.Path(work)

    def write(self, name, rows):
        file = self.work / f"{name}.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return file

    def imported(self, name, rows):
        """What `import` and `inspect` say, and a run on the log."""
        file, log = self.write(name, rows), self.work / f"{name}-log"
        done = subprocess.run([self.binary, "import", str(file), "--out", str(log)], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        said = subprocess.run([self.binary, "inspect", str(log)], capture_output=True, text=True)
        assert said.returncode == 0, said.stderr
        run = TinyRun(self.binary, self.work, f"{name}-run", f"{name}-log", settings={"ppo.iterations": 1})
        return done.stdout + done.stderr + said.stdout, run

    def left_out(self, name, rows, says):
        """One row is not usable: it is counted and named, and the others are imported."""
        said, _ = self.imported(name, rows)
        for part in ["unusable rows 1", f"{name}.jsonl", *says]:
            assert part in said, f"import did not say {part!r}:\n{said}"


def fits(shop_run, /, says=(), **settings):
    """Rewards can be fitted and a policy trained from them; every number is one."""
    shop_run.good("sft", **settings)
    done = shop_run.call("fit-reward", **settings)
    assert done.returncode == 0, done.stdout + done.stderr
    for part in says:
        assert part in done.stderr + done.stdout, f"fit-reward did not say {part!r}:\n{done.stderr}"
    folder = pathlib.Path(settings.get("run", shop_run.folder))
    for name in ("report.json", "card.json"):
        finite(json.loads((folder / "rewards" / name).read_text()), name)
    shop_run.train(**settings)


def change(rows, at, act):
    rows = json.loads(json.dumps(rows))
    act(rows[at])
    return rows


def check_propensities(shop, rows):
    for value in (0, 1.5, -0.1):
        shop.left_out(f"propensity{value}", change(rows, 4, lambda row: row["slot_propensities"].__setitem__(2, value)),
                     [":5: slot_propensities[2]"])
    without = json.loads(json.dumps(rows))
    for row in without[:30]:
        del row["slot_propensities"], row["slot_propensity_kind"]
    _, run = shop.imported("unlogged", without)
    settings = {"rewards.gains.propensities": "logged", "rewards.gains.estimator": "self_normalised"}
    run.good("sft", **settings)
    run.bad("fit-reward", says=["propensit", "p0"], **settings)
    fits(run, run=shop.work / "unlogged-power")  # which needs none


def check_events(shop, rows):
    strange = change(rows, 7, lambda row: row["events"].append({"action_name": "click", "item_id": "nowhere", "timestamp": START}))
    shop.left_out("strange", strange, [":8", "nowhere"])
    early = json.loads(json.dumps(rows))
    for row in early[:25]:
        row["events"].append({"action_name": "purchase", "slot": 0, "timestamp": row["timestamp"] - 9, "price": 1500})
    said, run = shop.imported("early", early)
    assert "25 of 240 (10.4 %) pages have events older than the page" in said, said
    fits(run, ["purchases are older than their page"], **{"rewards.gains.delayed_purchases": "weight"})


def check_purchases(shop, rows):
    said, run = shop.imported("none", pages(purchases=False))
    run.good("sft")
    run.bad("fit-reward", says=["no purchase with a price", "price_power: 0"])
    fits(run, ["nothing is known of what sells"], run=shop.work / "none-unpriced", **{"rewards.gains.price_power": 0})

    priceless = json.loads(json.dumps(rows))
    for row in priceless:
        for item in row["candidates"]:
            del item["price"], item["currency"]
        for event in row["events"]:
            event.pop("price", None)
    said, run = shop.imported("priceless", priceless)
    assert "purchases have no price" in said, said
    run.good("sft")
    run.bad("fit-reward", says=["no purchase with a price", "price_ref"])
    fits(run, ["purchases have no price"], run=shop.work / "priceless-ref", **{"rewards.gains.price_ref": 2000})

    mixed = json.loads(json.dumps(rows))
    for row in mixed[::2]:
        for item in row["candidates"]:
            item["currency"] = "JPY"
    said, _ = shop.imported("mixed", mixed)
    assert "prices are in 2 currencies" in said, said


def check_sameness(shop):
    _, run = shop.imported("equal", pages(equal=True))
    fits(run)
    silent = pages()
    for row in silent:
        row["events"] = []
    said, run = shop.imported("silent", silent)
    assert "not one page has feedback" in said, said
    run.good("sft")
    run.bad("fit-reward", says=["no purchase with a price"])
    run.good("sft", run=shop.work / "silent-unpriced", rewards__gains__price_power=0)
    run.bad("fit-reward", run=shop.work / "silent-unpriced", rewards__gains__price_power=0,
            says=["no training page has two slots of different gain", "clicks on some of them"])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pagewright", required=True)
    parser.add_argument("--work", required=True)
    arguments = parser.parse_args()
    shop, rows = Shop(arguments.pagewright, arguments.work), pages()
    check_propensities(shop, rows)
    check_events(shop, rows)
    check_purchases(shop, rows)
    check_sameness(shop)


if __name__ == "__main__":
    main()
