"""Stays of learned segments against the members of every night, by brute force."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from models.groups.stays import Stay, continue_stays

DAY = date(2026, 3, 1)
NIGHTS = st.lists(
    st.dictionaries(st.sampled_from("ab"), st.lists(st.sampled_from("xyz"), unique=True), max_size=2),
    min_size=1,
    max_size=6,
)


def live_through(nights, first=0, stays=()):
    for n, members in enumerate(nights, start=first):
        scored = {segment: [(each, -n / 2) for each in customers] for segment, customers in members.items()}
        stays = continue_stays(stays, scored, DAY + timedelta(days=n))
    return stays


@settings(max_examples=200, deadline=None)
@given(NIGHTS)
def test_a_customer_is_inside_on_the_nights_that_had_them(nights):
    stays = live_through(nights)
    for n, members in enumerate(nights):
        day = DAY + timedelta(days=n)
        inside = [
            (stay.segment_id, stay.customer_id)
            for stay in stays
            if stay.entered <= day and (stay.left is None or day < stay.left)
        ]
        assert sorted(inside) == sorted((s, c) for s, customers in members.items() for c in customers)
    assert len({(stay.segment_id, stay.customer_id, stay.entered) for stay in stays}) == len(stays)
    last = nights[-1]
    places = {(s, c): n for s, customers in last.items() for n, c in enumerate(customers, start=1)}
    assert {(s.segment_id, s.customer_id): s.place for s in stays if s.left is None} == places


@settings(max_examples=100, deadline=None)
@given(NIGHTS, NIGHTS)
def test_a_night_run_again_leaves_no_trace_of_the_first_time(before, again):
    """Also of nights behind it, which a correction takes back."""
    n = len(before) - 1
    expected = live_through([*before[:n], again[0]])
    found = live_through([again[0]], first=n, stays=live_through([*before, *again]))
    strip = [(s.segment_id, s.customer_id, s.entered, s.left) for s in expected]
    assert [(s.segment_id, s.customer_id, s.entered, s.left) for s in found] == strip


def test_who_stays_keeps_the_day_and_takes_tonights_place():
    stays = live_through([{"a": ["x", "y"]}, {"a": ["y", "x"]}, {"a": ["y"]}])
    assert stays == [
        Stay("a", "x", DAY, DAY + timedelta(days=2), 2, -0.5),
        Stay("a", "y", DAY, None, 1, -1.0),
    ]
