"""A home's lists, put together for three customers: what a part says alone, what continues a list, an item's
first night.
"""

from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa
import pytest
from scipy import sparse

from benchmarks.sample_shop_lists import home
from expectations.contracts.lake import (
    FEAT_CUSTOMERS,
    FEAT_ITEMS,
    OPS_RUNS,
    REC_AUDIENCE_ITEMS,
    REC_CUSTOMER_ITEMS,
)
from models.artifact import ModelArtifact
from models.blending.weighted import WeightedBlend
from models.recommenders import build_recommender
from models.training_data import KINDS, PURCHASE, Behaviour, Training
from spark_jobs.lake.tables import Lake
from spark_jobs.score.scoring_model import ScoringModel

VIEW = KINDS.index("view")
# Ann bought tea on two days and a pan on the second; Bob looked at a lamp; Cid did nothing.
ROWS = pa.table(
    {
        "customer_id": ["ann", "bob", "cid"],
        "tokens": pa.array([["country=DE"], [], []], pa.list_(pa.string())),
        "item_ids": pa.array([["pan", "tea", "tea"], ["lamp"], []], pa.list_(pa.string())),
        "days": pa.array([[11, 10, 11], [11], []], pa.list_(pa.int32())),
        "kinds": pa.array([[PURCHASE, PURCHASE, PURCHASE], [VIEW], []], pa.list_(pa.int32())),
    }
)


def listed(*items: str) -> list[dict]:
    return [{"item_id": item, "score": 1.0, "sources": []} for item in items]


@pytest.fixture
def made() -> ScoringModel:
    """Popularity and own history fitted on Ann's purchases and nine others of a lamp; the soap may not be
    shown.
    """
    customer, item = np.r_[0, 0, 0, np.arange(1, 10)], np.r_[1, 2, 2, np.zeros(9)]
    day, kind = np.r_[11, 10, 11, np.full(9, 10)], np.full(12, PURCHASE)
    order = np.lexsort((kind, day, item, customer))
    held = Behaviour(
        10, 4, *(column[order].astype(np.int32) for column in (customer, item, day)), kind.astype(np.int8), 12
    )
    training = Training(
        held, sparse.csr_matrix((10, 1), dtype=np.float32), sparse.csr_matrix((4, 1), dtype=np.float32)
    )
    parts = [build_recommender(name, {}).fit(training, 1) for name in ("recent_popularity", "own_history")]
    ids = np.array([b"lamp", b"pan", b"tea", b"xsoap"]), np.array([b"ann", *[b"n%d" % n for n in range(9)]])
    artifact = ModelArtifact(
        {}, WeightedBlend(parts, {"recent_popularity": 1.0, "own_history": 0.1}), *ids, {"country=DE": 0}
    )
    consumable = np.array([False, False, True, False])
    return ScoringModel(artifact, np.array([True, True, True, False]), consumable, 12, True, "tests")


def test_a_part_alone_lists_by_the_same_rules(made):
    found = dict(home.score_single_parts(made, ROWS))
    assert list(found) == ["recent_popularity", "own_history"]
    # A pan is not bought twice, tea is; what a part says nothing of is not listed.
    assert found["recent_popularity"] == {
        "ann": ["lamp", "tea"],
        "bob": ["lamp", "pan", "tea"],
        "cid": ["lamp", "pan", "tea"],
    }
    assert found["own_history"]["ann"] == ["tea"] and found["own_history"]["cid"] == []


def test_days_with_a_purchase_and_whether_they_came():
    n_days, browsed = home.KnownCustomers(ROWS, {}).habits()
    assert n_days.tolist() == [2, 0, 0] and browsed.tolist() == [True, True, False]


def test_a_list_is_continued_by_the_narrowest_audience_then_what_is_popular(tmp_path):
    lake = Lake(tmp_path / "lake")
    customers = [("ann", "DE", "champions", ["new"]), ("bob", "DE", None, ["new"]), ("cid", None, None, None)]
    lake.replace_rows(
        [
            dict(zip(("customer_id", "country", "rfm_segment", "segment_ids"), row, strict=True))
            for row in customers
        ],
        FEAT_CUSTOMERS,
    )
    lists = {"popular": ["lamp"], "country:DE": ["pan"], "segment:new": ["tea"]}
    lake.replace_rows(
        [{"audience": name, "items": listed(*items), "model_version": "m"} for name, items in lists.items()],
        REC_AUDIENCE_ITEMS,
    )
    asked = home.select_known_customers(lake, ROWS, {"ann": "p1", "cid": "p3"})
    assert asked.customers == ["ann", "cid"]  # nobody stands behind Bob alone
    assert asked.ladder == {"ann": [["tea"], ["lamp"]], "bob": [["tea"], ["lamp"]], "cid": [[], ["lamp"]]}


def test_an_items_first_night_is_read_from_what_that_night_wrote(tmp_path):
    """Two nights: the lamp came on the first and was listed then, the tea on the second, out of stock, listed
    by nobody.
    """
    lake = Lake(tmp_path / "lake")
    nights = [
        (date(2026, 2, 17), {"lamp": True}, {"ann": ["pan", "lamp"], "bob": ["pan"]}),
        (date(2026, 2, 18), {"lamp": True, "tea": False}, {"ann": ["pan"], "bob": ["pan"]}),
    ]
    for night, items, lists in nights:
        first = {"lamp": datetime(2026, 2, 17, tzinfo=UTC), "tea": datetime(2026, 2, 18, 23, tzinfo=UTC)}
        shop = [
            {
                "item_id": item,
                "is_recommendable": True,
                "is_in_stock": stock,
                "is_consumable": False,
                "first_seen_at": first[item],
            }
            for item, stock in items.items()
        ]
        lake.replace_rows(shop, FEAT_ITEMS)
        lake.replace_rows(
            [{"customer_id": name, "items": listed(*row)} for name, row in lists.items()], REC_CUSTOMER_ITEMS
        )
        wrote = {"days_from": night, "days_to": night, "finished_at": first["tea"]}
        tables = (FEAT_ITEMS, REC_CUSTOMER_ITEMS)
        lake.append_rows(
            [{**wrote, "table_name": one.name, "version_after": lake.version(one)} for one in tables],
            OPS_RUNS,
        )
    first_week = home.find_first_week_items(lake, date(2026, 2, 18))
    assert first_week == {"lamp": date(2026, 2, 17), "tea": date(2026, 2, 18)}
    assert home.find_first_week_items(lake, date(2026, 2, 24)) == {"tea": date(2026, 2, 18)}
    assert home.trace_first_nights(lake, first_week, k=1) == [
        home.ItemFirstNight("lamp", date(2026, 2, 17), True, 1, 0, 2),
        home.ItemFirstNight("tea", date(2026, 2, 18), False, 0, 0, 2),
    ]


def test_lists_of_another_evening_are_refused(tmp_path):
    lake = Lake(tmp_path / "lake")
    with pytest.raises(SystemExit, match="up to None"):
        home.check_evening(lake, date(2026, 2, 18))
    # the third was held back
    for day, table in (
        (17, REC_CUSTOMER_ITEMS),
        (18, REC_CUSTOMER_ITEMS),
        (19, FEAT_ITEMS),
    ):
        night = date(2026, 2, day)
        row = {"days_from": night, "days_to": night, "finished_at": datetime(2026, 2, day, tzinfo=UTC)}
        lake.append_rows([{**row, "table_name": table.name, "version_after": 0}], OPS_RUNS)
    with pytest.raises(
        SystemExit, match="2026-02-17; the lists of this home were made of landing days up to 2026-02-18"
    ):
        home.check_evening(lake, date(2026, 2, 17))
    home.check_evening(lake, date(2026, 2, 18))
