"""The forty definitions, and the shipped ones, decided by one program as by the reference."""

from functools import cache

from segments.calendar import DAY
from segments.evaluation.needs import find_needs
from segments.evaluation.packing import StatePacker
from segments.evaluation.program import Program
from tests.segments.evaluation.test_program import make_context
from tests.segments.golden_definitions import load_golden
from tests.segments.golden_shop import ask_golden
from tests.segments.oracle import decide


@cache
def list_expected() -> dict[tuple[str, int], frozenset[str]]:
    """Segments by customer and moment, by the reference."""
    question = ask_golden()
    return {
        (customer.customer_id, now): frozenset(
            segment.segment_id
            for segment in question.definitions
            if decide(segment.members, customer, now, question.shop)
        )
        for customer in question.customers
        for now in question.moments
    }


def make_golden_program(lateness: int) -> Program:
    shop = ask_golden().shop
    return Program(shop.definitions, shop.calendar, shop.list_items, lateness)


def test_members_of_the_forty():
    """At the earlier moment by a state that knows the later events too."""
    question, program = ask_golden(), make_golden_program(400 * DAY)
    for customer in question.customers:
        state, context = program.make_state(), make_context(customer)
        for event in reversed(customer.history):
            program.add(state, event)
        for now in question.moments:
            expected = list_expected()[customer.customer_id, now]
            assert program.decide(state, now, context) == expected, customer.customer_id


def test_members_of_the_forty_by_a_state_that_was_counted_and_stored():
    question, program = ask_golden(), make_golden_program(DAY)
    packer = StatePacker(program)
    last = max(question.moments)
    for customer in question.customers:
        history = sorted(customer.history, key=lambda event: event.at)
        counted_at = last - 3 * DAY
        state = program.build_state((event for event in history if event.at < counted_at), counted_at)
        state = packer.unpack(packer.pack(state))
        for event in history:
            if event.at >= counted_at:
                program.add(state, event)
        expected = list_expected()[customer.customer_id, last]
        assert program.decide(state, last, make_context(customer)) == expected, customer.customer_id


def test_each_of_the_forty_has_members_and_others():
    members = [name for names in list_expected().values() for name in names]
    for segment in load_golden():
        assert 0 < members.count(segment.segment_id) < len(list_expected()), segment.segment_id


def test_needs_of_the_forty():
    """What of them grows with a history, and why; nothing else does."""
    needs = {segment.segment_id[:2]: find_needs(segment.members) for segment in load_golden()}
    assert {number: each.unbounded for number, each in needs.items() if each.unbounded} == {
        "03": ("every different order_id is kept, because they are counted for ever",),
        "05": ("every different order_id is kept, because they are counted for ever",),
        "07": ("every different brand is kept, because they are counted for ever",),
        "26": (
            "counters for every item_id are kept, because some look back for ever",
            "every different day is kept, because they are counted for ever",
        ),
        "28": ("an event for every order_id is kept, because step 3 may come at any time",),
        "30": ("an event for every session_id is kept, because step 2 may come at any time",),
        "39": ("every different session_id is kept, because they are counted for ever",),
    }
    assert needs["11"].attributes == {"view": frozenset(("category", "item_id"))}
    assert needs["02"].counters == ("sum of amount of purchase", "sum of amount of return")
    assert needs["02"].reach == 0
    assert 70 * DAY <= needs["18"].reach <= 71 * DAY
    assert needs["21"].reach == 2 * DAY  # so long may a run wait for its next step
    assert needs["27"].attributes["purchase"] >= {"item_id", "quantity"}  # the cart is followed
    assert needs["40"].fields == {"personalization_consent"}
