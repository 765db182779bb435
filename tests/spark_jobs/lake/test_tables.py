"""The lake writes what changed and nothing else, whoever commits it: delta-rs for few rows, Spark
for many.
"""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from expectations.contracts.lake import CORE_IDENTITY_LINKS, CORE_ITEMS
from expectations.contracts.tables import ContractError, Table
from spark_jobs.lake import delta_writes, outcomes

THINGS = Table(
    name="core_things",
    grain="One row per thing.",
    key=("source", "thing_id"),
    partition="seen_date",
    not_null=("seen_date",),
    checks={"price_not_negative": "price >= 0"},
    columns={
        "source": "string",
        "thing_id": "string",
        "seen_at": "timestamp",
        "seen_date": "date",
        "price": "decimal(12,4)",
        "words": "array<string>",
        "attributes": "map<string,string>",
        "first_received": "string",
    },
)
SLATE = Table(
    name="core_slate",
    grain="One row per mark.",
    key=("mark_id",),
    columns={"mark_id": "string", "value": "int"},
)


def thing(
    thing_id: str, day: int = 1, price: str | None = "1.50", received: str = "a", source: str = "s", **more
) -> dict:
    at = datetime(2026, 1, day, 12)
    return {
        "source": source,
        "thing_id": thing_id,
        "seen_at": at,
        "seen_date": at.date(),
        "price": price and Decimal(price),
        "words": ["x", None],
        "attributes": {"b": "2", "a": "1"},
        "first_received": received,
        **more,
    }


def frame(spark, rows: list[dict], table: Table = THINGS, extra: str = ""):
    return spark.createDataFrame([tuple(row.values()) for row in rows], table.schema + extra)


@pytest.fixture(params=["few", "many"])
def committer(request, monkeypatch):
    """Both ways a change is committed: with the limit at 0 every change is too many for delta-rs."""
    if request.param == "many":
        monkeypatch.setattr(outcomes, "MAX_ROWS_IN_MEMORY", 0)
        monkeypatch.setattr(delta_writes, "MAX_ROWS_IN_MEMORY", 0)
    return request.param


def held(lake, table: Table = THINGS) -> dict[str, dict]:
    return {row[table.key[-1]]: row for row in lake.read_arrow(table).to_pylist()}


def test_a_write_changes_what_differs_and_nothing_else(lake, spark, committer):
    made = lake.upsert(frame(spark, [thing("a"), thing("b", 2), thing("c", 3)]), THINGS)
    assert (made.version_before, made.n_inserted, made.touched_dates) == (
        None,
        3,
        [date(2026, 1, day) for day in (1, 2, 3)],
    )

    again = lake.upsert(frame(spark, [thing("b", 2, attributes={"a": "1", "b": "2"}), thing("a")]), THINGS)
    assert (again.version_before, again.n_unchanged) == (
        again.version_after,
        2,
    ), "equal rows make no version, map order or not"

    moved = lake.upsert(frame(spark, [thing("a", 5, "2.00"), thing("d", 3), thing("c", 3)]), THINGS)
    assert (moved.n_inserted, moved.n_updated, moved.n_unchanged) == (1, 1, 1)
    assert moved.touched_dates == [
        date(2026, 1, 1),
        date(2026, 1, 3),
        date(2026, 1, 5),
    ], "where it stood and where it stands"
    assert {key: (row["seen_date"].day, row["price"]) for key, row in held(lake).items()} == {
        "a": (5, Decimal("2.0000")),
        "b": (2, Decimal("1.5000")),
        "c": (3, Decimal("1.5000")),
        "d": (3, Decimal("1.5000")),
    }
    assert held(lake)["d"]["words"] == ["x", None]
    assert lake.find_changed_days(THINGS, moved.version_before) == set(moved.touched_dates)

    other = lake.upsert(frame(spark, [thing("z", source="t")]), THINGS)
    left = lake.replace(frame(spark, [thing("b", 2)]), THINGS, within="source = 's'")
    assert (other.n_inserted, left.n_deleted, left.n_unchanged) == (1, 3, 1)
    assert set(held(lake)) == {"b", "z"}, "rows outside the part that is replaced stay"


def test_a_changed_row_may_be_refused(lake, spark, committer):
    earlier = "new.first_received < old.first_received"
    lake.upsert(frame(spark, [thing("a", received="m"), thing("b", received="m")]), THINGS)
    done = lake.upsert(
        frame(spark, [thing("a", received="z", price="9"), thing("b", received="c", price="9")]),
        THINGS,
        earlier,
    )
    assert (done.n_kept, done.n_updated) == (1, 1)
    assert [(key, str(row["price"])) for key, row in sorted(held(lake).items())] == [
        ("a", "1.5000"),
        ("b", "9.0000"),
    ]


def test_only_flagged_rows_are_counted(lake, spark, committer):
    rows = [thing("a", is_new=True), thing("b", is_new=False)]
    done = lake.upsert(frame(spark, rows, extra=", is_new boolean"), THINGS, counted="is_new")
    assert (done.n_inserted, len(held(lake))) == (1, 2)


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        pytest.param([thing("a", price="-1")], "price >= 0|price_not_negative", id="a check"),
        pytest.param([thing("a", seen_date=None)], "(?i)null", id="a column that is never null"),
        pytest.param([thing("a"), thing("a", 2)], "1 rows repeat a key", id="a repeated key"),
    ],
)
def test_a_broken_promise_is_not_written(lake, spark, committer, rows, problem):
    lake.upsert(frame(spark, [thing("b")]), THINGS)
    before = lake.version(THINGS)
    with pytest.raises(Exception, match=problem) as raised:
        lake.upsert(spark.createDataFrame([tuple(row.values()) for row in rows], THINGS.schema), THINGS)
    assert lake.version(THINGS) == before
    assert set(held(lake)) == {"b"}
    assert committer == "many" or "2026-01-01" not in str(raised.value), "a refused row may be a person's"


def test_a_frame_of_another_shape_is_refused(lake, spark):
    with pytest.raises(
        ContractError, match=r"missing columns \['value'\], columns not in its contract \['other'\]"
    ):
        lake.upsert(spark.createDataFrame([("a", 1)], "mark_id string, other int"), SLATE)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.booleans(),
            st.dictionaries(st.sampled_from("abcdef"), st.one_of(st.none(), st.integers(0, 2)), max_size=5),
        ),
        min_size=2,
        max_size=3,
    )
)
def test_writes_are_those_of_a_dictionary(spark, tmp_path_factory, writes):
    from spark_jobs.lake.tables import Lake

    lake, model, since = Lake(tmp_path_factory.mktemp("lake"), spark), {}, None
    for replaces, rows in writes:
        written = frame(spark, [{"mark_id": key, "value": value} for key, value in rows.items()], SLATE)
        done = (lake.replace if replaces else lake.upsert)(written, SLATE)
        expected = rows if replaces else {**model, **rows}
        assert (done.version_before == done.version_after) == (model == expected and since is not None)
        assert done.n_inserted == len(rows.keys() - model.keys())
        assert done.n_updated == sum(key in model and model[key] != value for key, value in rows.items())
        assert done.n_deleted == len(model.keys() - expected.keys())
        model, since = dict(expected), done.version_after
        assert {key: row["value"] for key, row in held(lake, SLATE).items()} == model


def test_old_versions_stay_readable(lake, spark):
    first = lake.upsert(frame(spark, [{"mark_id": "a", "value": 1}], SLATE), SLATE)
    lake.upsert(frame(spark, [{"mark_id": "a", "value": 2}], SLATE), SLATE)
    assert [row["value"] for row in lake.read(SLATE, first.version_after).collect()] == [1]
    assert [row["value"] for row in lake.read(SLATE).collect()] == [2]


def test_what_was_persisted_of_an_older_version_answers_for_it_alone(lake, committer):
    """As a step that was killed, or failed, leaves it behind in a night's engine."""
    lake.replace_rows([{"mark_id": "a", "value": 1}], SLATE)
    persisted = lake.read(SLATE).where("value > 0").persist()
    assert persisted.count() == 1
    lake.replace_rows([{"mark_id": "a", "value": 1}, {"mark_id": "b", "value": 2}], SLATE)
    assert lake.read(SLATE).where("value > 0").count() == 2
    assert lake.read(SLATE, 0).where("value > 0").count() == 1, "the control: the older version itself"
    persisted.unpersist()


@pytest.mark.parametrize(
    ("ends", "kept"),
    [
        pytest.param({"thing_id": ("t2", "t4")}, {"t2", "t3", "t4"}, id="a part of what a merge wrote"),
        pytest.param({"thing_id": ("a", "z")}, {"t1", "t2", "t3", "t4", "o'clock"}, id="all of it"),
        pytest.param({"thing_id": ("o'clock", "o'clock")}, {"o'clock"}, id="a quote in a key"),
        pytest.param(
            {"seen_at": (datetime(2026, 1, 2), datetime(2026, 1, 3, 12))},
            {"t2", "t3"},
            id="times, the last included",
        ),
        pytest.param({"seen_date": (date(2026, 1, 4), date(2026, 1, 9))}, {"t4"}, id="days"),
        pytest.param({"source": ("s", "s"), "thing_id": ("u", "v")}, set(), id="nobody"),
    ],
)
def test_rows_of_a_range_of_keys(lake, spark, ends, kept):
    """Merged by delta-rs, whose strings pyarrow's filters fail on where a range covers a part of a file."""
    for price in ("1.50", "2.50"):
        lake.upsert(
            frame(
                spark, [thing(f"t{day}", day, price) for day in range(1, 5)] + [thing("o'clock", 1, price)]
            ),
            THINGS,
        )
    found = delta_writes.read_if_small(lake.path(THINGS), THINGS, key_range=ends)
    everything = lake.read_arrow(THINGS)
    expected = [row for row in everything.to_pylist() if row["thing_id"] in kept]
    assert sorted(found.to_pylist(), key=lambda row: row["thing_id"]) == sorted(
        expected, key=lambda row: row["thing_id"]
    )
    assert found.schema.types == everything.schema.types


def test_a_small_table_is_put_without_a_needless_version(lake):
    rows = [{"mark_id": "a", "value": 1}]
    lake.replace_rows(rows, SLATE)
    version = lake.version(SLATE)
    lake.replace_rows(rows, SLATE)
    assert lake.version(SLATE) == version
    lake.replace_rows([*rows, {"mark_id": "b", "value": None}], SLATE)
    assert lake.version(SLATE) == version + 1


def test_a_table_of_an_earlier_version_gains_its_contracts_columns(lake):
    """Links as they were before one said whether it is followed: still read, and written over as if they had
    always been new.
    """
    kept = ("identifier_id_a", "identifier_id_b", "rule", "evidence", "weight", "first_seen_at")
    old = replace(
        CORE_IDENTITY_LINKS, columns={name: CORE_IDENTITY_LINKS.columns[name] for name in kept}, not_null=()
    )
    row = dict.fromkeys(kept) | {"identifier_id_a": "a", "identifier_id_b": "b", "rule": "same_event"}
    lake.replace_rows([row], old)
    with pytest.raises(pa.ArrowInvalid, match="is_followed"):
        lake.read_arrow(CORE_IDENTITY_LINKS)
    assert lake.add_missing_columns(CORE_IDENTITY_LINKS) == ["is_followed", "held_by"]
    assert lake.add_missing_columns(CORE_IDENTITY_LINKS) == []
    assert lake.read_arrow(CORE_IDENTITY_LINKS).to_pylist() == [
        dict.fromkeys(CORE_IDENTITY_LINKS.columns) | row
    ]
    now = row | {
        "weight": 1.0,
        "is_followed": False,
        "held_by": "shared/x",
        "first_seen_at": datetime(2026, 1, 5, tzinfo=UTC),
    }
    lake.replace(
        lake.spark.createDataFrame(
            [tuple(now.get(c) for c in CORE_IDENTITY_LINKS.columns)], CORE_IDENTITY_LINKS.schema
        ),
        CORE_IDENTITY_LINKS,
    )
    assert lake.read(CORE_IDENTITY_LINKS).collect()[0].asDict() | {"first_seen_at": None} == now | {
        "first_seen_at": None
    }
    assert lake.add_missing_columns(CORE_ITEMS) == [], "a table that does not exist gains nothing"
