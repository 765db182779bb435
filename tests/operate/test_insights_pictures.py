"""What the pictures of insights draw: each currency apart, and nothing where there is no value."""

from datetime import date, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest

from operate.insights.pictures import MOST_BARS, MOST_TICKS, draw_answer, draw_bars, draw_curve, draw_lines
from operate.insights.questions import Picture

SALES = Picture("bars", "month_starts_on", ("amount_sold",), by="currency")
SIZES = Picture("lines", "week_starts_on", ("n_customers",), by="segment_id")
CURVE = Picture("curve", "customer_percent", ("amount_percent_so_far",))


@pytest.fixture
def axes():
    from matplotlib.figure import Figure

    return Figure().subplots()


def list_bars(axes) -> dict[str, list[float]]:
    return {group.get_label(): [bar.get_height() for bar in group] for group in axes.containers}


def test_each_currency_has_its_own_bars(axes):
    months = [date(2026, 1, 1), date(2026, 1, 1), date(2026, 2, 1)]
    answer = pa.table(
        {
            "month_starts_on": months,
            "currency": ["EUR", "USD", "EUR"],
            "amount_sold": [Decimal("5.50"), Decimal(7), None],
        }
    )
    draw_bars(axes, answer, SALES)
    assert list_bars(axes) == {"amount sold, EUR": [5.5, 0], "amount sold, USD": [7, 0]}


def test_of_more_months_than_fit_the_newest_are_drawn(axes):
    months = [date(2000 + n // 12, n % 12 + 1, 1) for n in range(MOST_BARS + 12)]
    answer = pa.table({"month_starts_on": months, "amount_sold": list(range(len(months)))})
    draw_bars(axes, answer, Picture("bars", "month_starts_on", ("amount_sold",)))
    assert list_bars(axes) == {"amount sold": [float(n) for n in range(12, MOST_BARS + 12)]}


def test_of_more_names_than_can_be_read_every_second_stands_there(axes):
    answer = pa.table({"from_days": list(range(40)), "n_intervals": list(range(40))})
    draw_bars(axes, answer, Picture("bars", "from_days", ("n_intervals",)))
    assert [text.get_text() for text in axes.get_xticklabels()] == [str(n) for n in range(0, 40, 2)]
    assert axes.get_legend() is None and axes.get_ylabel() == "intervals"


def test_a_point_without_a_value_is_left_out(axes):
    answer = pa.table({"customer_percent": [5, 10], "amount_percent_so_far": [None, 40.0]})
    draw_curve(axes, answer, CURVE)
    assert axes.lines[0].get_xydata().tolist() == [[10, 40]]


def test_a_shop_that_gave_all_away_has_an_empty_curve():
    answer = pa.table({"customer_percent": [5], "amount_percent_so_far": pa.nulls(1, pa.float64())})
    assert draw_answer(answer, CURVE).startswith(b"\x89PNG")


def list_sizes(n_segments: int, n_weeks: int) -> pa.Table:
    """Segments of 0, 1, 2 … customers each week, newest week first, from Monday 2026-01-05 on."""
    mondays = [date(2026, 1, 5) + timedelta(weeks=n) for n in reversed(range(n_weeks))]
    rows = [(f"s{n:02}", monday, n) for monday in mondays for n in range(n_segments)]
    return pa.table(
        dict(zip(("segment_id", "week_starts_on", "n_customers"), zip(*rows, strict=True), strict=True))
    )


@pytest.mark.parametrize(("n_segments", "title"), [(8, ""), (21, "the largest 8 of 21")])
def test_segments_left_out_of_the_picture_are_said(axes, n_segments, title):
    draw_lines(axes, list_sizes(n_segments, 2), SIZES)
    labels = [line.get_label() for line in axes.lines]
    assert labels == [f"s{n:02}" for n in reversed(range(n_segments - 8, n_segments))]
    assert axes.get_title() == title


@pytest.mark.parametrize("n_weeks", [1, 3, 30])
def test_ticks_stand_at_starts_of_weeks_the_newest_among_them(axes, n_weeks):
    draw_lines(axes, list_sizes(2, n_weeks), SIZES)
    ticks = [date.fromisoformat(label.get_text()) for label in axes.get_xticklabels()]
    assert {tick.weekday() for tick in ticks} == {0} and len(ticks) <= MOST_TICKS
    assert max(ticks) == date(2026, 1, 5) + timedelta(weeks=n_weeks - 1)
    assert [line.get_xdata()[0] for line in axes.lines] == [date(2026, 1, 5)] * 2
