"""How long a purchase lasts: the median gap of an item, else of its category; of too few gaps nothing."""

from datetime import UTC, date, datetime, timedelta
from statistics import median

import pytest

from expectations.contracts import snapshot as contract
from spark_jobs.publish.repurchase import LEAST_GAPS, learn_repurchase_days
from spark_jobs.publish.snapshot_tables import SnapshotTables
from tests.spark_jobs.publish.conftest import published

LAST = datetime(2026, 1, 31, 9, tzinfo=UTC)


def buy(customer, item, *days_ago, kind="purchase"):
    """Rows of one customer's interactions with one item."""
    return [
        {
            "interaction_id": f"{customer}/{item}/{kind}/{n}/{ago}",
            "customer_id": customer,
            "item_id": item,
            "interaction_type": kind,
            "occurred_at": LAST - timedelta(days=ago),
        }
        for n, ago in enumerate(days_ago)
    ]


@pytest.fixture
def tea_shop(shop):
    """Consumables: 0 to 3 are tea, 4 is coffee; the rest are mugs."""
    for n, row in enumerate(shop.rows["feat_items"]):
        row["is_consumable"] = n < 5
        row["category_path"] = ["Drinks", "Tea"] if n < 4 else ["Drinks", "Coffee"] if n == 4 else ["Mugs"]
    gaps = [10 + n for n in range(LEAST_GAPS)]
    rows = [row for n, gap in enumerate(gaps) for row in buy(f"c{n}", "item-00", gap + 3, 3)]
    rows += buy("c0", "item-00", 3, 3)  # twice on one day is one purchase
    rows += buy("c0", "item-00", 8, kind="view")
    rows += buy(None, "item-00", 5, 4) + buy("old", "item-00", 900, 800)
    rows += buy("few", "item-01", 60, 20)
    rows += [row for n in range(LEAST_GAPS - 1) for row in buy(f"c{n}", "item-04", 9, 2)]
    rows += [row for n in range(2 * LEAST_GAPS) for row in buy(f"c{n}", "item-10", 9, 2)]
    shop.rows["fct_interactions"] = rows
    return shop


def test_days_are_learned_from_purchases(tea_shop):
    lake = tea_shop.land()
    days = learn_repurchase_days(lake, SnapshotTables(lake).items, date(2026, 2, 1))
    of_item = median(10 + n for n in range(LEAST_GAPS))
    of_tea = median([*(10 + n for n in range(LEAST_GAPS)), 40])
    assert days == {"item-00": of_item, "item-01": of_tea, "item-02": of_tea, "item-03": of_tea}


def test_nothing_is_learned_where_nothing_was_bought(shop):
    lake = shop.land()
    assert learn_repurchase_days(lake, SnapshotTables(lake).items, date(2026, 2, 1)) == {}


def test_what_is_declared_comes_first(tea_shop):
    from spark_jobs.publish.job import run

    tea_shop.rows["core_items"][1]["attributes"] = [("repurchase_days", "90")]
    tea_shop.rows["core_items"][10]["attributes"] = [("repurchase_days", "90")]
    run(tea_shop.night("one"), tea_shop.land())
    found = published(tea_shop)[1]

    def read_days(item_id):
        packed = found[contract.get_item_key(item_id)]
        return contract.unpack_record(contract.ItemFacts, packed).repurchase_days

    assert read_days("item-00") == median(10 + n for n in range(LEAST_GAPS))
    assert [read_days(f"item-{n:02d}") for n in (1, 4, 10)] == [90, None, None], "a mug is bought once"
