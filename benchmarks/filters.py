"""What hard filters, item changes and filter expressions cost an answer: `make bench NAME=filters`.

Microseconds of the processor, in one process over a home on disk: 100 candidates are asked about, ten times
as many as a list of ten usually needs. The costliest expressions that are refused are timed too.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.soak.hidden_items.home import publish_night
from serving_app.catalogue.changes import PRICE, to_microseconds
from serving_app.catalogue.current_items import CurrentItems
from serving_app.catalogue.store import NewChange
from serving_app.filters.expression import InvalidFilter, compile_filter
from serving_app.filters.fields import FilterContext
from serving_app.filters.hard_filters import NO_REQUEST, FilterRequest, build_hard_filters
from serving_app.settings import Settings
from serving_app.stores import Stores, open_stores

ITEMS = [f"item-{n}" for n in range(100)]
SIMPLE, SEVERAL = "price < 20", 'category = "Mugs" and price < 20 and not brand in ["x", "y"]'
COSTLY = {
    "the longest list": "price in [" + "1," * 999 + "1]",
    "the most parts": " or ".join(["price<3"] * 360),
    "the deepest": "(" * 4000,
    "the longest name": "a" * 4000,
}


def measure(action: Callable[[], object], n: int) -> float:
    """Microseconds of the processor that an action takes, the first time left out."""
    action()
    started = time.process_time()
    for _ in range(n):
        action()
    return (time.process_time() - started) / n * 1e6


def ask_about_candidates(stores: Stores, items: CurrentItems, request: FilterRequest) -> None:
    """What one answer does of filters."""
    snapshot = stores.snapshots.get_current()
    with stores.restrictions.open_view() as view:
        find_reason = build_hard_filters(items.get_reader(snapshot), view, request)
        for item_id in ITEMS:
            find_reason(item_id)


def bind(text: str, now: datetime) -> FilterRequest:
    """What one request does of its expression, which was compiled before."""
    return FilterRequest(is_match=compile_filter(text).bind(None, FilterContext(now)))


def refuse(text: str) -> None:
    """Compile an expression that is refused; nothing of it is remembered."""
    try:
        compile_filter(text)
    except InvalidFilter:
        return
    raise SystemExit("an expression that is too costly was not refused")


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench NAME=filters", description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=2000)
    n, now = parser.parse_args().repeats, datetime.now(UTC)
    with tempfile.TemporaryDirectory() as folder:
        publish_night(Path(folder), 1)
        stores = open_stores(Settings(home=Path(folder), sources=("sample_shop",)), lambda: now)
        items, snapshot = CurrentItems(stores.item_changes), stores.snapshots.get_current()
        print(f"100 candidates: {measure(lambda: ask_about_candidates(stores, items, NO_REQUEST), n):.0f} µs")
        changed = [NewChange(item_id, {PRICE: 3.0}, to_microseconds(now)) for item_id in ITEMS[:50]]
        stores.item_changes.record(changed)
        cost = measure(lambda: ask_about_candidates(stores, items, NO_REQUEST), n)
        print(f"the same, half of them changed: {cost:.0f} µs")
        print(f"of which the state of the store: {measure(lambda: items.get_reader(snapshot), n):.1f} µs")
        item = snapshot.read_item(ITEMS[0])
        for text in (SIMPLE, SEVERAL):
            is_match = bind(text, now).is_match
            print(
                f"{text}: bound in {measure(lambda text=text: bind(text, now), n):.0f} µs, then"
                f" {measure(lambda is_match=is_match: is_match('item-0', item), n):.2f} µs an item"
            )
    for name, text in COSTLY.items():
        print(f"{name}, refused: {measure(lambda text=text: refuse(text), 5) / 1000:.1f} ms")


if __name__ == "__main__":
    main()
