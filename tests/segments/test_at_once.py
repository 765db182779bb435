"""What may count at once: of every rule that may, the events since a night give the answer of all events."""

from dataclasses import fields, is_dataclass, replace

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from segments.at_once import MOST_REACH, find_reach, list_obstacles
from segments.calendar import ShopCalendar
from segments.evaluation.measures import Context
from segments.evaluation.program import Program
from segments.joined import JoinedLive
from segments.parsing.definitions import parse_definition
from segments.tree import rules
from segments.tree.events import Duration, EventSet, Within
from tests.segments.live_programs import make_live_program
from tests.segments.rule_strategies import draw_rule
from tests.segments.strategies import draw_history, read_time

CALENDAR, NOBODY = ShopCalendar("UTC"), Context("anybody", {})
CENTRE, MINUTE = read_time("2026-02-20T12:00:00"), 60_000_000
SHORT = tuple(
    Within(Duration(*parts)) for parts in ((1, "second"), (10, "minute"), (2, "hour"), (24, "hour"))
)


def shorten(node, numbers):
    """A rule whose windows are short, but where there can be none."""
    if not is_dataclass(node):
        return node
    changes = {}
    for each in fields(node):
        value = getattr(node, each.name)
        if isinstance(value, tuple):
            changes[each.name] = tuple(shorten(part, numbers) for part in value)
        elif isinstance(node, rules.Step) and isinstance(value, EventSet):
            continue  # of a step the sequence has the window
        elif is_dataclass(value):
            changes[each.name] = shorten(value, numbers)
    if isinstance(node, EventSet | rules.Sequence):
        changes["window"] = SHORT[next(numbers) % len(SHORT)]
    return replace(node, **changes)


def is_member(rule, events, now):
    """By the evaluator, of the events before a moment."""
    program = Program({"rule": rule}, CALENDAR, {})
    state = program.build_state([event for event in events if event.at < now])
    return bool(program.decide(state, now, NOBODY))


@given(st.data())
@settings(max_examples=80, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
def test_the_events_since_the_night_are_enough(data):
    number = data.draw(st.integers(0, 3))
    rule = shorten(draw_rule(data.draw, has_segments=False), iter(range(number, 10**6)))
    assume(not list_obstacles(rule))
    reach = find_reach(rule)
    assert 0 < reach <= MOST_REACH and not is_member(rule, [], CENTRE)
    events = draw_history(data.draw, CENTRE, 10)
    for ago in (0, 1, reach // 2, reach, 2 * reach):
        end = CENTRE - ago
        since = [event for event in events if event.at > end]
        for now in {end + 1 + reach, end + reach + MINUTE, max(CENTRE, end + 1 + reach)}:
            assert is_member(rule, since, now) == is_member(rule, events, now)


def parse(rule):
    return parse_definition(
        f"segment_id: x\nname: x\nkind: rule\ndescription: x\nmembers: {rule}", "x"
    ).members


@pytest.mark.parametrize(
    ("rule", "obstacle"),
    [
        ("{field: n_orders, op: '>', value: 1}", "it asks for n_orders, which the night works out"),
        ("{list: staff}", "it asks for the list staff"),
        ("{segment: loyal}", "it asks for the segment loyal"),
        (
            "{count: cart, where: {item_id: {in_list: sale}}, within: 10 minutes, op: '>=', value: 1}",
            "list sale",
        ),
        ("{count: view, op: '>=', value: 1}", "it looks back for ever: number of view"),
        ("{last: cart, ago: {'<': 1 hour}}", "it looks back for ever"),
        ("{sequence: [{event: cart}, {absent: purchase}]}", "a sequence without a window"),
        ("{count: view, within: 1 day, op: '>=', value: 1}", "days count on the shop's calendar"),
        ("{count: view, within: 25 hours, op: '>=', value: 1}", "further than 24 hours"),
        ("{count: empty_cart, within: 1 hour, op: '>=', value: 1}", "whether a cart was emptied"),
        ("{count: any, within: 1 hour, op: '>=', value: 1}", "whether a cart was emptied"),
        ("{count: view, within: 10 minutes, op: '=', value: 0}", "of whom nothing has come"),
        ("{not: {count: view, within: 10 minutes, op: '>', value: 0}}", "of whom nothing has come"),
        ("{random: 0.5, seed: a}", "it asks for no event"),
        (
            "{any: [{random: 0.5, seed: a}, {count: view, within: 1 hour, op: '>', value: 0}]}",
            "of whom nothing has come",
        ),
    ],
)
def test_what_waits_and_why(rule, obstacle):
    assert any(obstacle in each for each in list_obstacles(parse(rule)))


@pytest.mark.parametrize(
    ("rule", "minutes"),
    [
        ("{sequence: [{event: cart}, {absent: purchase}], within: 10 minutes}", 10),
        (
            "{all: [{count: cart, within: 2 hours, op: '>=', value: 1},"
            " {not: {count: purchase, within: 3 hours, op: '>', value: 0}}]}",
            180,
        ),
        ("{all: [{random: 0.5, seed: a}, {count: view, within: 24 hours, op: '>', value: 2}]}", 1440),
    ],
)
def test_what_counts_at_once(rule, minutes):
    assert list_obstacles(parse(rule)) == [] and find_reach(parse(rule)) == minutes * MINUTE


BUSY = (
    "segment_id: busy\nname: x\nkind: rule\ndescription: x\n"
    "members: {{count: view, within: {}, op: '>=', value: 1}}"
)


@given(st.data())
@settings(max_examples=25)
def test_joined_programs_answer_as_each_alone(data):
    """The night's `busy` is replaced by a shorter one; `carts` is the night's, `buyers` new."""
    kinds = {"carts": "cart", "buyers": "purchase"}
    texts = {
        name: BUSY.format("2 hours").replace("busy", name).replace("view", kind)
        for name, kind in kinds.items()
    }
    night = make_live_program({"busy": BUSY.format("2 hours"), "carts": texts["carts"]})
    news = {"busy": BUSY.format("10 minutes"), "buyers": texts["buyers"]}
    since = {name: parse_definition(text, name).members for name, text in news.items()}
    joined = JoinedLive(night, since, CALENDAR)
    expected = make_live_program(news | {"carts": texts["carts"]})
    events = draw_history(data.draw, CENTRE, 8)
    state, other = joined.program.make_state(), expected.program.make_state()
    for event in events:
        joined.program.add(state, event)
        expected.program.add(other, event)
    assert joined.live == expected.live and joined.replaced == {"busy"}
    for now in range(CENTRE - 120 * MINUTE, CENTRE + 240 * MINUTE, 37 * MINUTE):
        assert joined.program.decide(state, now, NOBODY) == expected.program.decide(other, now, NOBODY)
        assert state.changes_at <= other.changes_at
    assert state.ids == {event.event_id for event in events if event.type in ("view", "cart", "purchase")}
