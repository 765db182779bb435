"""Members and lists of audiences, on rows computed by hand."""

import numpy as np
import pyarrow as pa
import pytest

from models.training_data import KINDS, PURCHASE
from spark_jobs.lake.queries import open_database, run_query
from spark_jobs.score import audiences
from spark_jobs.score.audiences import (
    MEMBERSHIPS,
    ItemDemand,
    score_audiences,
    select_audience_lists,
    sum_audience_tastes,
)
from spark_jobs.score.interaction_span import InteractionSpan


def demand(recent, ever, age, allowed=None):
    n = len(recent)
    ids = np.array([f"i{k}" for k in range(n)], dtype=bytes)
    return ItemDemand(
        ids,
        np.ones(n, bool) if allowed is None else np.array(allowed),
        *(np.array(v, float) for v in (recent, ever, age)),
    )


def test_members_of_audiences_large_enough():
    rows = [
        {
            "customer_id": f"c{n:02}",
            "country": "France" if n < 20 else None,
            "segment_ids": ["a"] if n < 25 else ["b", "b"] if n < 45 else None,
        }
        for n in range(46)
    ]
    found: dict[str, set[str]] = {}
    with open_database() as con:
        for row in run_query(con, MEMBERSHIPS, feat_customers=pa.Table.from_pylist(rows)).to_pylist():
            found.setdefault(row["audience"], set()).add(row["customer_id"])
    assert {name: len(held) for name, held in found.items()} == {
        "country:France": 20,
        "segment:a": 25,
        "segment:a|country:France": 20,
        "segment:b": 20,
    }
    assert found["segment:a"] == {f"c{n:02}" for n in range(25)}


def test_the_taste_of_an_audience_fades_with_the_days():
    """Twenty of one country wanted an item today; one of them another a half-life ago, by a view alone."""
    people = [{"customer_id": f"c{n:02}", "country": "France", "segment_ids": None} for n in range(20)]
    behaviour = [
        *({"customer_id": f"c{n:02}", "item_id": "new", "day": 99, "kind": PURCHASE} for n in range(20)),
        {"customer_id": "c00", "item_id": "new", "day": 9, "kind": PURCHASE},
        {"customer_id": "c00", "item_id": "old", "day": 69, "kind": PURCHASE},
        {"customer_id": "c00", "item_id": "seen", "day": 99, "kind": 0},
    ]
    with open_database() as con:
        con.register("feat_customers", pa.Table.from_pylist(people))
        con.register("behaviour", pa.Table.from_pylist(behaviour))
        rows = sum_audience_tastes(con, InteractionSpan(100, (KINDS[PURCHASE],))).to_pylist()
    assert [(row["audience"], row["item_id"], row["taste"]) for row in rows] == [
        ("country:France", "new", 20.0),
        ("country:France", "old", 0.5),
    ]


def test_popular_is_by_recent_demand_then_by_all_time():
    shop = demand([3, 5, 3, 0, 0], [9, 5, 4, 7, 0], [90] * 5)
    lists = select_audience_lists(shop, score_audiences(shop, {}))
    assert lists["popular"][0].tolist() == [1, 0, 2, 3], "nobody ever wanted the last"


def test_new_items_are_ordered_by_demand_then_by_age():
    shop = demand(
        [0, 2, 0, 9, 5], [0, 2, 0, 9, 5], [3, 20, 1, 40, 2], allowed=[True, True, True, True, False]
    )
    assert select_audience_lists(shop, score_audiences(shop, {}))["new"][0].tolist() == [1, 2, 0]


def test_a_shop_with_nothing_new_shows_its_newest():
    shop = demand([1, 1], [1, 1], [300, 200])
    assert select_audience_lists(shop, score_audiences(shop, {}))["new"][0].tolist() == [1]


def test_an_audiences_scores_are_shrunk_to_the_shops_demand():
    shop = demand([10, 10, 80], [10, 10, 80], [90] * 3)
    own = np.array([200.0, 0.0, 0.0])
    scores = score_audiences(shop, {"country:X": own, "country:Y": np.zeros(3)})
    share = shop.popularity / shop.popularity.sum()
    assert scores["country:X"] == pytest.approx(
        (own + audiences.PRIOR_CUSTOMERS * share) / (200 + audiences.PRIOR_CUSTOMERS)
    )
    assert select_audience_lists(shop, scores)["country:X"][0].tolist() == [0, 2, 1]
    assert select_audience_lists(shop, scores)["country:Y"][0].tolist() == [2, 0, 1], (
        "who wants nothing gets the shop's taste"
    )
