"""Windows that are remembered by day are those of the calendar."""

from hypothesis import given
from hypothesis import strategies as st

from segments.evaluation.windows import ShopWindows
from segments.tree.events import Period, Within
from tests.segments.rule_strategies import WINDOWS
from tests.segments.strategies import STEPS, find_calendar
from tests.segments.test_calendar import DURATIONS, zones_and_moments

OFTEN = {zone: ShopWindows(find_calendar(zone)) for zone in ("Europe/Berlin", "Pacific/Apia")}


@given(zones_and_moments(), st.sampled_from(DURATIONS))
def test_starts_and_ends_are_the_calendars(zone_and_now, duration):
    zone, now = zone_and_now
    calendar = find_calendar(zone)
    shift = OFTEN.get(zone, ShopWindows(calendar)).find_shift(duration)
    for at in (now, *(now + step for step in STEPS[:6])):
        assert shift.find_start(at) == calendar.find_start(at, duration)
        assert shift.find_end(at) == calendar.find_end(at, duration)


@given(zones_and_moments(), st.sampled_from(WINDOWS), st.sampled_from(STEPS))
def test_an_event_is_in_the_window_from_its_entry_to_its_exit(zone_and_now, window, step):
    zone, now = zone_and_now
    calendar, at = find_calendar(zone), now - step
    bounds = ShopWindows(calendar).find_window(window)
    start, end = calendar.find_bounds(now, window)
    assert bounds.find_bounds(now)[1] == end
    assert window is None or bounds.find_bounds(now)[0] == start
    if at >= end:
        entry = bounds.find_entry(at, now)
        assert entry > now
        assert calendar.find_bounds(entry - 1, window)[1] <= at  # never late
    elif start is None or at >= start:
        leaves_at = bounds.find_exit(at, now)
        assert leaves_at > now
        if window is not None:
            assert (
                calendar.find_bounds(leaves_at - 1, window)[0]
                <= at
                < calendar.find_bounds(leaves_at, window)[0]
            )


def test_kinds_of_windows_are_all_there():
    assert {type(window) for window in WINDOWS} == {type(None), Within, Period}
