"""Numbers and times as people read them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from pages.formats import format_ago, format_moment, format_number, format_seconds, format_share, format_value
from pages.reports import render_report, render_table

NOW = datetime(2026, 2, 21, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "–"), (0.32, "0.3 s"), (9.96, "10 s"), (59.4, "59 s"), (125, "2 min 5 s"), (4_320, "1 h 12 min")],
)
def test_seconds(seconds, text):
    assert format_seconds(seconds) == text


@pytest.mark.parametrize(
    ("back", "text"),
    [
        ({"seconds": 2}, "just now"),
        ({"seconds": 12}, "12 s ago"),
        ({"minutes": 3, "seconds": 40}, "3 min ago"),
        ({"hours": 23}, "23 h ago"),
        ({"days": 1}, "1 day ago"),
        ({"days": 4}, "4 days ago"),
        ({"hours": -2}, "in 2 h"),
    ],
)
def test_how_long_ago(back, text):
    assert format_ago(NOW - timedelta(**back), NOW) == text


def test_numbers_shares_moments_and_values():
    assert format_number(1234567) == "1,234,567" and format_number(2.345, 2) == "2.35"
    assert format_share(0.0123) == "1.2 %" and format_share(None) == "–"
    assert format_moment(NOW) == "2026-02-21 12:00 UTC"
    assert format_moment(NOW, ZoneInfo("America/Martinique")) == "2026-02-21 08:00 America/Martinique"
    assert [*map(format_value, (None, True, 1200, Decimal("3.5"), "x"))] == ["–", "yes", "1,200", "3.50", "x"]


def test_a_report_needs_no_other_file():
    page = render_report('A & B "quoted"', [render_table(["n"], [["1"]], numbers=(0,))])
    assert "<title>A &amp; B &quot;quoted&quot;</title>" in page
    assert "prefers-color-scheme: dark" in page and "<td class=n>1</td>" in page
    assert "<link" not in page and "<script" not in page and "@import" not in page
