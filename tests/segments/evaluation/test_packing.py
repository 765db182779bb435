"""A packed state answers as the one it was made of."""

import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segments.calendar import DAY, ShopCalendar
from segments.evaluation.packing import StatePacker
from segments.evaluation.program import Program
from segments.events import Event
from segments.tree.events import EventSet
from segments.tree.measures import Constant, Count
from segments.tree.rules import Compare
from tests.segments.evaluation.test_program import fill, list_members, make_context, make_program
from tests.segments.strategies import STEPS, cases

VIEWS = Compare(Count(EventSet(("view",))), ">=", Constant(2))


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_packed_state_goes_on_as_if_it_had_not_been(data):
    case = data.draw(cases())
    program = make_program(case, data.draw(st.sampled_from((0, DAY, 10_000 * DAY))))
    packer, context = StatePacker(program), make_context(case.customer)
    state = program.make_state()
    now = case.now
    for event in sorted(case.customer.history, key=lambda event: (event.at, event.event_id)):
        now = max(now, event.at)
        program.prune(state, event.at)
        state = packer.unpack(packer.pack(state))
        program.add(state, event)
    later = now + data.draw(st.sampled_from(STEPS))
    unpacked = packer.unpack(packer.pack(state))
    assert packer.pack(unpacked) == packer.pack(state)
    assert program.decide(unpacked, later, context) == list_members(case, later)


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_state_is_the_same_whatever_order_its_events_came_in(data):
    case = data.draw(cases())
    program, context = make_program(case), make_context(case.customer)
    packer, history = StatePacker(program), case.customer.history
    in_order = packer.pack(program.build_state(history))
    half = len(history) // 2
    one, other = fill(program, history[:half]), fill(program, history[half:])
    assert packer.pack(program.merge(one, other)) == in_order
    state = program.make_state()
    for event in data.draw(st.permutations(history * 2)):
        program.add(state, event)
        program.decide(state, case.now, context)
    assert packer.pack(state) == in_order


def make_two_views() -> tuple[Program, bytes]:
    program = Program({"views": VIEWS}, ShopCalendar("UTC"), {})
    events = [Event(DAY + n, f"e{n}", "view", item_id="a", brand="b", session_id="s") for n in range(2)]
    return program, StatePacker(program).pack(program.build_state(events))


def test_what_no_rule_reads_is_not_packed():
    program, packed = make_two_views()
    events = StatePacker(program).unpack(packed).events
    assert events == [Event(DAY + n, f"e{n}", "view") for n in range(2)]


@pytest.mark.parametrize(
    "damage", [b"", b"\x93", zlib.compress(b""), zlib.compress(b"\xc1"), zlib.compress(b"\x01")]
)
def test_other_bytes_are_refused(damage):
    program, _ = make_two_views()
    with pytest.raises(ValueError, match="not a packed state"):
        StatePacker(program).unpack(damage)


def test_other_definitions_are_refused():
    _, packed = make_two_views()
    other = Program({"views": VIEWS, "more": VIEWS}, ShopCalendar("UTC"), {})
    with pytest.raises(ValueError, match="for other definitions"):
        StatePacker(other).unpack(packed)
