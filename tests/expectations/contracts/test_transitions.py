"""A transition comes back from its line, and its id is that of customer, segment, moment and direction."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expectations.contracts.transitions import (
    REASONS,
    Transition,
    decode_transition,
    encode_transition,
)

MOMENTS = st.integers(0, 4_102_444_800_000_000)  # to the year 2100


@given(st.text(max_size=40), st.booleans(), MOMENTS, MOMENTS, st.sampled_from(REASONS))
def test_it_comes_back_from_its_line(segment_id, is_entered, since, told_at, reason):
    transition = Transition("c_1", segment_id, is_entered, since, told_at, reason, "v1")
    assert decode_transition(encode_transition(transition)) == transition


def test_moments_are_told_in_utc_to_the_microsecond():
    line = encode_transition(Transition("c_1", "champions", True, 1_767_225_600_000_001, 0, "event"))
    assert b'"since":"2026-01-01T00:00:00.000001+00:00"' in line
    assert b'"type":"entered"' in line


def test_its_id_is_of_what_happened_and_not_of_when_it_was_told():
    told = [Transition("c_1", "loyal", True, 5, at, reason) for at, reason in ((1, "event"), (2, "night"))]
    others = [
        Transition("c_2", "loyal", True, 5, 1, "event"),
        Transition("c_1", "champions", True, 5, 1, "event"),
        Transition("c_1", "loyal", False, 5, 1, "event"),
        Transition("c_1", "loyal", True, 6, 1, "event"),
    ]
    ids = [one.transition_id for one in (*told, *others)]
    assert ids[0] == ids[1] and len(set(ids)) == 5


NUMBERED = encode_transition(Transition("c_1", "loyal", True, 5, 6, "event")).replace(b'"c_1"', b"[1]")


@pytest.mark.parametrize("line", [b"", b"[]", b"{}", b'{"customer_id":"c_1"}', b"\xff", NUMBERED])
def test_what_is_none_is_told(line):
    with pytest.raises(ValueError, match="not a transition"):
        decode_transition(line)
