"""Lengths of time and windows: what is nearer is nearer at every moment, on the calendars of six zones."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segments.calendar import SECOND, ShopCalendar
from segments.parsing.definitions import parse_definition
from segments.parsing.durations import is_nearer
from segments.parsing.flaws import SegmentError
from segments.tree.events import Duration, Period, Within
from tests.segments.parsing.texts import define

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "America/Sao_Paulo",
)
CALENDARS = [ShopCalendar(zone) for zone in ZONES]
START, END = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) * SECOND for year in (2000, 2030))
durations = st.one_of(
    st.builds(Duration, st.integers(1, 40), st.sampled_from(["second", "minute", "hour", "day", "week"])),
    st.builds(Duration, st.integers(20, 80), st.sampled_from(["hour", "day"])),
    st.builds(Duration, st.integers(1, 26), st.sampled_from(["month", "year"])),
)


def parse_window(text: str):
    return parse_definition(
        define(f'{{count: view, {text}, op: ">", value: 0}}'), "x"
    ).members.measure.events.window


@settings(max_examples=400, deadline=None)
@given(durations, durations, st.integers(START, END), st.sampled_from(CALENDARS))
def test_what_is_nearer_is_nearer_at_every_moment(near, far, now, calendar):
    if is_nearer(near, far):
        assert calendar.find_start(now, near) > calendar.find_start(now, far)


@pytest.mark.parametrize(
    ("near", "far", "expected"),
    [
        ((7, "day"), (30, "day"), True),
        ((7, "day"), (1, "week"), False),
        ((6, "day"), (1, "week"), True),
        ((23, "hour"), (1, "day"), False),  # of the day on which clocks are put forward
        ((22, "hour"), (1, "day"), True),
        ((1, "day"), (25, "hour"), False),
        ((1, "day"), (26, "hour"), True),
        ((27, "day"), (1, "month"), True),
        ((28, "day"), (1, "month"), False),
        ((1, "month"), (31, "day"), False),
        ((1, "month"), (32, "day"), True),
        ((12, "month"), (1, "year"), False),
        ((11, "month"), (1, "year"), True),
        ((360, "day"), (1, "year"), True),
        ((366, "day"), (1, "year"), False),
    ],
)
def test_of_days_and_months_the_shortest_and_longest_count(near, far, expected):
    assert is_nearer(Duration(*near), Duration(*far)) is expected


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("within: 1 second", Within(Duration(1, "second"))),
        ("within: 100 years", Within(Duration(100, "year"))),
        ("within: 1200 months", Within(Duration(1200, "month"))),
        ("within: 36525 days", Within(Duration(36525, "day"))),
        ("between: [1 day, 2 weeks]", Within(Duration(2, "week"), Duration(1, "day"))),
        ("period: this quarter", Period("quarter", 0)),
        ("period: {years_ago: 100}", Period("year", 100)),
        ("period: {days_ago: 1}", Period("day", 1)),
    ],
)
def test_a_window_is_what_stands_there(text, window):
    assert parse_window(text) == window


@pytest.mark.parametrize(
    "length", ["101 years", "1213 months", "36531 days", "9999999999 seconds", "0 weeks"]
)
def test_none_and_more_than_a_century_are_no_windows(length):
    with pytest.raises(SegmentError, match=f"'{length}' (has no length|is longer than 100 years)"):
        parse_window(f"within: {length}")
