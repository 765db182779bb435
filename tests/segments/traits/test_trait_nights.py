"""Traits kept from night to night are those of a build of all anew: late events, windows that move on."""

from dataclasses import replace

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import Environment

from segments.calendar import DAY, ShopCalendar
from segments.events import Event
from segments.sql.moments import make_timestamp
from segments.sql.traits import build_traits_query
from segments.trait_models import format_customers_model
from segments.tree.events import Duration, EventSet, Within
from segments.tree.measures import Count
from segments.tree.traits import Trait
from tests.segments.hosts import Question, load_duckdb
from tests.segments.oracle import Customer, Shop
from tests.segments.rule_strategies import Draw, pick
from tests.segments.strategies import CENTRES, draw_history, find_calendar, read_time
from tests.segments.traits.test_trait_values import UNHURRIED, draw_value
from tests.segments.traits.trait_hosts import ask_duckdb, name_traits

NIGHTS_APART = (1, 1, 1, 7, 31)


def list_touched(traits: list[Trait], before: Question, after: Question) -> set[str]:
    """The customers that the generated model says are to be worked out again."""
    query, changed = build_traits_query(traits), find_changed(before, after)
    columns = query.moments.list_columns()
    [earlier], [later] = (
        query.moments.build_rows(each.shop.calendar, each.moments) for each in (before, after)
    )
    template = Environment(extensions=["jinja2.ext.do"]).from_string(format_customers_model(list(columns)))
    text = template.render(
        ref=lambda name: name,
        get_previous_relation=lambda name: f"{name}_before",
        get_run_input=lambda name: dict(zip(columns, map(str, later), strict=True)),
    )
    with duckdb.connect(config={"threads": 1}) as database:
        load_duckdb(database, after, query)
        bounds = ", ".join(f"timestamp '{at}' as {name}" for name, at in zip(columns, earlier, strict=True))
        for name, select in (
            ("int_sent_events", "select * from events"),
            ("int_customers", "select * from customers"),
            ("int_trait_values_before", "select * from customers"),
            ("int_trait_moments_before", f"select {bounds}"),
            ("int_build__changed_histories", f"select unnest({sorted(changed)}::varchar[]) as customer_id"),
            ("int_build__changed_customers", "select * from customers where false"),
        ):
            database.execute(f"create view {name} as {select}")
        return {customer_id for (customer_id,) in database.execute(text).fetchall()}


def find_changed(before: Question, after: Question) -> set[str]:
    pairs = zip(before.customers, after.customers, strict=True)
    return {now.customer_id for then, now in pairs if then.history != now.history}


def work_out(traits: list[Trait], before: Question, after: Question, touched: set[str]) -> dict[str, tuple]:
    """Every customer's traits after: of those touched worked out again, of the others as they were."""
    old, new = (
        {customer_id: row for (customer_id, _), row in ask_duckdb(traits, each).items()}
        for each in (before, after)
    )
    return {name: new[name] if name in touched else old[name] for name in new}


@st.composite
def nights(draw: Draw):
    """Two nights of a few customers: of some an event comes late, of some nothing is new."""
    zone, day = pick(draw, CENTRES)
    calendar, centre = find_calendar(zone), read_time(day)
    midnight = calendar.find_midnight(calendar.find_day(centre) + pick(draw, (0, 1, 8, 31)))
    later = calendar.find_midnight(calendar.find_day(midnight) + pick(draw, NIGHTS_APART))
    histories = [draw_history(draw, centre, 6) for _ in range(5)]
    is_late = [pick(draw, (False, False, True)) for _ in histories]
    known = [
        Customer(f"c{n}", history[1:] if late else history)
        for n, (history, late) in enumerate(zip(histories, is_late, strict=True))
    ]
    whole = tuple(replace(one, history=history) for one, history in zip(known, histories, strict=True))
    shop = Shop(calendar, {"vip": frozenset("a"), "sale": frozenset()})
    traits = name_traits(draw_value(draw) for _ in range(6))
    return traits, Question((), tuple(known), (midnight,), shop), Question((), whole, (later,), shop)


@settings(max_examples=12, suppress_health_check=UNHURRIED)
@given(nights())
def test_two_nights_are_one(case):
    traits, before, after = case
    anew = {customer_id: row for (customer_id, _), row in ask_duckdb(traits, after).items()}
    assert work_out(traits, before, after, list_touched(traits, before, after)) == anew


def test_a_window_that_moves_on_is_why_somebody_is_worked_out_again():
    """The comparison's own control: by changed events alone, one whose view is a week old keeps it. The week
    has a day of 23 hours, so six days of 24 are in it no longer.
    """
    calendar = ShopCalendar("Europe/Berlin")
    midnight = calendar.find_midnight(calendar.find_day(read_time("2024-04-05T12:00")))
    customers = tuple(
        Customer(f"c{days}", (Event(midnight - days * DAY, "e", "view"),)) for days in (1, 6, 7, 20)
    )
    traits = [Trait("n", "N", "N.", Count(EventSet(("view",), (), Within(Duration(7, "day")))))]
    before = Question((), customers, (midnight,), Shop(calendar))
    after = replace(before, moments=(calendar.find_midnight(calendar.find_day(midnight) + 1),))
    anew = {customer_id: row for (customer_id, _), row in ask_duckdb(traits, after).items()}
    touched = list_touched(traits, before, after)
    assert touched == {"c6"} and make_timestamp(midnight).hour == 22
    assert work_out(traits, before, after, touched) == anew
    assert work_out(traits, before, after, set()) != anew
