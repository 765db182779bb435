"""Drift on the sample shop: how many clean nights raise a false alarm, and is each planted drift found in its
first night?

    python -m benchmarks.drift --seeds 401 402 403 --customers 2000

The shop trades for 60 days before the first night that is judged, then for 30 clean ones. Every drift is
planted into the last day of each of these nights alone, and found when the night names a signal of its kind.
"""

import argparse
import gzip
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np

from expectations.contracts.home import HomePaths
from models.drift import DriftSignal, compute_drift_signals
from models.training_data import PURCHASE, Behaviour
from sample_shop.shop import Shop
from spark_jobs.train.provenance import date_to_day

WARM_UP, NIGHTS = 60, 30
KIND_OF = {"Product Viewed": 0, "Product Added": 1, "Order Completed": 2}


def simulate_shop(seed: int, n_customers: int, n_days: int) -> tuple[Behaviour, np.ndarray, np.ndarray]:
    """What a seeded shop's customers did, with each item's category and price."""
    rows, goods = set(), {}
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary)
        Shop(seed, n_customers, HomePaths(home).landing, HomePaths(home).truth, write_from=0).trade_until(
            n_days - 1
        )
        for line in (
            sorted((HomePaths(home).landing / "catalogue").glob("*/catalogue.jsonl"))[-1]
            .read_bytes()
            .splitlines()
        ):
            goods.update(parse_catalogue_line(line))
        for path in sorted((HomePaths(home).landing / "events").glob("*/events.jsonl.gz")):
            landed = date_to_day(date.fromisoformat(path.parent.name))
            with gzip.open(path, "rb") as lines:
                rows.update(
                    (*row, landed) for line in lines for row in parse_event_line(line) if row[1] in goods
                )
    customers, items = (sorted({row[n] for row in rows}) for n in (0, 1))
    person, thing = ({name: n for n, name in enumerate(names)} for names in (customers, items))
    table = np.array(sorted((person[c], thing[i], day, kind) for c, i, kind, day in rows), np.int32)
    behaviour = Behaviour(
        len(customers),
        len(items),
        table[:, 0],
        table[:, 1],
        table[:, 2],
        table[:, 3].astype(np.int8),
        int(table[:, 2].max()) + 1,
    )
    names = sorted({category for category, _ in goods.values()})
    category = np.array([names.index(goods[item][0]) for item in items], np.int32)
    return behaviour, category, np.array([goods[item][1] for item in items], np.float32)


def parse_catalogue_line(line: bytes) -> dict[str, tuple[str, float]]:
    """An item's category and price; nothing of a spoiled line."""
    try:
        item = json.loads(line)
        return {item["item_id"]: (item["category_path"][-1], float(item["price"]))}
    except (ValueError, KeyError, TypeError, IndexError):
        return {}


def parse_event_line(line: bytes) -> list[tuple[str, str, int]]:
    """Customer, item and kind of an event; nothing of a spoiled line."""
    try:
        event = json.loads(line)
        kind, properties = KIND_OF[event["event"]], event["properties"]
        person = event.get("userId") or event["anonymousId"]
        return [(person, product["product_id"], kind) for product in properties.get("products", [properties])]
    except (ValueError, KeyError, AttributeError, TypeError):
        return []


def plant_drift(
    behaviour: Behaviour,
    category: np.ndarray,
    price: np.ndarray,
    day: int,
    rng: np.random.Generator,
    share: float = 0.5,
) -> dict[str, Behaviour]:
    """The same history with this share of its last day drifted, by the kind of drift."""
    today = np.flatnonzero(behaviour.day == day)
    change = rng.random(len(today)) < share

    def items(chosen: np.ndarray) -> Behaviour:
        """So much of the day's behaviour moves to these items."""
        item = behaviour.item.copy()
        item[today[change]] = rng.choice(chosen, int(change.sum()))
        return replace(behaviour, item=item)

    bought = behaviour.kind == PURCHASE
    sold = np.bincount(behaviour.item[bought], minlength=behaviour.n_items)
    dear = np.flatnonzero(price >= np.quantile(price, 0.9))
    unsold = np.zeros(len(behaviour), bool)
    unsold[today[change]] = True
    return {
        "label: nobody buys any more": behaviour.where(~((behaviour.day == day) & bought)),
        "label: so many purchases fewer": behaviour.where(~(unsold & bought)),
        "feature: prices": items(dear),
        "feature: categories": items(np.flatnonzero(category == rng.integers(category.max() + 1))),
        "catalogue: so much is new items": replace(
            items(np.arange(behaviour.n_items, behaviour.n_items + 50)), n_items=behaviour.n_items + 50
        ),
        "feedback: so much is five items": items(np.argsort(-sold)[:5]),
    }


def detect_drift_alarms(
    behaviour: Behaviour, category: np.ndarray, price: np.ndarray, day: int
) -> list[DriftSignal]:
    """The alarms of a night over this day; of items behind the last one neither category nor
    price is known.
    """
    more = behaviour.n_items - len(category)
    categories = np.concatenate([category, np.full(more, -1, category.dtype)])
    prices = np.concatenate([price, np.full(more, np.nan, price.dtype)])
    return [each for each in compute_drift_signals(behaviour, day, categories, prices) if each.is_alarm]


def count_alarms(
    seed: int, n_customers: int, share: float, tell: Callable[[str], None] = print
) -> tuple[int, dict[str, int]]:
    """False alarms of the clean nights, and how many nights found each planted drift."""
    behaviour, category, price = simulate_shop(seed, n_customers, WARM_UP + NIGHTS)
    rng, last = np.random.default_rng(seed), behaviour.until - 1
    n_false, n_found = 0, {}
    for day in range(last - NIGHTS + 1, last + 1):
        known = behaviour.before(day + 1)
        alarms = detect_drift_alarms(known, category, price, day)
        n_false += bool(alarms)
        if alarms:
            tell(f"  clean night {day - last + NIGHTS}: {'; '.join(map(str, alarms))}")
        for name, drifted in plant_drift(known, category, price, day, rng, share).items():
            kind = name.partition(":")[0]
            is_alarmed = any(
                each.name.startswith(kind) for each in detect_drift_alarms(drifted, category, price, day)
            )
            n_found[name] = n_found.get(name, 0) + is_alarmed
    return n_false, n_found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[401, 402, 403])
    parser.add_argument("--customers", type=int, default=2000)
    parser.add_argument("--share", type=float, default=0.5, help="of the last day's behaviour that drifts")
    args = parser.parse_args()
    for seed in args.seeds:
        start = time.monotonic()
        n_false, n_found = count_alarms(seed, args.customers, args.share)
        print(
            f"seed {seed}, {args.customers:,} customers: {n_false} false alarms in {NIGHTS} clean nights;"
            " found at once:"
        )
        for name, n in n_found.items():
            print(f"    {name:<40} {n} of {NIGHTS}")
        print(f"    ({time.monotonic() - start:.0f} s)")


if __name__ == "__main__":
    main()
