"""The days of behaviour are those of the shop's clock, and behaviour is once per customer, item, day and kind
of those who may be personalised for.
"""

from datetime import UTC, date, datetime

import pytest

from expectations.contracts.lake import FCT_INTERACTIONS, FEAT_CUSTOMERS, FEAT_ITEMS
from spark_jobs.lake.queries import run_query
from spark_jobs.lake.tables import Lake
from spark_jobs.learning_data.behaviour import find_first_training_day, open_learning_data

FIFTH, SIXTH = ((date(2026, 1, day) - date(1970, 1, 1)).days for day in (5, 6))


def interaction(number: int, customer: str | None, kind: str, at: datetime) -> dict:
    row = dict.fromkeys(FCT_INTERACTIONS.columns)
    return row | {
        "interaction_id": f"x{number}",
        "customer_id": customer,
        "item_id": "i",
        "interaction_type": kind,
        "occurred_at": at,
    }


@pytest.fixture
def lake(tmp_path) -> Lake:
    """Customer c at 02:30 UTC, which is the evening before in New York, twice and by something that is not
    learned from; a guest; and one who said no.
    """
    lake = Lake(tmp_path)
    early = datetime(2026, 1, 6, 2, 30, tzinfo=UTC)
    rows = [
        interaction(1, "c", "purchase", early),
        interaction(2, "c", "purchase", early.replace(minute=31)),
        interaction(3, "c", "click", early),
        interaction(4, None, "purchase", early),
        interaction(5, "said no", "purchase", early),
    ]
    lake.replace_rows(rows, FCT_INTERACTIONS)
    lake.replace_rows([dict.fromkeys(FEAT_CUSTOMERS.columns) | {"customer_id": "c"}], FEAT_CUSTOMERS)
    flags = dict.fromkeys(("is_recommendable", "is_in_stock", "is_consumable"), True)
    item = dict.fromkeys(FEAT_ITEMS.columns) | flags | {"item_id": "i", "first_seen_at": early}
    lake.replace_rows([item], FEAT_ITEMS)
    return lake


@pytest.mark.parametrize(("zone", "day"), [("America/New_York", FIFTH), ("UTC", SIXTH)])
def test_days_are_the_shops(lake, zone, day):
    with open_learning_data(lake, zone) as con:
        behaviour = run_query(con, "select * from behaviour").to_pylist()
        (item,) = run_query(con, "select * from feat_items").to_pylist()
        first = find_first_training_day(con, 30)
        assert find_first_training_day(con, None) is None
    assert behaviour == [{"customer_id": "c", "item_id": "i", "day": day, "kind": 2}]
    assert item["first_seen_day"] == day
    assert first == day - 29


def test_of_nobody_there_is_no_first_day(tmp_path):
    with open_learning_data(Lake(tmp_path)) as con:
        assert find_first_training_day(con, 30) is None
