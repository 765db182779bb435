"""An event's time does not depend on the client's clock."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving_app.http.responses import format_utc
from serving_app.intake.times import (
    UnreadableTime,
    correct_event_time,
    is_plausible,
    parse_time,
)

NEW_YORK, NOW = ZoneInfo("America/New_York"), datetime(2026, 2, 21, 12, tzinfo=UTC)
TWO_YEARS = timedelta(days=730)


@given(
    skew=st.timedeltas(-TWO_YEARS, TWO_YEARS),
    waited=st.timedeltas(timedelta(0), timedelta(days=30)),
    on_the_way=st.timedeltas(timedelta(0), timedelta(seconds=0.9)),
)
def test_a_clock_that_is_wrong(skew, waited, on_the_way):
    """The error is what the request took, and nothing of the clock's."""
    happened = NOW - on_the_way - waited
    corrected = correct_event_time(happened + skew, happened + waited + skew, NOW)
    assert abs(corrected - happened) < timedelta(seconds=1)
    assert is_plausible(corrected, NOW)


@given(st.datetimes() | st.none(), st.datetimes() | st.none())
def test_whatever_the_times(timestamp, sent_at):
    timestamp, sent_at = (one and one.replace(tzinfo=UTC) for one in (timestamp, sent_at))
    corrected = correct_event_time(timestamp, sent_at, NOW)
    if is_plausible(corrected, NOW):
        assert corrected.year >= 2000 and corrected <= NOW
        assert parse_time(format_utc(corrected), NEW_YORK) == corrected


@pytest.mark.parametrize(
    ("timestamp", "expected"),
    [
        (None, NOW),
        (NOW - timedelta(hours=3), NOW - timedelta(hours=3)),
        (NOW + timedelta(minutes=2), NOW),
    ],
    ids=["none", "before", "a clock that is two minutes fast"],
)
def test_without_a_time_of_sending(timestamp, expected):
    assert correct_event_time(timestamp, None, NOW) == expected


def test_a_clock_at_its_word_that_cannot_be():
    for timestamp in (NOW + timedelta(days=2), datetime(1970, 1, 1, tzinfo=UTC)):
        assert not is_plausible(correct_event_time(timestamp, None, NOW), NOW)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-02-21T12:00:00Z", NOW),
        ("2026-02-21T12:00:00.000Z", NOW),
        ("2026-02-21 13:00+01:00", NOW),
        ("2026-02-21T13:00:00+0100", NOW),
        (" 2026-02-21T07:00:00 ", NOW),
        ("2026-02-21T12:00:00.123456789Z", NOW + timedelta(microseconds=123456)),
        ("", None),
        (None, None),
    ],
)
def test_times_that_can_be_read(text, expected):
    assert parse_time(text, NEW_YORK) == expected


@pytest.mark.parametrize(
    "value",
    [
        "12:30",
        "2026",
        "2026-02-30T12:00:00Z",
        "yesterday",
        "9999-12-31T23:00:00-05:00",
        1771675200,
        True,
        [],
        {},
        "2026-02-21T12:00:00Z; drop",
        "２０２６-02-21T12:00:00Z",
        "20260221T120000Z",
        "2026-02-21T25:00:00Z",
    ],
)
def test_values_that_are_no_time(value):
    with pytest.raises(UnreadableTime):
        parse_time(value, NEW_YORK)
