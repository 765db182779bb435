"""Timers end and begin each membership in the second in which asking again does."""

from itertools import pairwise

import pytest

from segments.calendar import DAY, SECOND, ShopCalendar
from segments.evaluation.measures import Context
from segments.evaluation.program import Program
from segments.events import Event
from tests.segments.golden_shop import ask_golden
from tests.segments.oracle import Customer, Shop, decide
from tests.segments.strategies import read_time

BEGINS = read_time("2024-10-26T22:00")  # midnight in Berlin; the day has 25 hours
DEFINITIONS = (
    "11_tent_viewers",
    "12_added_not_bought",
    "13_three_sessions_no_order",
    "16_stopped_viewing",
    "18_cooling_down",
    "20_anniversary",
    "21_viewed_added_left",
    "22_searched_in_vain",
)
TENTS = {"category": "outdoor > tents", "latitude": 48.14, "longitude": 11.58}


def make_history() -> list[Event]:
    """A visit a day for 40 days at the same time of the clock, more on the last day, and an old order."""
    times = [BEGINS - n * DAY + 9 * 3600 * SECOND + n for n in range(40)]
    times += [BEGINS + hour * 3600 * SECOND for hour in (1, 1.5, 2, 20)]
    kinds = ("view", "view", "cart", "view", "search")
    events = [
        Event(
            at if isinstance(at, int) else int(at),
            f"e{n:02}",
            kinds[n % 5],
            f"tent{n % 7}",
            session_id=f"s{n}",
            **TENTS,
        )
        for n, at in enumerate(times)
    ]
    left = BEGINS - 2 * DAY + 5 * 3600 * SECOND  # viewed, added, and not bought two days later
    for n, kind in enumerate(("view", "cart")):
        events.append(Event(left + n * SECOND, f"left{n}", kind, "stove", category="stoves"))
    old = read_time("2023-11-01T12:00")
    return [*events, Event(old, "old", "purchase", "boots", category="shoes > hiking boots", session_id="o")]


def test_every_second_of_a_day():
    question = ask_golden()
    rules = {name: question.shop.definitions[name] for name in DEFINITIONS}
    program = Program(rules, ShopCalendar("Europe/Berlin"), {})
    context, history = Context("c", {}), make_history()
    state = program.make_state()
    for event in history:
        program.add(state, event)
    changes: list[tuple[int, frozenset[str]]] = []
    now = BEGINS
    while now is not None and now < BEGINS + 25 * 3600 * SECOND:
        changes.append((now, program.decide(state, now, context)))
        now = program.find_next_change(state, now, context)
    due = iter([*changes[1:], (1 << 62, frozenset())])
    following, members = next(due), changes[0][1]
    seen = set()
    for second in range(25 * 3600):
        now = BEGINS + second * SECOND
        while following[0] <= now:
            members, following = following[1], next(due)
        asked = {
            name
            for name, ask in zip(program.segment_ids, program.rules, strict=True)
            if ask(state.cell, now, context)[0]
        }
        assert members == asked, second
        seen |= asked
    assert seen == set(DEFINITIONS) - {"16_stopped_viewing", "18_cooling_down"}
    customer, shop = Customer("c", tuple(history)), Shop(ShopCalendar("Europe/Berlin"))
    for now, members in changes:
        assert members == {name for name, rule in rules.items() if decide(rule, customer, now, shop)}
    n_changes = sum(one[1] != other[1] for one, other in pairwise(changes))
    assert len(changes) - 1 <= 4 * n_changes  # few timers for nothing


@pytest.mark.parametrize("definition", ["04_lapsed_90_days", "19_just_arrived", "12_added_not_bought"])
def test_a_timer_is_the_microsecond(definition):
    question = ask_golden()
    program = Program({definition: question.shop.definitions[definition]}, ShopCalendar("Europe/Berlin"), {})
    event_type = "purchase" if definition.startswith("04") else "cart"
    state = program.build_state([Event(BEGINS, "e", event_type)])
    length = {"04": 90 * DAY + 3600 * SECOND, "19": 3600 * SECOND, "12": 600 * SECOND + 1}[definition[:2]]
    # 90 days on, the clock shows the same time an hour later: summer time is over.
    assert program.find_next_change(state, BEGINS + 1, Context("c", {})) == BEGINS + length
