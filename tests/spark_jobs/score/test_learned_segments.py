"""Learned segments of a small shop, night after night: who is in them, for how long, and who never is."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from expectations.contracts.identifiers import derive_customer_id
from expectations.contracts.lake import (
    CORE_IDENTITIES,
    CORE_IDENTITY_REVIEWS,
    FCT_INTERACTIONS,
    FEAT_CUSTOMERS,
    FEAT_ITEMS,
    PRED_CUSTOMER_SEGMENTS,
    REC_CUSTOMER_ITEMS,
)
from expectations.contracts.restrictions import CONSENTS, Permission
from expectations.contracts.restrictions_store import RestrictionDatabase
from spark_jobs.lake.tables import Lake
from spark_jobs.learning_data.behaviour import open_learning_data
from spark_jobs.run.checks import check_tables
from spark_jobs.score.learned_segments import write_learned_segments
from spark_jobs.score.scorable_customers import read_scorable_customers
from tests.spark_jobs.conftest import OPENED, Shop, item

N_CUSTOMERS, N_DAYS = 120, 30
NO_ANALYTICS, HELD_BACK, SAID_NO = 0, 1, 2
FANS = range(40)  # buy from the first shelf; the segment `regulars` is the first thirty of them
HEAD = "segment_id: {0}\nname: {0}\ndescription: Those.\n"


def person(n):
    return derive_customer_id(f"customer {n}")


def interactions(n_days):
    generator, rows = np.random.default_rng(5), []
    for day in range(n_days):
        for n in range(N_CUSTOMERS):
            shelf = 0 if n in FANS else 10
            bought = generator.integers(10) + shelf
            if (n + day) % 4 == 0:
                at = datetime(OPENED.year, OPENED.month, OPENED.day, 12, tzinfo=UTC) + timedelta(days=day)
                rows.append(
                    {
                        "interaction_id": f"x{len(rows):06}",
                        "customer_id": person(n),
                        "item_id": f"item-{bought:02}",
                        "interaction_type": "purchase",
                        "occurred_at": at,
                        "quantity": 1,
                        "amount": Decimal(10),
                        "order_id": f"o{len(rows)}",
                    }
                )
    return rows


@pytest.fixture
def shop(tmp_path):
    shop = Shop(tmp_path, Lake(tmp_path / "lake"), interactions(N_DAYS))
    shop.put(FCT_INTERACTIONS, shop.rows)
    shop.put(FEAT_ITEMS, [item(n) for n in range(20)])
    shop.put(FEAT_CUSTOMERS, [describe(n) for n in range(N_CUSTOMERS)])
    shop.put(REC_CUSTOMER_ITEMS, [])
    declare(shop, "like_regulars", "lookalike: {of: champions, size: 10}")
    declare(shop, "like_champions", "prospects: {item: none, size: 1}")  # in the place of the shipped one
    return shop


def describe(n, segments=None):
    members = ["champions"] if n < 30 else []
    return {
        "customer_id": person(n),
        "country": "France",
        "segment_ids": members if segments is None else segments,
        "has_analytics_consent": False if n == NO_ANALYTICS else None,
    }


def declare(shop, name, text):
    folder = shop.night("x").settings.paths.segment_definitions / "learned"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.yml").write_text(HEAD.format(name) + text)


def score(shop, segment_id="like_regulars"):
    run = shop.night("night")
    with open_learning_data(shop.lake) as con:
        scorable = read_scorable_customers(run, shop.lake, con)
        result = write_learned_segments(run, shop.lake, con, scorable)
    rows = shop.lake.read_arrow(PRED_CUSTOMER_SEGMENTS).to_pylist()
    return result, {row["customer_id"]: row for row in rows if row["segment_id"] == segment_id}


def test_a_lookalike_has_those_of_the_taste_who_are_not_in_the_segment(shop):
    first, rows = score(shop)
    assert len(rows) == 10 and {person(n) for n in range(30, 40)} == set(rows)
    assert sorted(row["place"] for row in rows.values()) == list(range(1, 11))
    assert {row["entered_date"] for row in rows.values()} == {OPENED + timedelta(days=N_DAYS)}
    again, same = score(shop)
    assert same == rows and again.version_after == first.version_after
    assert [result.passed for result in check_tables(shop.lake, ["pred_customer_segments"])] == [True]
    declare(shop, "like_regulars", "lookalike: {of: champions, size: 5}")
    assert {c for c, row in rows.items() if row["place"] <= 5} == set(score(shop)[1])


def test_the_next_night_continues_the_stays_and_ends_those_of_new_members_of_the_seed(shop):
    _, before = score(shop)
    shop.put(FCT_INTERACTIONS, interactions(N_DAYS + 1))
    shop.put(FEAT_CUSTOMERS, [describe(n, ["champions"] if n < 35 else []) for n in range(N_CUSTOMERS)])
    _, after = score(shop)
    night = OPENED + timedelta(days=N_DAYS + 1)
    assert {c for c, row in after.items() if row["left_date"] == night} >= {person(n) for n in range(30, 35)}
    still = [person(n) for n in range(35, 40)]
    assert {after[c]["left_date"] for c in still} == {None}
    assert {after[c]["entered_date"] for c in still} == {before[person(35)]["entered_date"]}


def test_prospects_of_an_item_that_many_bought_are_like_its_buyers_and_own_it_not(shop):
    declare(shop, "wants_three", "prospects: {item: item-03, size: 15}")
    rows = interactions(45)
    shop.put(FCT_INTERACTIONS, rows)
    buyers = {row["customer_id"] for row in rows if row["item_id"] == "item-03"}
    fans = {person(n) for n in FANS} - {person(NO_ANALYTICS)}
    assert 20 <= len(buyers) < len(fans) <= 39
    _, rows = score(shop, "wants_three")
    assert not buyers & set(rows)
    others = fans - buyers
    first = {c for c, row in rows.items() if row["place"] <= len(others)}
    by_chance = len(others) ** 2 / (N_CUSTOMERS - 1 - len(buyers))
    assert len(first & others) > 4 * by_chance


def test_prospects_are_those_whose_list_has_the_item_or_the_category_highest(shop):
    lists = {40: [3, 11], 41: [11, 3], 42: [12], 43: [13, 5, 11, 3]}
    shop.put(
        REC_CUSTOMER_ITEMS,
        [
            {
                "customer_id": person(n),
                "model_version": "m/1",
                "items": [{"item_id": f"item-{i:02}", "score": 1.0, "sources": ["x"]} for i in items],
            }
            for n, items in lists.items()
        ],
    )
    shop.put(FCT_INTERACTIONS, [row for row in shop.rows if row["item_id"] != "item-03"])
    declare(shop, "wants_three", "prospects: {item: item-03, size: 2}")
    declare(shop, "wants_odd", "prospects: {category: cat-1, share: 1}")
    _, rows = score(shop, "wants_three")
    assert {c: row["place"] for c, row in rows.items()} == {person(40): 1, person(41): 2}
    assert rows[person(41)]["score"] == pytest.approx(1 / np.log2(3))
    _, rows = score(shop, "wants_odd")  # odd items are of cat-1
    expected = {
        43: sum(1 / np.log2(n + 1) for n in range(1, 5)),
        40: 1 + 1 / np.log2(3),
        41: 1 + 1 / np.log2(3),
    }
    assert {c: row["score"] for c, row in rows.items()} == {
        person(n): pytest.approx(s) for n, s in expected.items()
    }


def test_nobody_is_in_one_or_was_who_may_not_be(shop):
    declare(shop, "like_regulars", "lookalike: {of: champions, share: 1}")
    shop.put(FEAT_CUSTOMERS, [describe(n, ["champions"] if n >= 60 else []) for n in range(N_CUSTOMERS)])
    _, before = score(shop)
    held, no = person(HELD_BACK), person(SAID_NO)
    assert person(NO_ANALYTICS) not in before and {held, no} <= set(before)
    review = {"review_id": "r", "kind": "giant", "customer_id": held, "score": 1.0, "is_held_back": True}
    shop.put(CORE_IDENTITY_REVIEWS, [review])
    shop.put(CORE_IDENTITIES, [{"identifier_id": "i_" + "0" * 32, "customer_id": no}])
    folder = shop.night("x").settings.paths.restrictions
    folder.parent.mkdir(parents=True)
    store = RestrictionDatabase.create(folder)
    word = Permission(False, datetime(2026, 2, 20, tzinfo=UTC), "live", is_live=True)
    store.record_permission(CONSENTS, ["i_" + "0" * 32], word)
    assert set(before) - set(score(shop)[1]) == {held, no}


def test_restrictions_that_cannot_be_read_end_every_stay_and_forget_none(shop):
    _, before = score(shop)
    shop.put(FCT_INTERACTIONS, interactions(N_DAYS + 1))
    folder = shop.night("x").settings.paths.restrictions
    folder.mkdir(parents=True)
    (folder / "data.mdb").write_bytes(b"not a database")
    _, after = score(shop)
    assert set(after) == set(before) and all(row["left_date"] for row in after.values())


def test_a_small_seed_an_empty_shop_and_a_mistake(shop):
    shop.put(FEAT_CUSTOMERS, [describe(n, ["champions"] if n < 19 else []) for n in range(N_CUSTOMERS)])
    assert score(shop)[1] == {}
    shop.put(FCT_INTERACTIONS, [])
    assert score(shop)[1] == {}
    declare(shop, "like_regulars", "lookalike: {of: champion, size: 10}")
    assert score(shop)[1] == {}


def test_a_broken_definition_leaves_its_members_as_they_were_and_stops_nobody(shop, caplog):
    declare(shop, "like_twice", "lookalike: {of: champions, size: 10}")
    _, before = score(shop)
    shop.put(FCT_INTERACTIONS, interactions(N_DAYS + 1))
    shop.put(FEAT_CUSTOMERS, [describe(n, ["champions"] if n < 35 else []) for n in range(N_CUSTOMERS)])
    declare(shop, "like_regulars", "lookalike: {of: champion, size: 10}")
    assert score(shop)[1] == before
    assert "like_regulars keeps the members it has: like_regulars.yml:4:17: there is no" in caplog.text
    assert {row["left_date"] for row in score(shop, "like_twice")[1].values()} > {None}, "the control"
    shop.put(FEAT_CUSTOMERS, [describe(n) for n in range(N_CUSTOMERS) if n != 35])
    assert set(before) - set(score(shop)[1]) == {person(35)}
