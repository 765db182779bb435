"""Few rows are inserted and updated without Spark, and each has the outcome that a dictionary gives it."""

from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from expectations.contracts.tables import ContractError, Table
from spark_jobs.lake.arrow_types import build_arrow_schema
from spark_jobs.lake.tables import Lake

NOTES = Table(
    name="core_notes",
    grain="One row per note.",
    key=("source", "note_id"),
    partition="noted_date",
    columns={
        "source": "string",
        "note_id": "int",
        "noted_date": "date",
        "price": "decimal(12,4)",
        "weight": "double",
        "words": "array<string>",
        "attributes": "map<string,string>",
        "first_received": "string",
    },
)


def note(note_id=1, day=1, **more):
    return {
        "source": "s",
        "note_id": note_id,
        "noted_date": date(2026, 1, day),
        "price": Decimal("1.5000"),
        "weight": 0.5,
        "words": ["x", None],
        "attributes": [("a", "1"), ("b", "2")],
        "first_received": "m",
        **more,
    }


@pytest.fixture
def lake(tmp_path) -> Lake:
    """An empty lake without a session."""
    return Lake(tmp_path / "lake")


def put(lake, *rows, update_when="true"):
    return lake.upsert(pa.Table.from_pylist(list(rows), build_arrow_schema(NOTES)), NOTES, update_when)


def outcomes(done):
    return done.n_inserted, done.n_updated, done.n_unchanged, done.n_kept


@pytest.mark.parametrize(
    ("new", "old", "is_equal"),
    [
        pytest.param({}, {}, True, id="equal"),
        pytest.param({"attributes": [("b", "2"), ("a", "1")]}, {}, True, id="a map in another order"),
        pytest.param({"attributes": [("a", "1")]}, {}, False, id="a map with less"),
        pytest.param({"attributes": None}, {"attributes": None}, True, id="no map on both sides"),
        pytest.param({"attributes": None}, {"attributes": []}, False, id="no map is not an empty one"),
        pytest.param({"words": ["x", ""]}, {}, False, id="an empty text is not null"),
        pytest.param({"weight": float("nan")}, {"weight": float("nan")}, True, id="NaN"),
        pytest.param({"weight": float("nan")}, {"weight": None}, False, id="NaN is not null"),
        pytest.param({"weight": 0.0}, {"weight": -0.0}, True, id="two noughts"),
        pytest.param({"price": None}, {}, False, id="a value that went"),
        pytest.param({}, {"noted_date": date(2026, 1, 3)}, False, id="another day"),
    ],
)
def test_rows_are_equal_by_value(lake, new, old, is_equal):
    put(lake, note(**old), note(2))
    done = put(lake, note(**new))
    assert outcomes(done) == ((0, 0, 1, 0) if is_equal else (0, 1, 0, 0))
    days = {date(2026, 1, 1), old.get("noted_date", date(2026, 1, 1))}
    assert done.touched_dates == ([] if is_equal else sorted(days)), "where it stood and where it stands"
    assert lake.read_arrow(NOTES).num_rows == 2


@pytest.mark.parametrize(
    ("condition", "n_updated"),
    [
        pytest.param("new.first_received < old.first_received", 1, id="earlier"),
        pytest.param("(new.weight, new.first_received) < (old.weight, old.first_received)", 2, id="of two"),
    ],
)
def test_a_change_may_be_refused(lake, condition, n_updated):
    put(lake, note(1), note(2), note(3))
    new = [
        note(1, first_received="a", price=None),
        note(2, first_received="z", weight=0.1),
        note(3, first_received="z", price=None),
    ]
    assert outcomes(put(lake, *new, update_when=condition)) == (0, n_updated, 0, 3 - n_updated)


def test_only_flagged_rows_are_counted_and_a_key_has_one_row(lake):
    rows = pa.Table.from_pylist([note(1), note(2)], build_arrow_schema(NOTES))
    flagged = rows.append_column("is_new", pa.array([True, False]))
    assert lake.upsert(flagged, NOTES, counted="is_new").n_inserted == 1
    with pytest.raises(ContractError, match="1 rows repeat a key"):
        put(lake, note(3), note(3, 2))
    assert lake.read_arrow(NOTES).num_rows == 2


ROWS = st.dictionaries(
    st.tuples(st.sampled_from(["s", "t"]), st.integers(0, 3)),
    st.tuples(st.integers(1, 2), st.sampled_from([None, 0.5]), st.sampled_from([None, [], ["x"]])),
    max_size=6,
)


@given(st.lists(ROWS, min_size=2, max_size=3))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_writes_are_those_of_a_dictionary(tmp_path_factory, writes):
    lake, held = Lake(tmp_path_factory.mktemp("lake")), {}
    for rows in writes:
        done = put(
            lake,
            *[
                note(note_id, day, source=source, weight=weight, words=words)
                for (source, note_id), (day, weight, words) in rows.items()
            ],
        )
        n_changed = sum(key in held and held[key] != value for key, value in rows.items())
        n_new = len(rows.keys() - held.keys())
        assert outcomes(done) == (n_new, n_changed, len(rows) - n_new - n_changed, 0)
        held |= rows
        stored = lake.read_arrow(NOTES).to_pylist()
        assert {
            (row["source"], row["note_id"]): (row["noted_date"].day, row["weight"], row["words"])
            for row in stored
        } == held
