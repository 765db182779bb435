"""Where and by which clock an event happened: what is no place and no zone is not known."""

from datetime import UTC, datetime

import pytest

from expectations.contracts.places import find_local_minute, parse_place


@pytest.mark.parametrize(
    ("latitude", "longitude", "place"),
    [
        pytest.param("48.137", "11.575", (48.137, 11.575), id="a place"),
        pytest.param("-90", "180", (-90.0, 180.0), id="the ends are places"),
        pytest.param("90.0001", "0", (None, None), id="beyond a pole"),
        pytest.param("0", "-180.5", (None, None), id="beyond the date line"),
        pytest.param("48.1", None, (None, None), id="half a place"),
        pytest.param("48,1", "11,5", (None, None), id="a comma"),
        pytest.param("NaN", "Infinity", (None, None), id="no numbers"),
        pytest.param("1e-05", "1E-5", (1e-05, 1e-05), id="as programs write small ones"),
    ],
)
def test_a_place_has_both_degrees(latitude, longitude, place):
    assert parse_place(latitude, longitude) == place


@pytest.mark.parametrize(
    ("zone", "minute"),
    [
        ("Europe/Vienna", 23 * 60 + 59),  # by the summer's clock until that night
        ("UTC", 21 * 60 + 59),
        ("Asia/Kathmandu", 3 * 60 + 44),
        ("Mars/Olympus", None),
        ("../../etc/passwd", None),
        (None, None),
    ],
)
def test_the_minute_is_that_of_the_zones_clock(zone, minute):
    at = datetime(2026, 3, 29, 21, 59, 59, tzinfo=UTC)
    assert find_local_minute(int(at.timestamp()) * 1_000_000, zone) == minute


def test_a_clock_that_is_put_forward_shows_no_minute_twice():
    before = int(datetime(2026, 3, 29, 0, 59, tzinfo=UTC).timestamp()) * 1_000_000
    assert find_local_minute(before, "Europe/Vienna") == 119
    assert find_local_minute(before + 60_000_000, "Europe/Vienna") == 180
