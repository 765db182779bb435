"""The evaluator decides as the reference does, in whatever order events come, whatever was dropped since."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segments.calendar import DAY
from segments.evaluation.measures import Context
from segments.evaluation.program import Program
from segments.evaluation.state import SegmentState
from segments.tree.rules import Group, Rule
from tests.segments.oracle import Customer, decide
from tests.segments.rule_strategies import draw_age, draw_rule, draw_rule_of_value, draw_sequence
from tests.segments.strategies import STEPS, Case, cases


def define(case: Case) -> dict[str, Rule]:
    """The rule that is asked for, those it may name, and one that shares all it measures."""
    return {**case.shop.definitions, "asked": case.rule, "not_asked": Group("not", (case.rule,))}


def make_program(case: Case, lateness: int = 10_000 * DAY) -> Program:
    return Program(define(case), case.shop.calendar, case.shop.list_items, lateness)


def make_context(customer: Customer) -> Context:
    return Context(customer.customer_id, customer.fields, customer.stays, customer.lists)


def list_members(case: Case, now: int) -> frozenset[str]:
    """By the reference."""
    return frozenset(
        name for name, rule in define(case).items() if decide(rule, case.customer, now, case.shop)
    )


def fill(program: Program, events) -> SegmentState:
    state = program.make_state()
    for event in events:
        program.add(state, event)
    return state


@pytest.mark.parametrize(
    "draw", [draw_rule, draw_sequence, draw_age, lambda draw: draw_rule_of_value(draw, 1)]
)
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_members_are_the_references(draw, data):
    case = data.draw(cases(draw_rule=draw))
    program = make_program(case)
    state = fill(program, case.customer.history)
    assert program.decide(state, case.now, make_context(case.customer)) == list_members(case, case.now)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_answers_follow_the_time_and_what_comes_late_or_twice(data):
    """Events come in any order, some twice, between moments at which members are asked for."""
    case = data.draw(cases())
    program, context = make_program(case), make_context(case.customer)
    state, arrived = program.make_state(), []
    now = case.now
    arrivals = data.draw(st.permutations(case.customer.history * 2))
    for event in arrivals:
        program.add(state, event)
        arrived.append(event)
        now += data.draw(st.sampled_from((0, 0, *STEPS[:8])))
        customer = Customer(
            case.customer.customer_id,
            tuple({e.event_id: e for e in arrived}.values()),
            case.customer.fields,
            case.customer.stays,
            case.customer.lists,
        )
        so_far = case._replace(customer=customer)
        assert program.decide(state, now, context) == list_members(so_far, now)
    assert program.decide(state, case.now, context) == list_members(case, case.now)  # back in time


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_nothing_changes_before_the_next_change(data):
    case = data.draw(cases())
    program, context = make_program(case), make_context(case.customer)
    state = fill(program, case.customer.history)
    now = case.now
    for _ in range(4):
        members = list_members(case, now)
        assert program.decide(state, now, context) == members
        change = program.find_next_change(state, now, context)
        assert change is None or change > now
        probes = {now + step for step in STEPS} | {event.at + 1 for event in case.customer.history}
        if change is not None:
            probes |= {change - 1, (now + change) // 2}
        for probe in probes:
            if now <= probe and (change is None or probe < change):
                assert list_members(case, probe) == members
        if change is None:
            break
        now = change


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_what_is_dropped_changes_no_later_answer(data):
    """Events older than the lateness are dropped now and then; later ones come in any order."""
    case = data.draw(cases())
    lateness = data.draw(st.sampled_from((0, DAY, 30 * DAY)))
    program, context = make_program(case, lateness), make_context(case.customer)
    state = program.make_state()
    events = sorted(case.customer.history, key=lambda event: (event.at, event.event_id))
    now = events[0].at
    for event in events:
        now = max(now, event.at)
        program.prune(state, now)
        program.add(state, event)
        program.add(state, event)
    now = max(now, case.now)
    assert program.decide(state, now, context) == list_members(case, now)
    program.prune(state, now)
    assert program.decide(state, now + 1, context) == list_members(case, now + 1)
    rebuilt = program.build_state(case.customer.history, now)
    later = now + data.draw(st.sampled_from(STEPS))
    assert program.decide(rebuilt, later, context) == list_members(case, later)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_merge_is_both_histories(data):
    case = data.draw(cases())
    program, context = make_program(case), make_context(case.customer)
    is_mine = data.draw(st.lists(st.sampled_from((0, 1, 2)), min_size=10, max_size=10))
    halves = [
        [event for event, side in zip(case.customer.history, is_mine, strict=False) if side in (which, 2)]
        for which in (0, 1)
    ]
    one, other = (fill(program, half) for half in halves)
    assert program.decide(program.merge(one, other), case.now, context) == list_members(case, case.now)
