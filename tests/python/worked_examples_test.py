"""configs/rewards/: for every data set, rows made in its form go through import, inspect, fit-clicks, sft and fit-reward by the
commands of docs/tables.md. Better items get more feedback, and the fitted models must order held-out swaps better than chance."""

import argparse
import datetime
import json
import math
import pathlib
import random
import subprocess
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]
# Small fits: the configurations themselves are meant for a whole data set.
SMALL = {"model.dim": 32, "model.layers": 1, "warmup.epochs": 1, "rewards.normaliser_pages": 64,
         "rewards.page.fit.epochs": 2, "rewards.item.fit.epochs": 2, "rewards.page.fit.batch": 16,
         "rewards.item.fit.batch": 16, "rewards.page.fit.optimizer.learning_rate": 3e-3,
         "rewards.item.fit.optimizer.learning_rate": 3e-3, "rewards.clicks.models": "[position_rate, pbm]"}
START = 1400000000


class Shop:
    """Items of different quality, and users who look at fewer slots the further down they stand."""

    def __init__(self, items, seed=3):
        self.random = random.Random(seed)
        self.quality = [self.random.gauss(0, 1.5) for _ in range(items)]

    def page(self, slots):
        """Items in a random order, and what happened on each: 0 nothing, 1 click, 2 bought."""
        shown = self.random.sample(range(len(self.quality)), slots)
        return shown, [self.feedback(item, place) for place, item in enumerate(shown)]

    def feedback(self, item, place):
        wanted = 1 / (1 + math.exp(1 - 1.5 * self.quality[item]))
        if self.random.random() > wanted / (1 + 0.15 * place):
            return 0
        return 2 if self.random.random() < 0.4 else 1


def date(seconds, form):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime(form)


def expedia2013(folder, shop, pages):
    rows = ["srch_id,date_time,site_id,visitor_location_country_id,srch_destination_id,srch_length_of_stay,srch_adults_count,"
            "srch_children_count,prop_id,prop_starrating,prop_review_score,prop_brand_bool,prop_location_score1,position,"
            "price_usd,promotion_flag,random_bool,click_bool,gross_bookings_usd,booking_bool"]
    for page in range(pages):
        for place, (item, done) in enumerate(zip(*shop.page(8))):
            # What a user sees of quality: stars and reviews.
            stars = max(1, min(5, round(3 + shop.quality[item])))
            price = 60 + 13 * (item % 9)
            rows.append(f"{page},{date(START + 60 * page, '%Y-%m-%d %H:%M:%S')},5,219,{page % 11},{1 + page % 4},2,0,{item},{stars},"
                        f"{max(0, min(5, round(2 * (2.5 + shop.quality[item])) / 2))},{item % 2},2.5,{place + 1},{price}.5,0,1,"
                        f"{int(done > 0)},{price if done == 2 else 'NULL'},{int(done == 2)}")
    (folder / "train.csv").write_text("\n".join(rows) + "\n")
    return "train.csv"


def rl4rs(folder, shop, pages):
    items = ["item_id item_vec price location special_item"]
    items += [f"{item} 0.1,0.2 {20 + item % 7}.5 {1 + item % 3} 1" for item in range(len(shop.quality))]
    (folder / "item_info.csv").write_text("\n".join(items) + "\n")
    rows = ["timestamp@session_id@sequence_id@exposed_items@user_feedback@user_seqfeature@user_protrait@item_feature@"
            "behavior_policy_id"]
    for page in range(pages):
        shown, done = shop.page(9)
        rows.append(f"{START + 60 * page}@{page // 2}@{1 + page % 2}@{','.join(map(str, shown))}@"
                    f"{','.join(str(int(value > 0)) for value in done)}@0,0@0@0@1")
    (folder / "rl4rs_dataset_a_rl.csv").write_text("\n".join(rows) + "\n")
    return "rl4rs_dataset_a_rl.csv"


def diginetica(folder, shop, pages):
    queries = ["queryId;sessionId;userId;timeframe;duration;eventdate;searchstring.tokens;categoryId;items;is.test"]
    clicks, orders = ["queryId;timeframe;itemId"], ["sessionId;userId;timeframe;eventdate;ordernumber;itemId"]
    for page in range(pages):
        seconds = START + 7200 * page
        shown, done = shop.page(8)
        queries.append(f"{page};{page};NA;3000;200;{date(seconds, '%Y-%m-%d')};7,8;{page % 5};{','.join(map(str, shown))};FALSE")
        for item, value in zip(shown, done):
            if value > 0:
                clicks.append(f"{page};3100;{item}")
            if value == 2:
                orders.append(f"{page};NA;9000;{date(seconds + 86400 * shop.random.randrange(4), '%Y-%m-%d')};o{page};{item}")
    products = ["itemId;pricelog2;product.name.tokens"] + [f"{item};{6 + item % 5};{item % 13}" for item in range(len(shop.quality))]
    for name, rows in {"train-queries": queries, "train-clicks": clicks, "train-purchases": orders, "products": products}.items():
        (folder / f"{name}.csv").write_text("\n".join(rows) + "\n")
    return "train-queries.csv"


def ubi(folder, shop, pages):
    queries, events = [], []
    for page in range(pages):
        shown, done = shop.page(8)
        stamp = [date(START + 60 * page + second, "%Y-%m-%dT%H:%M:%SZ") for second in (0, 9, 20, 30)]
        queries.append({"query_id": f"q{page}", "client_id": f"u{page}", "user_query": f"lamp {page % 3}",
                        "query_response_hit_ids": [f"h{item}" for item in shown], "timestamp": stamp[0]})
        for place, (item, value) in enumerate(zip(shown, done)):
            actions = ["click"] if value == 1 else ["click", "add_to_cart", "purchase"] if value == 2 else []
            for action, time in zip(actions, stamp[1:]):
                events.append({"action_name": action, "query_id": f"q{page}", "client_id": f"u{page}", "timestamp": time,
                               "event_attributes": {"object": {"object_id": f"h{item}"}, "position": {"ordinal": place + 1}}})
    for name, rows in {"queries": queries, "events": events}.items():
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return "queries.jsonl"


def otto(folder, shop, sessions):
    """Four kinds of sessions, each of which stays with items of its own: only the history tells which items go on."""
    lines, of_kind = [], len(shop.quality) // 4
    for session in range(sessions):
        first = (session % 4) * of_kind
        items = [first + shop.random.randrange(of_kind) for _ in range(12)]
        lines.append({"session": session, "events": [
            {"aid": item, "ts": 1000 * (START + 100 * session + 5 * place) + place,
             "type": shop.random.choices(["clicks", "carts", "orders"], [90, 7, 3])[0]} for place, item in enumerate(items)]})
    (folder / "train.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return "train.jsonl"


# What goes on a session is in pairs of ids, which takes more sessions and passes to learn than an item's own quality.
PAGES = {"otto": 1000}
LONGER = {"otto": {"rewards.page.fit.epochs": 8, "rewards.item.fit.epochs": 8}}
EXAMPLES = {"expedia2013": (expedia2013, 60), "rl4rs": (rl4rs, 40), "diginetica": (diginetica, 40), "ubi": (ubi, 40),
            "otto": (otto, 48)}


def call(binary, *arguments):
    done = subprocess.run([binary, *map(str, arguments)], capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, f"{arguments} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def numbers(value):
    """All numbers in a JSON value; NaN is written as null, which stands for no number."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [number for part in value for number in numbers(part)]
    return [value] if isinstance(value, float) else []


def check_example(binary, work, name):
    make, items = EXAMPLES[name]
    folder = work / name
    folder.mkdir()
    config = SOURCE / "configs" / "rewards" / f"{name}.yaml"
    table = ["--format", "otto"] if name == "otto" else ["--format", "table", "--map", SOURCE / "configs" / "import" / f"{name}.yaml"]
    pages = PAGES.get(name, 500)
    rows = folder / make(folder, Shop(items), pages)
    said = call(binary, "import", *table, rows, "--out", folder / "log", "--strict", "--split-shares", 0.3, 0)
    assert f"pages {pages}," in said and "unusable rows 0" in said, said
    inspected = call(binary, "inspect", folder / "log")
    assert ("put together by the importer" in inspected) == (name == "otto"), inspected
    sets = [part for key, value in {**SMALL, **LONGER.get(name, {}), "run": folder / "run", "log": folder / "log"}.items() for part in ("--set", f"{key}={value}")]
    for verb in ("fit-clicks", "sft", "fit-reward"):
        call(binary, verb, config, *sets)
    card = json.loads((folder / "run" / "rewards" / "card.json").read_text())
    assert all(math.isfinite(number) for number in numbers(card)), card
    return card


def check_better_than_chance(name, figures):
    """Three standard deviations above a half; returns the share in the right order."""
    least = 0.5 + 3 * 0.5 / math.sqrt(figures["pairs"])
    assert figures["accuracy"] > least, f"{name}: {figures}, wanted above {least:.3f}"
    return figures["accuracy"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pagewright", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--only", choices=EXAMPLES, help="one of the data sets")
    options = parser.parse_args()
    for name in [options.only] if options.only else EXAMPLES:
        start = time.monotonic()
        models = check_example(options.pagewright, options.work, name)["models"]
        swaps = check_better_than_chance(name, models["item"]["swaps"])
        # Order says nothing on pages that nobody saw.
        page = models["page-utility" if name == "otto" else "page-both"]
        ranking = None if name == "otto" else check_better_than_chance(name, page["pairs"]["ranking"])
        auc = page["click"]["auc"]
        assert auc > 0.6, f"{name}: {auc}"
        print(f"{name}: item model {swaps:.2f} of swaps, page model {f'{ranking:.2f} of ranking pairs, ' if ranking else ''}"
              f"clicks {auc:.2f} AUC, {time.monotonic() - start:.0f} s", flush=True)
    print("passed")


if __name__ == "__main__":
    main()
