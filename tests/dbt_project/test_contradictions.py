"""Orders whose lines disagree: one rule, nothing lost, nothing added up that may not be; figures by hand from
`conftest.py`.
"""

from datetime import date
from decimal import Decimal

import duckdb
import pytest


@pytest.fixture(scope="module")
def ask(built):
    with duckdb.connect(str(built.files[-1]), read_only=True) as warehouse:
        yield lambda query: warehouse.execute(query).fetchall()


def test_an_order_is_its_first_lines_and_the_others_are_reported(built, ask):
    """Line 1 names nobody; 2 names i_u2, NL, web and EUR; 3 names i_u1, BE, store and USD; 4 names i_u1, NL
    and web.
    """
    order = (
        "select customer_id, country, channel, currency, n_lines, n_other_currency_lines, n_units, amount"
        " from fct_orders"
    )
    two, one = built.shop.owner["i_u2"], built.shop.owner["i_u1"]
    assert ask(f"{order} where order_id = 'odd'") == [(two, "NL", "web", "EUR", 4, 1, 4, Decimal(9))]
    assert ask("select distinct customer_id from fct_order_lines where order_id = 'odd'") == [(two,)]
    assert ask("select sum(amount) from fct_order_lines where order_id = 'odd' and currency = 'USD'") == [
        (29,)
    ], "it is kept"
    conflicts = (
        "select field, order_value, line_value, n_lines, first_line_no from rpt_order_conflicts where"
        " order_id = 'odd'"
    )
    assert sorted(ask(conflicts)) == [
        ("channel", "web", "store", 1, 3),
        ("country", "NL", "BE", 1, 3),
        ("currency", "EUR", "USD", 1, 3),
        ("customer_id", two, one, 2, 3),
    ]
    others = (
        "select count(*) from rpt_order_conflicts where order_id not in ('odd', 'parts') and field <>"
        " 'country'"
    )
    assert ask(others) == [(0,)], "the control; the shop draws a country for each line"


def test_currencies_are_never_added(built, ask):
    two = built.shop.owner["i_u2"]
    spent = ask(
        "select currency, n_other_currency_orders, amount_spent from dim_customers where customer_id ="
        f" '{two}'"
    )
    in_euros = ask(
        f"select sum(amount) from fct_orders where customer_id = '{two}' and currency = 'EUR' and not"
        " is_return"
    )
    assert spent == [("EUR", 1, *in_euros[0])]
    day = (
        "select currency, n_orders, n_guest_orders, n_customers, amount_sold from rpt_daily_sales where"
        " ordered_date = "
    )
    assert ("USD", 1, 0, 1, Decimal(3)) in ask(f"{day} date '2026-01-14'")


@pytest.mark.parametrize("test", ["customers_pay_in_one_currency", "orders_are_of_one_customer"])
def test_the_build_warns_and_goes_on(built, test):
    assert built.results[test] == "warn"


def test_a_first_line_that_comes_late_takes_all_its_order_along(built, ask):
    """The till's order `parts`: line 2 lay on day 5 from the first night on; line 1 came in the last night,
    dated day 13.
    """
    owners = []
    for file in built.files:
        with duckdb.connect(str(file), read_only=True) as warehouse:
            line = "select customer_id from fct_order_lines where order_id = 'parts' and line_no = 2"
            owners.append(warehouse.execute(line).fetchall())
    five, six = built.shop.owner["i_u5"], built.shop.owner["i_u6"]
    assert owners == [[(five,)], [(five,)], [(six,)]]
    assert (date(2026, 1, 10),) in ask("select touched_date from main_intermediate.int_build__touched_days")


def test_what_is_dated_tomorrow_counts_today(built):
    """The second night's warehouse stands for 20 January and holds an order of the 21st, all that its
    customer ever did.
    """
    with duckdb.connect(str(built.files[1]), read_only=True) as warehouse:
        buyer = f"customer_id = '{built.shop.owner['i_new']}'"
        assert warehouse.execute("select as_of, newest_date from dim_warehouse").fetchone() == (
            date(2026, 1, 20),
            date(2026, 1, 21),
        )
        found = warehouse.execute(
            f"select n_orders, recency_days, rfm_segment is not null from dim_customers where {buyer}"
        )
        assert found.fetchall() == [(1, 0, True)]
        sales = warehouse.execute(
            "select n_orders, amount_sold from rpt_daily_sales where ordered_date = date '2026-01-21'"
        )
        assert sales.fetchall() == [(1, 3)]
    with duckdb.connect(str(built.anew), read_only=True) as warehouse:
        entered = warehouse.execute(
            f"select min(entered_at) from fct_customer_segments where {buyer}"
        ).fetchone()[0]
        assert entered.date() == date(2026, 1, 21), "once that day is there, it counts on it"
