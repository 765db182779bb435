"""A home of before keeps every word of consent, in the layout that the nights after it read."""

from datetime import UTC, date, datetime

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from expectations.contracts.lake import CORE_CONSENTS
from spark_jobs.lake.tables import Lake
from spark_jobs.land.consent_migration import migrate_consents

LATE = datetime(2026, 1, 5, 23, 30, tzinfo=UTC)  # the 6th in Berlin
NEXT = datetime(2026, 1, 6, 20, tzinfo=UTC)
MOMENT = pa.timestamp("us", tz="UTC")
SCHEMA = pa.schema(
    [
        ("identifier_id", pa.string()),
        ("purpose", pa.string()),
        ("consented_at", MOMENT),
        ("source", pa.string()),
        ("is_granted", pa.bool_()),
        ("first_received", pa.string()),
    ]
)
WORDS = [
    ("i_1", LATE, False, "2026-01-06/people.csv#2"),
    ("i_1", NEXT, False, "2026-01-07/people.csv#2"),
    ("i_1", NEXT, True, "2026-01-07/people.csv#9"),
    ("i_2", LATE, True, "2026-01-06/people.csv#3"),
]


@pytest.fixture
def lake(tmp_path):
    lake = Lake(tmp_path / "lake")
    rows = [
        {
            "identifier_id": name,
            "purpose": "marketing",
            "consented_at": at,
            "source": "shop",
            "is_granted": granted,
            "first_received": received,
        }
        for name, at, granted, received in WORDS
    ]
    write_deltalake(lake.path(CORE_CONSENTS), pa.Table.from_pylist(rows, SCHEMA))
    assert lake.add_missing_columns(CORE_CONSENTS) == ["consented_date", "feed"]
    return lake


def test_each_word_gets_its_feed_and_the_shops_day(lake):
    assert migrate_consents(lake, {"shop": "Europe/Berlin"}) == 4
    rows = lake.read_arrow(CORE_CONSENTS).to_pylist()
    assert {
        (row["identifier_id"], row["consented_date"], row["is_granted"], row["consented_at"]) for row in rows
    } == {
        ("i_1", date(2026, 1, 6), False, NEXT),
        ("i_1", date(2026, 1, 6), True, NEXT),
        ("i_2", date(2026, 1, 6), True, LATE),
    }
    assert len(rows) == 3 and {row["feed"] for row in rows} == {"people"}
    table = DeltaTable(lake.path(CORE_CONSENTS))
    assert table.metadata().partition_columns == ["consented_date"]
    assert {field.name for field in table.schema().fields if not field.nullable} == set(
        CORE_CONSENTS.required
    )


def test_a_table_of_today_is_left_as_it_is(lake, tmp_path):
    migrate_consents(lake, {"shop": "UTC"})
    version = lake.version(CORE_CONSENTS)
    assert (migrate_consents(lake, {}), lake.version(CORE_CONSENTS)) == (0, version)
    assert migrate_consents(Lake(tmp_path / "empty"), {}) == 0
