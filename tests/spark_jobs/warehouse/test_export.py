"""What leaves the warehouse: whom consent allows, in the lake's types, and nothing written twice."""

import shutil
from datetime import UTC, date, datetime
from decimal import Decimal

import duckdb
import pytest
from deltalake import write_deltalake

from expectations.contracts.lake import FCT_INTERACTIONS, FEAT_CUSTOMERS, FEAT_ITEMS
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import LandingDates, RunContext
from spark_jobs.settings import Settings
from spark_jobs.warehouse.export import run

MARTS = """
create table feat_customers (customer_id varchar, country varchar, rfm_segment varchar, channel varchar,
price_band varchar,
    favourite_category varchar, n_orders integer, last_order_at timestamp, segment_ids varchar[],
    has_analytics_consent boolean);
insert into feat_customers values ('c_ann', 'NL', 'loyal', 'web', 'low', 'tea', 2, '2026-01-05 10:00:00',
['big', 'loyal'], true),
    ('c_new', null, null, null, null, null, 0, null, [], null);
create table fct_interactions (interaction_id varchar, customer_id varchar, item_id varchar,
interaction_type varchar,
    occurred_at timestamp, occurred_date date, quantity integer, amount decimal(18, 4), order_id varchar);
insert into fct_interactions values
    ('event:1', 'c_ann', 'tea', 'view', '2026-01-05 10:00:00.123456', '2026-01-05', null, null, null),
    ('line:web:o1:1', null, 'tea', 'purchase', '2026-01-05 11:00:00', '2026-01-05', 2, 5.5, 'o1'),
    ('event:2', 'c_denied', 'tea', 'view', '2026-01-05 10:00:00', '2026-01-05', null, null, null);
create table feat_customer_traits (customer_id varchar, traits varchar);
insert into feat_customer_traits values ('c_ann', '{"n_seen":2}'), ('c_new', '{}');
create table feat_items (item_id varchar, title varchar, category varchar, category_path varchar[],
brand varchar,
    price decimal(12, 4), price_band varchar, is_recommendable boolean, is_in_stock boolean,
    is_consumable boolean,
    first_seen_at timestamp);
insert into feat_items values ('tea', 'Tea', 'drinks', ['drinks', 'tea'], null, 2.75, 'low', true, true,
true, '2026-01-05');
"""


@pytest.fixture(autouse=True)
def no_live_segments(monkeypatch):
    """They have tests of their own, and ask the warehouse for more than marts."""
    monkeypatch.setattr("spark_jobs.warehouse.export.write_segment_states", lambda *_: [])


@pytest.fixture
def night(tmp_path) -> RunContext:
    settings = Settings.from_environment({"CONCIERGE_HOME": str(tmp_path)})
    night = RunContext(
        "scheduled__2026-01-06T03:00:00+00:00",
        LandingDates(date(2026, 1, 5), date(2026, 1, 5)),
        settings,
        datetime(2026, 3, 1),
    )
    settings.paths.warehouse_builds.mkdir(parents=True)
    with warehouse(night) as file:
        file.execute(MARTS)
    return night


def warehouse(night: RunContext) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(str(night.settings.paths.warehouse_builds / f"{night.slug}.duckdb"))


def test_who_denied_stays_in_the_warehouse_guests_do_not(night):
    lake = Lake(night.settings.lake)
    reports = {report.table_name: report for report in run(night, lake)}
    assert [reports[name].n_inserted for name in ("fct_interactions", "feat_customers", "feat_items")] == [
        2,
        2,
        1,
    ]
    assert lake.read_arrow(FCT_INTERACTIONS).to_pylist() == [
        {
            "interaction_id": "event:1",
            "customer_id": "c_ann",
            "item_id": "tea",
            "interaction_type": "view",
            "occurred_at": datetime(2026, 1, 5, 10, 0, 0, 123456, tzinfo=UTC),
            "occurred_date": date(2026, 1, 5),
            "quantity": None,
            "amount": None,
            "order_id": None,
        },
        {
            "interaction_id": "line:web:o1:1",
            "customer_id": None,
            "item_id": "tea",
            "interaction_type": "purchase",
            "occurred_at": datetime(2026, 1, 5, 11, tzinfo=UTC),
            "occurred_date": date(2026, 1, 5),
            "quantity": 2,
            "amount": Decimal("5.5000"),
            "order_id": "o1",
        },
    ]
    assert lake.read_arrow(FEAT_CUSTOMERS)["segment_ids"].to_pylist() == [["big", "loyal"], []]
    assert lake.read_arrow(FEAT_ITEMS)["category_path"].to_pylist() == [["drinks", "tea"]]
    assert not (night.settings.paths.warehouse / "export").exists(), "a file is read in place, not staged"


def test_nothing_new_writes_no_version_and_a_change_writes_one(night):
    lake = Lake(night.settings.lake)
    run(night, lake)
    again = {report.table_name: report for report in run(night, lake)}
    assert all(report.version_before == report.version_after == 0 for report in again.values())
    assert again["fct_interactions"].n_unchanged == 2
    with warehouse(night) as file:
        file.execute("update fct_interactions set quantity = 3 where order_id = 'o1'")
        file.execute("delete from feat_customers where customer_id = 'c_ann'")  # she denies too
    changed = {report.table_name: report for report in run(night, lake)}
    assert (changed["fct_interactions"].n_updated, changed["fct_interactions"].detail["deleted"]) == (1, 1)
    assert (changed["fct_interactions"].version_after, changed["feat_items"].version_after) == (1, 0)
    assert lake.read_arrow(FCT_INTERACTIONS)["quantity"].to_pylist() == [3]


def read_rows(lake: Lake) -> list[tuple]:
    rows = lake.read_arrow(FCT_INTERACTIONS, ["interaction_id", "customer_id", "occurred_date"]).to_pylist()
    return sorted((*row.values(),) for row in rows)


def test_only_days_that_differ_are_written(night):
    lake = Lake(night.settings.lake)
    with warehouse(night) as file:
        file.execute("""
            insert into fct_interactions
            select 'event:' || day, 'c_ann', 'tea', 'view', timestamp '2026-01-01 09:00:00' + to_days(day),
                date '2026-01-01' + day::int, null, null, null
            from range(10, 16) days(day)
        """)
    run(night, lake)
    files = set(lake.list_files(FCT_INTERACTIONS))
    with warehouse(night) as file:
        # One comes late, one goes to another customer, one to another day, and the 16th has none any more.
        file.execute("""
            insert into fct_interactions values ('event:late', 'c_new', 'tea', 'view', '2026-01-11 23:59:59',
                '2026-01-11', null, null, null);
            update fct_interactions set customer_id = 'c_new' where interaction_id = 'event:11';
            update fct_interactions set occurred_date = '2026-01-14' where interaction_id = 'event:12';
            delete from fct_interactions where interaction_id = 'event:15';
        """)
    report = run(night, lake)[0]
    assert (report.n_inserted, report.n_updated, report.n_unchanged, report.detail) == (
        1,
        2,
        5,
        {"deleted": 1},
    )
    written = {
        path.split("occurred_date=")[1][:10] for path in set(lake.list_files(FCT_INTERACTIONS)) - files
    }
    assert written == {"2026-01-11", "2026-01-12", "2026-01-14"}
    assert read_rows(lake) == [
        ("event:1", "c_ann", date(2026, 1, 5)),
        ("event:10", "c_ann", date(2026, 1, 11)),
        ("event:11", "c_new", date(2026, 1, 12)),
        ("event:12", "c_ann", date(2026, 1, 14)),
        ("event:13", "c_ann", date(2026, 1, 14)),
        ("event:14", "c_ann", date(2026, 1, 15)),
        ("event:late", "c_new", date(2026, 1, 11)),
        ("line:web:o1:1", None, date(2026, 1, 5)),
    ]


def test_a_table_of_an_earlier_layout_is_written_by_day(night):
    lake = Lake(night.settings.lake)
    run(night, lake)
    rows = lake.read_arrow(FCT_INTERACTIONS).drop_columns(["occurred_date"])
    shutil.rmtree(lake.path(FCT_INTERACTIONS))
    write_deltalake(lake.path(FCT_INTERACTIONS), rows)
    run(night, lake)
    assert [day for *_, day in read_rows(lake)] == [date(2026, 1, 5)] * 2
    assert lake.has_layout_of_contract(FCT_INTERACTIONS)


@pytest.mark.parametrize(
    ("table", "gained"),
    [
        pytest.param(FEAT_CUSTOMERS, "rfm_segment", id="whole"),
        pytest.param(FCT_INTERACTIONS, "quantity", id="by day"),
    ],
)
def test_a_column_that_a_contract_gained_comes_into_the_lake_though_it_says_nothing(night, table, gained):
    with warehouse(night) as file:
        file.execute(f"update {table.name} set {gained} = null")
    lake = Lake(night.settings.lake)
    run(night, lake)
    rows = lake.read_arrow(table)
    shutil.rmtree(lake.path(table))
    days = [table.partition] if table.partition else None
    write_deltalake(lake.path(table), rows.drop_columns([gained]), partition_by=days)
    report = next(each for each in run(night, lake) if each.table_name == table.name)
    assert (report.version_after, report.n_updated, report.n_unchanged) == (1, 0, 2)
    assert lake.read_arrow(table).sort_by(table.key[0]) == rows.sort_by(table.key[0])
    assert all(each.version_before == each.version_after for each in run(night, lake))


def test_spark_reads_what_was_brought(night, spark):
    run(night, Lake(night.settings.lake))
    rows = Lake(night.settings.lake, spark).read(FCT_INTERACTIONS).orderBy("interaction_id").collect()
    assert [row.interaction_id for row in rows] == ["event:1", "line:web:o1:1"]
    assert rows[1].amount == Decimal("5.5000")
