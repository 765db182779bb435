"""Figures by placement are what plain Python counts of the same rows."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving_app.console.figure_records import Figures, PlacementFigures, draw_clicks, list_days, stack
from serving_app.console.figure_service import ask_figures

AS_OF = date(2026, 2, 20)
PLACEMENTS, RUNGS, ITEMS = ("home/top", "cart", None), ("personal", "popular"), ("i1", "i2", "i3")
SCHEMA = """
    create or replace table dim_warehouse (as_of date);
    create or replace table fct_impressions (
        request_id varchar, item_id varchar, served_date date, placement varchar, list_source varchar,
        n_clicks integer, n_carts integer
    );
    create or replace table fct_orders (
        source varchar, order_id varchar, is_return boolean, currency varchar, request_id varchar
    );
    create or replace table fct_order_lines (
        source varchar, order_id varchar, item_id varchar, amount decimal(18, 4), currency varchar,
        is_sold boolean, is_goods boolean
    );
"""


def fill(warehouse, impressions, orders, lines):
    for statement in SCHEMA.split(";"):
        warehouse.execute(statement)
    warehouse.execute("insert into dim_warehouse values (?)", [AS_OF])
    for table, rows in (("fct_impressions", impressions), ("fct_orders", orders), ("fct_order_lines", lines)):
        if rows:
            places = ", ".join([f"({', '.join('?' * len(rows[0]))})"] * len(rows))
            warehouse.execute(
                f"insert into {table} values {places}", [value for row in rows for value in row]
            )


class AskedNight:
    """A night as `ask_figures` asks it."""

    as_of = AS_OF

    def __init__(self, connection):
        self.connection = connection

    def ask(self, query, parameters=None):
        return self.connection.execute(query, parameters).fetchall()


def count_by_hand(impressions, orders, lines, first):
    """Each placement's figures, one row after the other."""
    served = {
        (request, item): place or "unnamed" for request, item, day, place, *_ in impressions if day >= first
    }
    totals = defaultdict(lambda: [set(), 0, 0, 0, set(), Decimal(0)])
    for request, _, day, place, _, clicks, carts in impressions:
        if day < first:
            continue
        own = totals[place or "unnamed"]
        own[0].add(request)
        own[1], own[2], own[3] = own[1] + 1, own[2] + (clicks > 0), own[3] + carts
    bought = [
        (request, order, item, amount)
        for source, order, is_return, _, request in orders
        for line_source, line_order, item, amount, currency, is_sold, is_goods in lines
        if (line_source, line_order) == (source, order) and not is_return
        if is_sold and is_goods and currency == "EUR"
    ]
    for request, order, item, amount in bought:
        if place := served.get((request, item)):
            totals[place][4].add(order)
            totals[place][5] += amount
    return {
        place: (len(lists), shown, clicked, carts, len(own_orders), revenue)
        for place, (lists, shown, clicked, carts, own_orders, revenue) in totals.items()
    }


@st.composite
def shops(draw):
    requests = {
        f"r{n}": (draw(st.sampled_from(PLACEMENTS)), draw(st.sampled_from(RUNGS)), draw(st.integers(0, 12)))
        for n in range(draw(st.integers(0, 5)))
    }
    impressions = [
        (
            request,
            item,
            AS_OF - timedelta(days=back),
            place,
            rung,
            draw(st.integers(0, 2)),
            draw(st.integers(0, 1)),
        )
        for request, (place, rung, back) in requests.items()
        for item in draw(st.sets(st.sampled_from(ITEMS), min_size=1))
    ]
    orders = [
        ("shop", f"o{n}", draw(st.booleans()), "EUR", draw(st.sampled_from([None, "r0", "r1", "gone"])))
        for n in range(draw(st.integers(0, 4)))
    ] + [("shop", f"common{n}", False, "EUR", None) for n in range(5)]
    lines = [
        (
            "shop",
            draw(st.sampled_from(["o0", "o1", "o2"])),
            draw(st.sampled_from(ITEMS)),
            Decimal(draw(st.integers(1, 900))) / 100,
            draw(st.sampled_from(["EUR", "EUR", "GBP"])),
            draw(st.booleans()),
            draw(st.booleans()),
        )
        for _ in range(draw(st.integers(0, 6)))
    ]
    return impressions, orders, lines


@pytest.fixture(scope="module")
def warehouse():
    with duckdb.connect(config={"threads": 1}) as connection:
        yield connection


@settings(max_examples=25)
@given(shop=shops())
def test_figures_are_those_counted_by_hand(warehouse, shop):
    fill(warehouse, *shop)
    figures = ask_figures(AskedNight(warehouse), n_days=7)
    expected = count_by_hand(*shop, first=AS_OF - timedelta(days=6))
    found = {
        each.placement: (
            each.n_lists,
            each.n_shown,
            each.n_clicked,
            each.n_carts,
            each.n_orders,
            each.revenue,
        )
        for each in figures.placements
    }
    assert found == expected
    assert sum(row[2] for row in figures.by_day) == sum(row[1] for row in expected.values())
    assert sum(row[4] for row in figures.by_day) == sum(row[5] for row in expected.values())
    assert sum(n for *_, n in figures.by_rung) == sum(row[0] for row in expected.values())


def test_an_order_counts_for_the_items_of_its_list_alone(warehouse):
    day = AS_OF
    impressions = [("r1", "i1", day, "cart", "personal", 2, 1), ("r1", "i2", day, "cart", "personal", 0, 0)]
    orders = [("s", "o1", False, "EUR", "r1"), ("s", "o2", False, "GBP", "r1")]
    lines = [
        ("s", "o1", "i1", Decimal("5.00"), "EUR", True, True),
        ("s", "o1", "i1", Decimal("2.50"), "EUR", True, True),
        ("s", "o1", "i9", Decimal("70.00"), "EUR", True, True),
        ("s", "o1", "POSTAGE", Decimal("4.00"), "EUR", True, False),
        ("s", "o2", "i2", Decimal("9.00"), "GBP", True, True),
    ]
    fill(warehouse, impressions, orders, lines)
    figures = ask_figures(AskedNight(warehouse), n_days=7)
    (cart,) = figures.placements
    assert (cart.n_lists, cart.n_shown, cart.n_clicked, cart.n_carts) == (1, 2, 1, 1)
    assert (cart.n_orders, cart.revenue, cart.click_rate) == (1, Decimal("7.5"), 0.5)
    assert (figures.currency, figures.n_other_currency, figures.personal_share) == ("EUR", 1, 1.0)
    assert "cart: 50.0 % on 20 Feb" in draw_clicks(figures)


def test_more_than_five_series_are_put_together():
    rows = [(AS_OF, f"p{n}", 10 - n) for n in range(7)]
    series = stack([AS_OF], rows)
    assert [(each.name, each.values[0]) for each in series] == [
        ("p0", 10),
        ("p1", 9),
        ("p2", 8),
        ("p3", 7),
        ("others", 6 + 5 + 4),
    ]
    assert list_days(AS_OF - timedelta(days=2), AS_OF)[0] == date(2026, 2, 18)


def test_a_sum_over_all_placements():
    rows = [PlacementFigures(name, 1, 10, 2, 1, 1, Decimal("2.5")) for name in ("a", "b")]
    total = Figures(AS_OF, AS_OF, "EUR", rows, [], []).total
    assert (total.n_shown, total.click_rate, total.revenue) == (20, 0.2, Decimal("5.0"))
    assert Figures(AS_OF, AS_OF, "", [], [], []).personal_share is None


def test_the_page_tells_them_and_what_is_missing(shop, sign_in, keys):
    file = shop.home / "warehouse" / "concierge.duckdb"
    reader = sign_in(keys["metrics"])
    assert "No night is published on this machine" in reader.get("/console/figures").text
    file.parent.mkdir(parents=True)
    with duckdb.connect(str(file)) as warehouse:
        fill(warehouse, [], [], [])
    assert "No list was shown in these days" in reader.get("/console/figures?days=x").text
    with duckdb.connect(str(file)) as warehouse:
        hostile = "<img src=x onerror=alert(1)>"
        warehouse.execute(
            "insert into fct_impressions values ('r', 'i', ?, ?, ?, 1, 0)", [AS_OF, hostile, hostile]
        )
    page = reader.get("/console/figures?days=7")
    assert page.status_code == 200 and "100.0 %" in page.text and "&lt;img src=x" in page.text
    assert "<img src=x" not in page.text
    assert datetime(2026, 2, 20).strftime("%a %d %b %Y") in page.text


@pytest.mark.parametrize("scope", ["read", "profiles", "overrides"])
def test_the_page_needs_the_scope_of_metrics(sign_in, keys, scope):
    assert sign_in(keys[scope]).get("/console/figures").status_code == 403
