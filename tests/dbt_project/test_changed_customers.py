"""Of whom something is new, and from which day on: the model as a build upon an earlier one runs it."""

from datetime import date
from pathlib import Path

import duckdb
import jinja2
import pytest

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
MODELS = ("int_build__changed_consents", "int_build__changed_customers")
TODAY, TOMORROW = date(2026, 3, 1), date(2026, 3, 2)
DAYS = (
    "customer_id varchar, activity_date date, n_orders int, n_returns int, n_consumable_days int,"
    " n_views int, n_carts int, last_order_at timestamp, last_cart_at timestamp"
)
AMOUNTS = "customer_id varchar, activity_date date, currency varchar, amount_spent int, amount_returned int"
CATEGORIES = "customer_id varchar, activity_date date, category varchar, n_lines int"
TABLES = {
    "int_touched_customer_days": DAYS,
    "before_int_customer_days": DAYS,
    "int_touched_amount_days": AMOUNTS,
    "before_int_customer_amount_days": AMOUNTS,
    "int_touched_category_days": CATEGORIES,
    "before_int_customer_category_days": CATEGORIES,
    "int_customer_currencies": "customer_id varchar, currency varchar",
    "before_int_customer_states": "customer_id varchar, state_date date, currency varchar",
    "before_int_build__window": "as_of date",
    "int_build__touched_days": "touched_date date",
    "int_customer_consents": "customer_id varchar, has_analytics_consent boolean",
    "before_dim_customers": "customer_id varchar, has_analytics_consent boolean",
}


@pytest.fixture(scope="module")
def sql() -> str:
    """Both models as views; relations by their names, those of the build before with `before_` in front."""
    world = jinja2.Environment(extensions=["jinja2.ext.do"], loader=jinja2.FileSystemLoader(PROJECT))
    world.globals |= {
        "ref": lambda name: name,
        "get_previous_relation": lambda name: f"before_{name}",
        "as_of": lambda: f"date '{TODAY}'",
    }
    macros = world.get_template("macros/changed_days.sql").module
    world.globals["select_changed_customer_days"] = macros.select_changed_customer_days
    pages = {name: world.get_template(f"models/intermediate/build/{name}.sql").render() for name in MODELS}
    return ";".join(f"create view {name} as {page}" for name, page in pages.items())


def find_changed(sql: str, as_of_before: date, **rows: list[tuple]) -> list[tuple]:
    with duckdb.connect() as db:
        for name, columns in TABLES.items():
            db.execute(f"create table {name} ({columns})")
        db.execute("insert into before_int_build__window values (?)", [as_of_before])
        for name, values in rows.items():
            for row in values:
                db.execute(f"insert into {name} values ({', '.join('?' * len(row))})", list(row))
        db.execute(sql)
        return sorted(db.execute("from int_build__changed_customers").fetchall())


def order(day: date) -> tuple:
    return ("c1", day, 1, 0, 0, 0, 0, None, None)


def view(day: date) -> tuple:
    return ("c1", day, 0, 0, 0, 1, 0, None, None)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([order(TODAY)], [("c1", TODAY, TODAY)], id="an order of today"),
        pytest.param([order(TOMORROW)], [("c1", TODAY, TODAY)], id="one dated tomorrow counts as today's"),
        pytest.param([view(TODAY)], [("c1", TODAY, None)], id="a view changes no score"),
    ],
)
def test_a_second_build_of_a_day_sees_what_came_since(sql, rows, expected):
    assert find_changed(sql, TODAY, int_touched_customer_days=rows) == expected


def test_what_was_dated_after_the_last_build_is_counted_on_its_own_day_now(sql):
    yesterday = date(2026, 2, 28)
    kept = {"int_touched_customer_days": [], "before_int_customer_days": [order(TODAY)]}
    assert find_changed(sql, yesterday, **kept) == [("c1", yesterday, yesterday)]


def test_the_same_rows_change_nobody(sql):
    same = {"int_touched_customer_days": [order(TODAY)], "before_int_customer_days": [order(TODAY)]}
    assert find_changed(sql, TODAY, **same, int_build__touched_days=[(TODAY,)]) == []


def test_a_row_that_is_gone_changes_its_customer_from_its_day(sql):
    gone = {"before_int_customer_days": [order(TODAY)], "int_build__touched_days": [(TODAY,)]}
    assert find_changed(sql, TODAY, **gone) == [("c1", TODAY, TODAY)]


@pytest.mark.parametrize(
    ("before", "now", "is_changed"),
    [
        (None, False, True),
        (True, False, True),
        (False, True, True),
        (None, True, False),
        (False, False, False),
    ],
)
def test_another_word_on_analytics_changes_a_customer_from_their_first_day(sql, before, now, is_changed):
    days = [order(date(2026, 2, 1)), order(date(2026, 2, 9))]
    found = find_changed(
        sql,
        TODAY,
        before_int_customer_days=days,
        int_customer_consents=[("c1", now)],
        before_dim_customers=[("c1", before)],
    )
    assert found == ([("c1", date(2026, 2, 1), None)] if is_changed else [])
