"""Two nights at the same day: which memberships that were published are corrected, and why."""

import json
import random
from collections import Counter
from datetime import UTC, date, datetime

import duckdb
import pytest

from segments.parsing.definitions import parse_definition
from spark_jobs.run.context import LandingDates, RunContext
from spark_jobs.settings import Settings
from spark_jobs.warehouse.segment_corrections import (
    Definitions,
    compare_definitions,
    find_corrections,
    report_corrections,
)

DAY, AT = date(2026, 2, 20), datetime(2026, 2, 21, 3, tzinfo=UTC)
RULE = "segment_id: {0}\nname: N\nkind: rule\ndescription: D\nmembers: {1}\n"
RULES = {
    "viewers": "{count: view, within: 7 days, op: '>=', value: 1}",
    "staff": "{list: staff}",
    "not_staff": "{not: {segment: staff}}",
    "sale": "{count: cart, where: {item_id: {in_list: sale}}, within: 7 days, op: '>=', value: 1}",
}
TABLES = """
    create schema {0}.main_intermediate;
    create table {0}.dim_warehouse (as_of date);
    create table {0}.dim_segments (segment_id varchar, kind varchar);
    create table {0}.fct_customer_segments (
        customer_id varchar, segment_id varchar, entered_at timestamp, left_at timestamp
    );
    create table {0}.fct_identity_changes (change_id varchar, customer_id varchar, to_customer_id varchar);
    create table {0}.main_intermediate.int_list_members (list_name varchar, customer_id varchar);
    create table {0}.main_intermediate.int_list_items (list_name varchar, item_id varchar)
"""


@pytest.fixture
def nights():
    """Two empty warehouses, `published` and `warehouse`."""
    with duckdb.connect() as connection:
        for name in ("published", "warehouse"):
            connection.execute(f"attach ':memory:' as {name}")
            for statement in TABLES.format(name).split(";"):
                connection.execute(statement)
        connection.execute("insert into published.dim_warehouse values (?)", [DAY])
        yield connection


def add(connection, table, *rows):
    for row in rows:
        connection.execute(f"insert into {table} values ({', '.join('?' * len(row))})", list(row))


def make_definitions(*redefined):
    rules = {name: parse_definition(RULE.format(name, rule), name).members for name, rule in RULES.items()}
    return Definitions(rules, frozenset(redefined))


def test_each_cause_and_what_is_none(nights):
    """Ann and Bob are viewers in both; what began or ended since the day is no correction."""
    stays = "fct_customer_segments"
    add(
        nights,
        f"published.{stays}",
        ("c_ann", "viewers", "2026-02-10", None),
        ("c_bob", "viewers", "2026-02-10", None),
        ("c_old", "viewers", "2026-02-10", None),
        ("c_cy", "viewers", "2026-02-01", "2026-02-20"),
        ("c_ann", "staff", "2026-02-10", None),
        ("c_ann", "sale", "2026-02-10", None),
        ("c_ann", "alike", "2026-02-10", None),
    )
    add(
        nights,
        f"warehouse.{stays}",
        ("c_ann", "viewers", "2026-02-11", None),
        ("c_bob", "viewers", "2026-02-10", "2026-02-21"),
        ("c_new", "viewers", "2026-02-10", None),
        ("c_dee", "viewers", "2026-02-20", None),
        ("c_eve", "viewers", "2026-02-21", None),
        ("c_bob", "staff", "2026-02-01", None),
        ("c_dee", "staff", "2026-02-01", None),
        ("c_ann", "not_staff", "2026-02-10", None),
    )
    add(nights, "published.fct_identity_changes", ("i-1", "c_bob", "c_ann"))
    add(nights, "warehouse.fct_identity_changes", ("i-1", "c_bob", "c_ann"), ("i-2", "c_old", "c_new"))
    add(nights, "published.main_intermediate.int_list_members", ("staff", "c_ann"))
    add(nights, "warehouse.main_intermediate.int_list_members", ("staff", "c_bob"))
    add(nights, "published.main_intermediate.int_list_items", ("sale", "item-1"))
    add(nights, "warehouse.dim_segments", ("alike", "lookalike"), ("viewers", "rule"))
    found = find_corrections(nights, make_definitions())
    one = {"entered": 1, "left": 0}
    assert found == {
        "day": "2026-02-20",
        "n_corrected": 9,
        "segments": {
            "alike": {"model": {"entered": 0, "left": 1}},
            "not_staff": {"list": one},
            "sale": {"list": {"entered": 0, "left": 1}},
            "staff": {"list": {"entered": 1, "left": 1}, "data": one},
            "viewers": {"data": one, "merge": {"entered": 1, "left": 1}},
        },
    }
    again = find_corrections(nights, make_definitions("viewers", "staff"))["segments"]
    assert again["viewers"] == {"definition": one, "merge": {"entered": 1, "left": 1}}
    assert again["staff"] == {"definition": {"entered": 2, "left": 1}}


def test_two_equal_nights_correct_nothing(nights):
    for name in ("published", "warehouse"):
        add(nights, f"{name}.fct_customer_segments", ("c_ann", "viewers", "2026-02-10", None))
    assert find_corrections(nights, make_definitions("viewers")) == {
        "day": "2026-02-20",
        "n_corrected": 0,
        "segments": {},
    }


@pytest.mark.parametrize("seed", range(5))
def test_random_nights_against_sets(nights, seed):
    """The same by sets of Python: who was in at the day, who is, and which cause comes first."""
    draw = random.Random(seed)
    customers, segments = [f"c_{n}" for n in range(12)], [*RULES, "alike"]
    days = ["2026-02-18", "2026-02-19", "2026-02-20", "2026-02-21"]
    stays = {name: [] for name in ("published", "warehouse")}
    for name, rows in stays.items():
        for customer in customers:
            for segment in segments:
                if draw.random() < 0.6:
                    first = draw.randrange(3)
                    last = draw.choice([None, *days[first + 1 :]])
                    rows.append((customer, segment, days[first], last))
        add(nights, f"{name}.fct_customer_segments", *rows)
    listed = {name: {("staff", draw.choice(customers)) for _ in range(4)} for name in stays}
    for name, rows in listed.items():
        add(nights, f"{name}.main_intermediate.int_list_members", *sorted(rows))
    moved = set(draw.sample(customers, 2))
    add(nights, "warehouse.fct_identity_changes", ("i-1", *sorted(moved)))
    add(nights, "warehouse.dim_segments", ("alike", "lookalike"))
    redefined = draw.choice([(), ("viewers",), ("staff", "not_staff")])
    was = {row[:2] for row in stays["published"] if row[3] is None}
    now = {row[:2] for row in stays["warehouse"] if row[3] is None or row[3] > "2026-02-20"}
    expected = Counter()
    for customer, segment in was ^ now:
        relisted = ("staff", customer) in listed["published"] ^ listed["warehouse"]
        cause = (
            "merge"
            if customer in moved
            else "definition"
            if segment in redefined
            else "model"
            if segment == "alike"
            else "list"
            if relisted and segment in ("staff", "not_staff")
            else "data"
        )
        expected[segment, cause, "entered" if (customer, segment) in now else "left"] += 1
    found = find_corrections(nights, make_definitions(*redefined))
    counts = {
        (segment, cause, change): n
        for segment, causes in found["segments"].items()
        for cause, changes in causes.items()
        for change, n in changes.items()
        if n
    }
    assert counts == dict(expected) and found["n_corrected"] == len(was ^ now)


def test_what_rests_on_a_changed_definition_is_redefined(tmp_path):
    folders = tmp_path / "before", tmp_path / "now"
    for folder in folders:
        folder.mkdir()
        for name, rule in RULES.items():
            (folder / f"{name}.yml").write_text(RULE.format(name, rule))
    (folders[1] / "staff.yml").write_text(RULE.format("staff", "{list: people}"))
    (folders[0] / "sale.yml").unlink()
    found = compare_definitions(*(sorted(folder.glob("*.yml")) for folder in folders))
    assert found.redefined == {"staff", "not_staff", "sale"}


def publish_night(settings, statements):
    """A published warehouse of an earlier run, made by some statements."""
    folder = settings.paths.warehouse_builds
    folder.mkdir(parents=True)
    with duckdb.connect(str(folder / "before.duckdb")) as connection:
        for statement in filter(str.strip, statements):
            connection.execute(statement)
    settings.paths.warehouse_file.symlink_to(folder / "before.duckdb")


@pytest.fixture
def tonight(tmp_path, nights):
    """A run whose build is attached as `warehouse`, in a home with a quotation mark in its name."""
    home = str(tmp_path / "ann's")
    context = RunContext(
        "now", LandingDates(DAY, DAY), Settings.from_environment({"CONCIERGE_HOME": home}), AT
    )
    nights.execute("detach published")
    return context


def test_the_published_night_is_compared_and_reported(tonight, nights):
    statements = TABLES.format("main").replace("main.main_", "main_").replace("schema main.", "schema ")
    stay = f"insert into fct_customer_segments values ('c_ann', 'viewers', '{DAY}', null)"
    publish_night(
        tonight.settings, [*statements.split(";"), stay, f"insert into dim_warehouse values ('{DAY}')"]
    )
    tonight.settings.paths.warehouse_build(tonight.slug).touch()
    report_corrections(tonight, nights)
    report = json.loads(tonight.settings.paths.segment_corrections_report(tonight.slug).read_text())
    assert report["segments"] == {"viewers": {"data": {"entered": 0, "left": 1}}}


@pytest.mark.parametrize(
    "statements",
    [
        pytest.param(["create table other (a int)"], id="none of the tables"),
        pytest.param(
            [
                "create schema main_intermediate",
                "create table main_intermediate.int_list_items (list_name varchar)",
            ],
            id="a table with other columns",
        ),
        pytest.param(None, id="no database"),
    ],
)
def test_a_night_does_not_fail_for_a_published_one_of_another_layout(tonight, nights, statements):
    publish_night(tonight.settings, statements or [])
    if statements is None:
        tonight.settings.paths.warehouse_file.resolve().write_bytes(b"rubbish" * 10_000)
    tonight.settings.paths.warehouse_build(tonight.slug).touch()
    report_corrections(tonight, nights)
    assert not tonight.settings.paths.segment_corrections_report(tonight.slug).exists()
    report_corrections(tonight, nights)  # nothing is left attached
