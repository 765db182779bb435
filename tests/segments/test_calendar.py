"""The shop's calendar beside zoneinfo, and what windows rely on: starts never move back, ends are exact."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segments.calendar import DAY, SECOND, ShopCalendar, find_clock_changes
from segments.tree.events import Duration, Period, Within
from tests.segments.strategies import find_calendar, read_time

HOUR = 3600 * SECOND
ZONES = (
    "Europe/Berlin",
    "Australia/Lord_Howe",  # half an hour
    "Pacific/Apia",  # left out 30 December 2011
    "America/Sao_Paulo",  # midnights that are left out
    "America/St_Johns",  # changed at 00:01 until 2011
    "Asia/Kolkata",
    "UTC",
)
LONG = tuple(Duration(number, unit) for number in (1, 2, 30) for unit in ("day", "week", "month", "year"))
DURATIONS = (*LONG, Duration(1, "second"), Duration(90, "minute"), Duration(24, "hour"))


@st.composite
def zones_and_moments(draw) -> tuple[str, int]:
    """A moment near a change of a zone's clock, or a length of time behind one."""
    zone = draw(st.sampled_from(ZONES))
    changes = [at for at in find_clock_changes(zone)[0] if at < read_time("2037-01-01")] or [
        read_time("2024-03-01")
    ]
    at = draw(st.sampled_from(changes))
    back = draw(st.none() | st.sampled_from(DURATIONS))
    at = at if back is None else find_calendar(zone).find_end(at, back)
    return zone, at + draw(st.sampled_from((-DAY, -HOUR, -1, 0, 1, HOUR // 2, HOUR, 12 * HOUR, DAY)))


def read_clock(zone: str, at: int) -> datetime:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)
    return moment.astimezone(ZoneInfo(zone))


def count_micros(at: datetime) -> int:
    return (at.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def find_first_showing(zone: str, wall: datetime) -> int:
    """The first moment at which the clock shows this time, or the one at which it jumps over it."""
    moment = wall.replace(tzinfo=ZoneInfo(zone), fold=0)
    if moment.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == wall:
        return count_micros(moment)
    low = count_micros(moment) // (60 * SECOND) * 60 * SECOND - 26 * HOUR
    minutes = range(low, low + 52 * HOUR, 60 * SECOND)
    return next(at for at in minutes if read_clock(zone, at).replace(tzinfo=None) >= wall)


@given(zones_and_moments(), st.integers(1, 800))
def test_a_day_back_is_the_same_time_on_zoneinfos_clock(zone_and_now, days):
    zone, now = zone_and_now
    wall = read_clock(zone, now)
    if wall.fold:
        return  # the second pass of an hour shown twice: the test below
    expected = find_first_showing(zone, wall.replace(tzinfo=None) - timedelta(days=days))
    assert ShopCalendar(zone).find_start(now, Duration(days, "day")) == expected


@given(zones_and_moments(), st.integers(-40, 40))
def test_a_month_back_is_the_same_date_or_the_months_end(zone_and_now, days):
    zone, now = zone_and_now
    wall = read_clock(zone, now + days * DAY)
    if wall.fold:
        return
    first = wall.replace(tzinfo=None, day=1, hour=0, minute=0, second=0, microsecond=0)
    year, month = (wall.year, wall.month - 1) if wall.month > 1 else (wall.year - 1, 12)
    n_days = (first - timedelta(days=1)).day
    back = wall.replace(tzinfo=None, year=year, month=month, day=wall.day) if wall.day <= n_days else first
    expected = find_first_showing(zone, back)
    assert ShopCalendar(zone).find_start(now + days * DAY, Duration(1, "month")) == expected


@pytest.mark.parametrize("duration", [Duration(1, "month"), Duration(3, "month"), Duration(1, "year")])
def test_no_event_comes_back_into_a_window_at_a_months_end(duration):
    calendar = ShopCalendar("Europe/Berlin")
    first = read_time("2023-12-31T00:00")
    starts = [calendar.find_start(first + n * HOUR, duration) for n in range(430 * 24)]
    assert starts == sorted(starts)


@given(zones_and_moments(), st.sampled_from(DURATIONS), st.sampled_from((1, SECOND, HOUR // 2, HOUR, DAY)))
def test_the_start_of_a_window_never_moves_back(zone_and_now, duration, later):
    zone, now = zone_and_now
    calendar = find_calendar(zone)
    assert calendar.find_start(now, duration) <= calendar.find_start(now + later, duration) <= now + later


@given(zones_and_moments(), st.sampled_from(DURATIONS))
def test_an_event_leaves_a_window_at_its_end_and_not_before(zone_and_at, duration):
    zone, at = zone_and_at
    calendar = find_calendar(zone)
    end = calendar.find_end(at, duration)
    assert calendar.find_start(end - 1, duration) <= at < calendar.find_start(end, duration)


@given(zones_and_moments())
def test_days_are_zoneinfos_and_begin_at_their_midnight(zone_and_at):
    zone, at = zone_and_at
    calendar = find_calendar(zone)
    day = calendar.find_day(at)
    assert date.fromordinal(day) == read_clock(zone, at).date()
    midnight = calendar.find_midnight(day)
    assert midnight <= at
    assert (calendar.find_day(midnight), calendar.find_day(midnight - 1) < day) == (day, True)


@given(zones_and_moments(), st.sampled_from(("day", "week", "month", "quarter", "year")))
def test_periods_follow_each_other_without_gap(zone_and_now, unit):
    zone, now = zone_and_now
    calendar = find_calendar(zone)
    this, last = (calendar.find_bounds(now, Period(unit, ago)) for ago in (0, 1))
    assert last[0] < last[1] == this[0] <= this[1] == now
    following = calendar.find_next_period(now, unit)
    assert following > now
    assert calendar.find_bounds(following + DAY, Period(unit, 0))[0] >= following
    assert calendar.find_bounds(following, Period(unit, 1)) == (this[0], following)


@pytest.mark.parametrize(
    ("zone", "now", "window", "start", "end"),
    [
        pytest.param(
            "Europe/Berlin",
            "2024-04-01T10:00",
            Within(Duration(1, "day")),
            "2024-03-31T10:00",
            "2024-04-01T10:00",
            id="both behind the change: 24 hours",
        ),
        pytest.param(
            "Europe/Berlin",
            "2024-03-31T10:00",
            Within(Duration(1, "day")),
            "2024-03-30T11:00",
            "2024-03-31T10:00",
            id="noon to noon over the lost hour: 23 hours",
        ),
        pytest.param(
            "Europe/Berlin",
            "2024-10-28T00:30",
            Within(Duration(2, "day"), Duration(1, "day")),
            "2024-10-25T23:30",
            "2024-10-26T23:30",
            id="01:30 on 28, 26 and 27 October",
        ),
        pytest.param(
            "Europe/Berlin",
            "2024-04-01T00:30",
            Within(Duration(1, "day")),
            "2024-03-31T01:00",
            "2024-04-01T00:30",
            id="02:30 was left out on 31 March: the moment of the jump",
        ),
        pytest.param(
            "Pacific/Apia",
            "2011-12-30T22:00",
            Within(Duration(1, "day")),
            "2011-12-30T10:00",
            "2011-12-30T22:00",
            id="noon of a 31st whose day before never was: since midnight",
        ),
        pytest.param(
            "UTC",
            "2023-03-31T12:00",
            Within(Duration(1, "month")),
            "2023-03-01T00:00",
            "2023-03-31T12:00",
            id="a month before 31 March is the end of February",
        ),
        pytest.param(
            "Europe/Berlin",
            "2024-04-15T12:00",
            Period("quarter", 1),
            "2023-12-31T23:00",
            "2024-03-31T22:00",
            id="the first quarter, in winter time and summer time",
        ),
    ],
)
def test_bounds_of_worked_examples(zone, now, window, start, end):
    assert ShopCalendar(zone).find_bounds(read_time(now), window) == (read_time(start), read_time(end))


def test_the_second_pass_of_an_hour_stands_still():
    calendar = ShopCalendar("Europe/Berlin")
    second_pass = [read_time(f"2024-10-27T{time}") for time in ("01:00", "01:20", "01:59")]
    day_before = read_time("2024-10-26T01:00")  # 03:00, which the clock shows next
    assert {calendar.find_start(now, Duration(1, "day")) for now in second_pass} == {day_before}


def test_no_window_has_no_beginning():
    assert ShopCalendar("UTC").find_bounds(7, None) == (None, 7)
