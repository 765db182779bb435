"""A history that two nights build is the one that is built at once, on random histories: late days, days that
are gone, a currency that changes, a merge; the models from customers' days to stays, as dbt compiled them.
"""

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dbt_project.test_segment_history import MADE, N_DAYS, days, put

TOUCHED = {
    "int_touched_customer_days": "int_customer_days",
    "int_touched_amount_days": "int_customer_amount_days",
    "int_touched_category_days": "int_customer_category_days",
}
SOURCES = ("stg_core__events", "stg_core__order_lines")
OF_EVENTS = (
    "int_customer_consents",
    "int_build__changed_consents",
    "int_build__changed_histories",
    "int_build__changed_lists",
    "int_build__changed_profiles",
    "int_profile_changes",
    "int_learned_stays",
    "int_event_edges",
    "int_behaviour_days",
    "int_staying_days",
)
GIVEN = (*MADE, *TOUCHED, *SOURCES, *OF_EVENTS, "int_calendar", "int_build__touched_days")
# where all is new, `put` has them
BY_HAND = ("int_build__window", "int_build__changed_customers", "int_build__rescored_customers")
COMPARED = ("fct_customer_segments", "int_customer_states", "int_buyer_spans", "int_score_cuts")

seen = st.sampled_from(["on time", "on time", "on time", "late", "gone"])
currencies = st.sampled_from(["EUR", "EUR", "USD"])
histories = st.lists(
    st.tuples(
        currencies,
        currencies,
        st.lists(st.tuples(seen, days), min_size=1, max_size=8, unique_by=lambda row: row[1]["day"]),
    ),
    min_size=1,
    max_size=6,
)


@dataclass(frozen=True)
class Model:
    """A model with its SQL of a build from nothing and of one upon an earlier one.

    Attributes:
        replacing: of an incremental model, the statements that put its rows in the place of others.
    """

    name: str
    relation: str
    kind: str
    anew: str
    upon: str
    replacing: str | None


@pytest.fixture(scope="module")
def models(built) -> list[Model]:
    """The models in the order in which they run; first of whom something is new, of what was before."""
    nodes, ordered = built.manifest["nodes"], []

    def visit(name: str) -> None:
        if name in (*GIVEN, *ordered):
            return
        for parent in nodes[f"model.concierge.{name}"]["depends_on"]["nodes"]:
            visit(parent.split(".")[-1])
        ordered.append(name)

    visit("int_build__changed_customers")
    visit("fct_customer_segments")
    anew = read_pages(built.anew.parents[1] / "dbt" / "target" / "compiled")
    upon, run = read_pages(built.upon / "compiled"), read_pages(built.upon / "run")
    kinds = {name: nodes[f"model.concierge.{name}"]["config"]["materialized"] for name in ordered}
    return [
        Model(
            name,
            f'"{nodes[f"model.concierge.{name}"]["schema"]}"."{name}"',
            "view" if kinds[name] == "view" else "table",
            anew[name],
            upon[name],
            run[name] if kinds[name] == "incremental" else None,
        )
        for name in ordered
    ]


def read_pages(folder: Path) -> dict[str, str]:
    """What dbt wrote of each model; beside a page lie rows that a unit test gives under its name."""
    return {path.stem: path.read_text() for path in folder.rglob("*.sql") if not path.parent.suffix}


def open_shop(shop: list, today: date) -> duckdb.DuckDBPyConnection:
    """A database called as the one that dbt builds, with the rows that the models begin with."""
    db = duckdb.connect(config={"threads": 1})
    db.execute("attach ':memory:' as building; use building")
    put(db, shop, today)
    db.execute(
        "create table main_intermediate.int_learned_stays"
        " (customer_id varchar, segment_id varchar, entered_at timestamp, left_at timestamp)"
    )
    return db


def build_anew(db: duckdb.DuckDBPyConnection, models: list[Model], today: date, last: date) -> None:
    for model in models:
        if model.name in BY_HAND:
            continue
        sql = model.anew.replace(f"'{last}'", f"'{today}'")
        db.execute(f"create or replace {model.kind} {model.relation} as {sql}")


def build_upon(db: duckdb.DuckDBPyConnection, models: list[Model], rows: dict, newest: date) -> None:
    """One more night: each model reads what the ones before it left, and the tables of the first night."""
    db.execute(f"""
        create schema if not exists main_staging;
        create or replace table main_staging.stg_core__events as select date '{newest}' as occurred_date;
        create or replace table main_staging.stg_core__order_lines as select date '{newest}' as ordered_date;
        create or replace table main_intermediate.int_build__touched_days as
            select unnest(generate_series(date '{newest}' - 400, date '{newest}', interval 1 day))::date
                as touched_date
    """)
    load(db, rows, ("int_calendar", "int_customer_currencies"))
    load(db, {name: rows[made] for name, made in TOUCHED.items()}, TOUCHED)
    for model in models:
        if model.replacing is None:
            db.execute(f"create or replace {model.kind} {model.relation} as {model.upon}")
        else:
            (name,) = set(re.findall(r'"(\w+__dbt_tmp\w*)"', model.replacing))
            db.execute(f'create temp table "{name}" as {model.upon}')
            db.execute(model.replacing)
        if model.name == "int_build__changed_customers":
            load(db, rows, TOUCHED.values())


def load(db: duckdb.DuckDBPyConnection, rows: dict, names) -> None:
    for name in names:
        db.register("loaded", rows[name])
        db.execute(f"create or replace table main_intermediate.{name} as from loaded")
        db.unregister("loaded")


def read_rows(db: duckdb.DuckDBPyConnection, models: list[Model]) -> dict[str, list]:
    relations = {model.name: model.relation for model in models}
    return {name: sorted(db.sql(f"from {relations[name]}").fetchall(), key=repr) for name in COMPARED}


def split_nights(shop: list, merged: tuple[int, int], n_waited: int) -> tuple[list, list]:
    """What each of two nights knows: currency and days of each customer."""
    first, second = [], []
    for before, after, rows in shop:
        on_time = [row for seen, row in rows if seen != "late" and row["day"] + n_waited < N_DAYS]
        first.append((before, [row | {"day": row["day"] + n_waited} for row in on_time]))
        second.append((after, [row for seen, row in rows if seen != "gone"]))
    whose, into = (n % len(shop) for n in merged)
    if whose != into:
        held = {row["day"] for row in second[into][1]}
        second[into][1].extend(row for row in second[whose][1] if row["day"] not in held)
        second[whose][1].clear()
    return first, second


def build_both(models: list[Model], last: date, first: list, second: list, n_waited: int) -> list[dict]:
    """The compared tables of a build at once, and of one of two nights."""
    before = last - timedelta(days=n_waited)
    with open_shop(second, last) as at_once, open_shop(first, before) as nightly:
        build_anew(at_once, models, last, last)
        build_anew(nightly, models, before, last)
        names = (*MADE, "int_calendar")
        rows = {name: at_once.sql(f"from main_intermediate.{name}").to_arrow_table() for name in names}
        build_upon(nightly, models, rows, last)
        return [read_rows(db, models) for db in (at_once, nightly)]


@settings(max_examples=20, deadline=None)
@given(shop=histories, merged=st.tuples(*[st.integers(0, 5)] * 2), n_waited=st.sampled_from([0, 1, 1, 2, 40]))
def test_two_nights_build_what_one_does(models, built, shop, merged, n_waited):
    at_once, nightly = build_both(models, built.last, *split_nights(shop, merged, n_waited), n_waited)
    assert nightly == at_once


@pytest.mark.parametrize(
    "deaf", ["int_build__changed_customers", "int_build__rescored_customers", "int_score_crossings"]
)
def test_each_look_back_is_needed(models, built, deaf):
    """The control: a late order gives others another score; a second night that does not look misses it."""
    quiet = {"n_returns": 0, "n_views": 0, "n_carts": 0, "category": None, "cart_is_last": False}
    orders = [{**quiet, "day": day, "n_orders": 1, "amount": 5} for day in (0, 20, 40, 60, 80, 100)]
    shop = [("EUR", "EUR", [("on time", order)]) for order in orders]
    shop[0][2].append(("late", {**orders[0], "day": 50, "n_orders": 2, "amount": 90}))
    nights = split_nights(shop, (0, 0), 1)
    at_once, nightly = build_both(models, built.last, *nights, 1)
    assert nightly == at_once
    blind = [
        replace(model, upon=f"select * from ({model.upon}) where 1 = 0") if model.name == deaf else model
        for model in models
    ]
    at_once, nightly = build_both(blind, built.last, *nights, 1)
    assert nightly != at_once
