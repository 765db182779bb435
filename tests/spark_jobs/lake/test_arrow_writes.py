"""Rows in Arrow are written over a table without Spark: what differs and nothing else; and a table is a view
of DuckDB's.
"""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from expectations.contracts.tables import ContractError, Table
from spark_jobs.lake.arrow_types import build_arrow_schema
from spark_jobs.lake.queries import open_database, run_query
from spark_jobs.lake.tables import Lake
from tests.spark_jobs.lake.test_tables import SLATE, THINGS, held, thing


@pytest.fixture
def lake(tmp_path) -> Lake:
    """An empty lake without a session."""
    return Lake(tmp_path / "lake")


def rows_of(rows: list[dict], table: Table = THINGS) -> pa.Table:
    schema = pa.schema([field.with_nullable(True) for field in build_arrow_schema(table)])
    return pa.Table.from_pylist(rows, schema=schema)


def put(lake: Lake, *things: dict, within: str = "true"):
    return lake.replace(rows_of(list(things)), THINGS, within)


def test_a_write_changes_what_differs_and_nothing_else(lake):
    made = put(lake, thing("a"), thing("b", 2), thing("c", 3))
    days = [date(2026, 1, day) for day in (1, 2, 3)]
    assert (made.version_before, made.n_inserted, made.touched_dates) == (None, 3, days)

    again = put(lake, thing("c", 3), thing("b", 2, attributes={"a": "1", "b": "2"}), thing("a"))
    assert (again.version_before, again.n_unchanged) == (again.version_after, 3), "map order is no difference"

    moved = put(lake, thing("a", 5, "2.00"), thing("d", 3), thing("c", 3))
    assert (moved.n_inserted, moved.n_updated, moved.n_unchanged, moved.n_deleted) == (1, 1, 1, 1)
    assert moved.touched_dates == [date(2026, 1, day) for day in (1, 2, 3, 5)]
    assert lake.find_changed_days(THINGS, moved.version_before) == set(moved.touched_dates)
    feed = lake.changes(THINGS, moved.version_before, moved.version_after)
    assert sorted(feed["_change_type"].to_pylist()) == [
        "delete",
        "insert",
        "update_postimage",
        "update_preimage",
    ]
    assert {key: (row["seen_date"].day, row["price"]) for key, row in held(lake).items()} == {
        "a": (5, Decimal("2.0000")),
        "c": (3, Decimal("1.5000")),
        "d": (3, Decimal("1.5000")),
    }

    other = lake.replace(rows_of([thing("z", source="t")]), THINGS, within="source = 't'")
    left = put(lake, thing("c", 3), within="source = 's'")
    assert (other.n_inserted, left.n_deleted, left.n_unchanged) == (1, 2, 1)
    assert set(held(lake)) == {"c", "z"}, "rows outside the part that is replaced stay"


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        pytest.param([thing("a", price="-1")], "price >= 0|price_not_negative", id="a check"),
        pytest.param([thing("a", seen_date=None)], "(?i)null", id="a column that is never null"),
        pytest.param([thing("a"), thing("a", 2)], "1 rows repeat a key", id="a repeated key"),
    ],
)
def test_a_broken_promise_is_not_written(lake, rows, problem):
    put(lake, thing("b"))
    before = lake.version(THINGS)
    with pytest.raises(Exception, match=problem) as raised:
        put(lake, thing("b"), *rows)
    assert lake.version(THINGS) == before
    assert "2026-01-01" not in str(raised.value), "a refused row may be a person's"


def test_a_table_of_another_shape_is_refused(lake):
    with pytest.raises(
        ContractError, match=r"missing columns \['value'\], columns not in its contract \['other'\]"
    ):
        lake.replace(pa.table({"mark_id": ["a"], "other": [1]}), SLATE)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.dictionaries(st.sampled_from("abcdef"), st.one_of(st.none(), st.integers(0, 2)), max_size=5),
        min_size=2,
        max_size=3,
    )
)
def test_writes_are_those_of_a_dictionary(tmp_path_factory, writes):
    lake, model, since = Lake(tmp_path_factory.mktemp("lake")), {}, None
    for rows in writes:
        written = rows_of([{"mark_id": key, "value": value} for key, value in rows.items()], SLATE)
        done = lake.replace(written, SLATE)
        assert (done.version_before == done.version_after) == (model == rows and since is not None)
        assert done.n_inserted == len(rows.keys() - model.keys())
        assert done.n_updated == sum(key in model and model[key] != value for key, value in rows.items())
        assert done.n_deleted == len(model.keys() - rows.keys())
        model, since = dict(rows), done.version_after
        assert {key: row["value"] for key, row in held(lake, SLATE).items()} == model


def test_a_view_holds_a_tables_rows(lake):
    """Merged by delta-rs, in several files and days, beside rows from before a column was in the contract."""
    old = replace(THINGS, columns={name: THINGS.columns[name] for name in THINGS.columns if name != "words"})
    earlier = thing("e", 9)
    del earlier["words"]
    lake.replace(rows_of([earlier], old), old)
    lake.add_missing_columns(THINGS)
    put(lake, thing("a"), earlier | {"words": None}, thing("b", 2))
    put(lake, thing("a", price="3.00"), earlier | {"words": None}, thing("b", 2), thing("c", 3))
    with open_database() as con:
        lake.create_view(con, THINGS)
        found = run_query(con, "select * from core_things order by thing_id")
        lake.create_view(con, SLATE, "nothing")
        nothing = run_query(con, "select * from nothing")
    assert found.to_pylist() == lake.read_arrow(THINGS).sort_by("thing_id").to_pylist()
    assert found["seen_at"].to_pylist()[0] == datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert found["words"].to_pylist()[3] is None
    assert nothing.num_rows == 0 and nothing.column_names == list(SLATE.columns)


def test_a_few_rows_take_the_place_of_an_earlier_layout(lake):
    """Once, and nothing is committed where they are the same; row by row or in Arrow."""
    old = replace(SLATE, columns={"mark_id": "string"})
    lake.replace_rows([{"mark_id": "a"}], old)
    rows = [{"mark_id": "a", "value": 1}, {"mark_id": "b", "value": None}]
    for _ in range(2):
        lake.replace_rows(rows, SLATE)
        lake.replace_arrow(pa.Table.from_pylist(rows, build_arrow_schema(SLATE)), SLATE)
        assert (lake.read_arrow(SLATE).to_pylist(), lake.version(SLATE)) == (rows, 1)
    lake.replace_arrow(pa.Table.from_pylist(rows[1:], build_arrow_schema(SLATE)), SLATE)
    assert (lake.read_arrow(SLATE).to_pylist(), lake.version(SLATE)) == (rows[1:], 2)
