"""What a customer bought and is not due again is in the snapshot; what was sent back is not theirs."""

import random
from datetime import UTC, date, datetime, timedelta

import pytest

from expectations.contracts import snapshot as contract
from expectations.contracts.bought_items import BoughtItems
from spark_jobs.publish.bought_items import encode_bought_items
from spark_jobs.publish.job import run
from spark_jobs.publish.snapshot_tables import SnapshotTables
from tests.spark_jobs.publish.conftest import N_ITEMS, published

LANDING_DATE = date(2026, 2, 1)
ITEM_IDS = [f"item-{n:02d}" for n in range(N_ITEMS)]


class Interactions:
    """Rows of `fct_interactions`."""

    def __init__(self):
        self.rows = []

    def add(self, customer_id, n, days_ago, kind="purchase", quantity=1):
        self.rows.append(
            {
                "interaction_id": str(len(self.rows)),
                "customer_id": customer_id,
                "item_id": f"item-{n:02d}",
                "interaction_type": kind,
                "occurred_at": datetime(2026, 2, 1, 9, tzinfo=UTC) - timedelta(days=days_ago),
                "quantity": quantity,
            }
        )


@pytest.fixture
def customer_ids(shop):
    return list(shop.ids.values())


@pytest.fixture
def interactions(shop):
    made = Interactions()
    shop.rows["fct_interactions"] = made.rows
    return made


def read_bought(pairs, customer_id):
    """Days ago by number of item, of what a customer bought; None: nothing."""
    pairs = dict(pairs)
    packed = pairs.get(contract.get_bought_items_key(customer_id))
    if packed is None:
        return None
    vocabulary = contract.ListVocabulary.of_bytes(pairs[contract.CATALOGUE])
    bought = BoughtItems(packed, vocabulary)
    found = {n: bought.find_date(item_id) for n, item_id in enumerate(ITEM_IDS)}
    days_ago = {n: (LANDING_DATE - day).days for n, day in found.items() if day}
    assert len(days_ago) == len(bought)
    return days_ago


def test_what_lasts_is_bought_for_good_and_a_consumable_until_it_is_due(shop, customer_ids, interactions):
    anna, bert, cleo, *_ = customer_ids
    for n in (0, 1, 2):
        shop.rows["feat_items"][n]["is_consumable"] = True
    shop.rows["core_items"][1]["attributes"] = [("repurchase_days", "90")]
    for n in (0, 1, 5):
        interactions.add(anna, n, 400)
        interactions.add(anna, n, 60)
    interactions.add(anna, 2, 29)
    interactions.add(bert, 2, 30)  # due on the landing date: 30 days, since nothing says more of it
    interactions.add(bert, 5, 3, "view")
    interactions.add(bert, 5, 3, "cart")
    interactions.add("held back or without consent", 5, 3)
    interactions.add(None, 5, 3)
    run(shop.night("one"), shop.land())
    pairs = published(shop)[1]
    assert read_bought(pairs, anna) == {1: 60, 2: 29, 5: 60}
    assert read_bought(pairs, bert) is None and read_bought(pairs, cleo) is None
    assert sum(key.startswith(b"b/") for key in pairs) == 1


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param([(9, "purchase", 1), (5, "return", 1)], None, id="sent back"),
        pytest.param([(9, "purchase", 1), (9, "return", 1)], None, id="in the same second"),
        pytest.param([(9, "purchase", 3), (5, "return", -1)], {7: 9}, id="a part was kept"),
        pytest.param([(9, "purchase", None), (5, "return", None)], None, id="pieces not said"),
        pytest.param([(9, "purchase", 1), (5, "return", 1), (2, "purchase", 1)], {7: 2}, id="bought anew"),
        pytest.param([(9, "return", 4), (5, "purchase", 1)], {7: 5}, id="of an older purchase"),
        pytest.param([(9, "return", 1)], None, id="never bought"),
    ],
)
def test_what_was_sent_back_is_not_theirs(shop, customer_ids, interactions, changes, expected):
    for days_ago, kind, quantity in changes:
        interactions.add(customer_ids[0], 7, days_ago, kind, quantity)
    vocabulary = contract.ListVocabulary(ITEM_IDS)
    pairs = dict(encode_bought_items(SnapshotTables(shop.land()), vocabulary, {}, LANDING_DATE))
    pairs[contract.CATALOGUE] = vocabulary.as_bytes()
    assert read_bought(pairs, customer_ids[0]) == expected


def test_purchases_and_returns_of_many_customers(shop, customer_ids, interactions):
    chance = random.Random(5)
    for n in (1, 3, 8):
        shop.rows["feat_items"][n]["is_consumable"] = True
    days = {"item-03": 100.0, "item-08": 12.5}
    history = {}
    for _ in range(3000):
        customer_id, n = chance.choice(customer_ids), chance.randrange(20)
        kind = chance.choice(["purchase", "purchase", "return", "view"])
        days_ago, pieces = chance.randrange(300), chance.randint(1, 3)
        interactions.add(customer_id, n, days_ago, kind, pieces)
        history.setdefault(customer_id, {}).setdefault(n, []).append((-days_ago, kind, pieces))
    vocabulary = contract.ListVocabulary(ITEM_IDS)
    pairs = dict(encode_bought_items(SnapshotTables(shop.land()), vocabulary, days, LANDING_DATE))
    pairs[contract.CATALOGUE] = vocabulary.as_bytes()
    n_bought = 0
    for customer_id in customer_ids:
        expected = {}
        for n, changes in history[customer_id].items():
            pieces = 0
            for _, kind, changed in sorted(changes):  # of one time: a purchase before a return
                pieces = pieces + changed if kind == "purchase" else pieces
                pieces = max(0, pieces - changed) if kind == "return" else pieces
            days_ago = min((-at for at, kind, _ in changes if kind == "purchase"), default=None)
            lasts = {1: 30, 3: 100, 8: 12.5}.get(n, float("inf"))
            if pieces and days_ago < lasts:
                expected[n] = days_ago
        assert read_bought(pairs, customer_id) == (expected or None)
        n_bought += len(expected)
    assert n_bought > 100


def test_a_home_without_interactions_publishes(shop):
    assert not list(
        encode_bought_items(SnapshotTables(shop.land()), contract.ListVocabulary(ITEM_IDS), {}, LANDING_DATE)
    )


def test_new_purchases_make_a_new_snapshot(shop, customer_ids, interactions):
    interactions.add(customer_ids[0], 1, 3)
    run(shop.night("one"), shop.land())
    interactions.add(customer_ids[0], 2, 1)
    run(shop.night("two", date(2026, 2, 2)), shop.land("fct_interactions"))
    record, pairs = published(shop)
    assert record.snapshot == "two"
    assert read_bought(pairs, customer_ids[0]) == {1: 3, 2: 1}
