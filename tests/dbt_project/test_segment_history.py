"""Stays equal their definition, every customer × every day × all their past, on random histories: the models
from a customer's days to their stays, run as dbt compiled them, beside a plain reading of what fields mean.
"""

import json
from datetime import date, timedelta
from decimal import Decimal
from math import floor

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segments.nightly import NightlyRules
from segments.parsing.definitions import load_segments
from segments.to_sql import DEFINITIONS
from tests.segments.test_to_sql import means

N_DAYS = 130  # more than the longest window, and a rule's longest wait after it
MADE = (
    "int_customer_days",
    "int_customer_amount_days",
    "int_customer_category_days",
    "int_customer_currencies",
)
NOTHING = (
    "int_customer_consents",
    "int_build__changed_consents",
    "int_build__changed_customers",
    "int_build__rescored_customers",
    "int_build__changed_histories",
    "int_build__changed_lists",
    "int_build__changed_profiles",
    "int_profile_changes",
    "int_event_edges",
    "int_behaviour_days",
    "int_staying_days",
)
SEGMENTS = NightlyRules(tuple(load_segments(DEFINITIONS))).plain
OF_FIELDS = {segment.segment_id for segment in SEGMENTS}

days = st.fixed_dictionaries(
    {
        "day": st.integers(0, N_DAYS - 1),
        "n_orders": st.sampled_from([0, 0, 0, 1, 1, 2]),
        "n_returns": st.sampled_from([0, 0, 0, 1]),
        "n_views": st.integers(0, 6),
        "n_carts": st.sampled_from([0, 0, 1]),
        "amount": st.sampled_from([0, 5, 5, 10, 90]),
        "category": st.sampled_from([None, "tea", "tins"]),
        "cart_is_last": st.booleans(),
    }
)
histories = st.lists(
    st.tuples(
        st.sampled_from(["EUR", "EUR", "USD"]),
        st.lists(days, min_size=1, max_size=8, unique_by=lambda d: d["day"]),
    ),
    min_size=1,
    max_size=7,
)


@pytest.fixture(scope="module")
def compiled(built) -> list[tuple[str, str, str]]:
    """Name, kind and SQL of the models between customers' days and stays, in the order in which they run."""
    target = built.anew.parents[1] / "dbt" / "target"
    nodes = json.loads((target / "manifest.json").read_text())["nodes"]
    wanted, ordered = ["int_segment_stays"], []

    def visit(name: str) -> None:
        if name in (*MADE, *NOTHING, "int_calendar", "int_build__window") or name in ordered:
            return
        for parent in nodes[f"model.concierge.{name}"]["depends_on"]["nodes"]:
            visit(parent.split(".")[-1])
        ordered.append(name)

    visit(*wanted)
    # beside a model's own page lie rows that a unit test gives under its name
    pages = (target / "compiled" / "concierge").rglob("*.sql")
    sql = {path.stem: path.read_text() for path in pages if not path.parent.suffix}
    kinds = {n: nodes[f"model.concierge.{n}"]["config"]["materialized"] for n in ordered}
    return [(n, "view" if kinds[n] == "view" else "table", sql[n]) for n in ordered]


def put(db: duckdb.DuckDBPyConnection, shop: list, today: date) -> None:
    """The rows that the models begin with."""
    db.execute(
        "create schema main_intermediate; use main_intermediate;"
        "create table int_customer_days (customer_id varchar, activity_date date, n_orders int,"
        " n_returns int, n_consumable_days int, n_views int, n_carts int, last_order_at timestamp,"
        " last_cart_at timestamp);"
        "create table int_customer_amount_days (customer_id varchar, activity_date date, currency varchar,"
        " amount_spent decimal(38, 4), amount_returned decimal(38, 4));"
        "create table int_customer_category_days (customer_id varchar, activity_date date, category varchar,"
        " n_lines int);"
        "create table int_customer_currencies (customer_id varchar, currency varchar);"
        "create table int_customer_consents (customer_id varchar, has_analytics_consent boolean);"
        "create table int_build__changed_consents (customer_id varchar);"
        "create table int_build__changed_customers (customer_id varchar, changed_from date);"
        "create table int_build__rescored_customers (customer_id varchar, rescored_from date);"
        "create table int_build__changed_histories (customer_id varchar, changed_from date);"
        "create table int_build__changed_lists (customer_id varchar, changed_from date);"
        "create table int_build__changed_profiles (customer_id varchar, changed_from date);"
        "create table int_profile_changes (customer_id varchar, field varchar, changed_on date,"
        " field_value varchar);"
        "create table int_event_edges (customer_id varchar, state_date date);"
        "create table int_behaviour_days (customer_id varchar, segment_id varchar, state_date date);"
        "create table int_staying_days (customer_id varchar, segment_id varchar, state_date date);"
    )
    first = min((day_of(row, today) for _, rows in shop for row in rows), default=today)
    db.execute(
        f"create table int_calendar as select unnest(generate_series(date '{first}', date '{today}',"
        f" interval 1 day))::date as calendar_date;"
        f"create table int_build__window as select date '{today}' as as_of, date '{first}' as evaluated_from,"
        f" date '{first}' as rescored_from"
    )
    for n, (currency, rows) in enumerate(shop):
        db.execute("insert into int_customer_currencies values (?, ?)", [f"c{n}", currency])
        for row in rows:
            day, noon = day_of(row, today), f"{day_of(row, today)} 12:00"
            cart = f"{day_of(row, today)} {13 if row['cart_is_last'] else 11}:00"
            db.execute(
                "insert into int_customer_days values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    f"c{n}",
                    day,
                    row["n_orders"],
                    row["n_returns"],
                    int(is_consumable(row)),
                    row["n_views"],
                    row["n_carts"],
                    noon if row["n_orders"] else None,
                    cart if row["n_carts"] else None,
                ],
            )
            spent, back = money(row)
            if row["n_orders"] or row["n_returns"]:
                db.execute(
                    "insert into int_customer_amount_days values (?, ?, ?, ?, ?)",
                    [f"c{n}", day, currency, spent, back],
                )
            if row["n_orders"] and row["category"]:
                db.execute(
                    "insert into int_customer_category_days values (?, ?, ?, ?)",
                    [f"c{n}", day, row["category"], row["n_orders"]],
                )


def day_of(row: dict, today: date) -> date:
    return today - timedelta(days=N_DAYS - 1 - row["day"])


def is_consumable(row: dict) -> bool:
    return row["n_orders"] > 0 and row["category"] == "tea"


def money(row: dict) -> tuple[Decimal, Decimal]:
    """What a day's orders cost, and what came back."""
    return Decimal(row["amount"] * row["n_orders"]), Decimal(row["amount"] * row["n_returns"])


def read_state(rows: list[dict], now: int) -> dict | None:
    """The fields of a customer at the end of a day, from all they did by then."""
    past = [row for row in rows if row["day"] <= now]
    if not past:
        return None
    ago = {id(row): now - row["day"] for row in past}
    orders, carts = ([ago[id(r)] for r in past if r[name]] for name in ("n_orders", "n_carts"))
    spent, back = (sum(money(row)[side] for row in past) for side in (0, 1))
    lines: dict[str, int] = {}
    for row in past:
        if row["n_orders"] and row["category"]:
            lines[row["category"]] = lines.get(row["category"], 0) + row["n_orders"]
    last_order = max((r["day"] + 0.5 for r in past if r["n_orders"]), default=-1)
    last_cart = max(
        (r["day"] + (0.6 if r["cart_is_last"] else 0.4) for r in past if r["n_carts"]), default=-1
    )
    gap = max(orders) - min(orders) if orders else 0
    return {
        "days_since_first_order": max(orders, default=None),
        "days_since_last_order": min(orders, default=None),
        "days_since_last_cart": min(carts, default=None),
        "n_orders": sum(row["n_orders"] for row in past),
        "n_orders_90d": sum(row["n_orders"] for row in past if ago[id(row)] < 90),
        "n_returns": sum(row["n_returns"] for row in past),
        "amount_spent": spent,
        "returned_percent": floor(100 * back / spent) if spent else None,
        "overdue_percent": 100 * min(orders) * (len(orders) - 1) // gap if gap else None,
        "n_consumable_days": sum(is_consumable(row) for row in past),
        "n_views_30d": sum(row["n_views"] for row in past if ago[id(row)] < 30),
        "has_open_cart": last_cart > last_order if carts else False,
        "n_category_lines": sum(lines.values()),
        "favourite_category_percent": 100 * max(lines.values()) // sum(lines.values()) if lines else None,
    }


def add_scores(states: list[tuple[str, dict]]) -> None:
    """Ranks among the buyers of a day, as segments/README.md says them."""
    buyers = [(currency, state) for currency, state in states if state["n_orders"] > 0]
    for _, state in states:
        state |= dict.fromkeys(("recency_score", "value_score", "spend_percentile"))
    is_comparable = len({state["days_since_last_order"] for _, state in buyers}) > 1
    for currency, state in buyers:
        recent = sum(o["days_since_last_order"] < state["days_since_last_order"] for _, o in buyers)
        fewer = sum(other["n_orders"] < state["n_orders"] for _, other in buyers)
        payers = [other["amount_spent"] for of, other in buyers if of == currency]
        less = sum(amount < state["amount_spent"] for amount in payers)
        state["spend_percentile"] = 100 * less // len(payers)
        if is_comparable:
            state["recency_score"] = 5 - 5 * recent // len(buyers)
            state["value_score"] = (1 + 5 * fewer // len(buyers) + 1 + 5 * less // len(payers) + 1) // 2


def read_stays(shop: list, today: date) -> set[tuple]:
    """Runs of days on whose end a rule holds, day by day."""
    members: dict[tuple, list[int]] = {}
    for now in range(N_DAYS):
        found = [(n, currency, read_state(rows, now)) for n, (currency, rows) in enumerate(shop)]
        found = [(n, currency, state) for n, currency, state in found if state]
        add_scores([(currency, state) for _, currency, state in found])
        for n, _, state in found:
            for segment in SEGMENTS:
                if means(segment.members, state):
                    members.setdefault((f"c{n}", segment.segment_id), []).append(now)
    stays = set()
    for who, held in members.items():
        for day in held:
            if day - 1 not in held:
                end = next(d for d in range(day, N_DAYS + 1) if d not in held)
                dates = [today - timedelta(days=N_DAYS - 1 - d) for d in (day, end)]
                stays.add((*who, dates[0], None if end == N_DAYS else dates[1]))
    return stays


def compute_stays(compiled: list[tuple[str, str, str]], shop: list, today: date) -> set[tuple]:
    with duckdb.connect(config={"threads": 1}) as db:
        put(db, shop, today)
        for name, kind, sql in compiled:
            db.execute(f"create {kind} {name} as {sql}")
        rows = db.execute("select customer_id, segment_id, first_date, left_date from int_segment_stays")
        return {row for row in rows.fetchall() if row[1] in OF_FIELDS}


@settings(max_examples=40, deadline=None)
@given(shop=histories)
def test_stays_are_those_of_every_day_worked_out_from_all_the_past(compiled, built, shop):
    assert compute_stays(compiled, shop, built.last) == read_stays(shop, built.last)


def test_a_score_changes_on_a_day_on_which_only_others_bought(compiled, built):
    """The control: without the days on which cuts pass somebody, stays are other ones."""
    quiet = {"n_returns": 0, "n_views": 0, "n_carts": 0, "category": None, "cart_is_last": False}
    shop = [("EUR", [{**quiet, "day": day, "n_orders": 1, "amount": 5}]) for day in (0, 20, 40, 60, 80, 100)]
    expected = read_stays(shop, built.last)
    assert compute_stays(compiled, shop, built.last) == expected
    deaf = [(n, k, sql + " where 1 = 0" if n == "int_score_crossings" else sql) for n, k, sql in compiled]
    assert compute_stays(deaf, shop, built.last) != expected
