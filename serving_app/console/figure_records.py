"""Key figures by placement, as people look at them. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from pages.charts.bars import draw_stacked_bars
from pages.charts.lines import Series, draw_lines
from pages.formats import format_number

MOST_CURVES = 4


@dataclass(frozen=True)
class PlacementFigures:
    """What visitors did with the lists of one placement.

    Attributes:
        n_shown: items in all lists.
        n_clicked: of these, how many were opened from their list.
        n_carts: how often one was put into the cart from its list.
        n_orders: orders that name one of the lists and hold an item of it.
        revenue: the amount of these items, in the currency of most orders.
    """

    placement: str
    n_lists: int
    n_shown: int
    n_clicked: int
    n_carts: int
    n_orders: int
    revenue: Decimal

    @property
    def click_rate(self) -> float | None:
        """Clicked of shown items; None where none was shown."""
        return self.n_clicked / self.n_shown if self.n_shown else None


@dataclass(frozen=True)
class Figures:
    """All figures of some days.

    Attributes:
        by_day: a day, a placement, items shown and clicked, and revenue.
        by_rung: a day, the rung that a list is named for, and how many lists.
        n_other_currency: orders that are left out of the revenue.
    """

    first: date
    last: date
    currency: str
    placements: Sequence[PlacementFigures]
    by_day: Sequence[tuple[date, str, int, int, Decimal]]
    by_rung: Sequence[tuple[date, str, int]]
    n_other_currency: int = 0
    days: Sequence[date] = field(default=())

    @property
    def total(self) -> PlacementFigures:
        """All placements together. An order that names lists of two counts for each."""
        sums = [
            sum(getattr(each, name) for each in self.placements)
            for name in ("n_lists", "n_shown", "n_clicked", "n_carts", "n_orders")
        ]
        return PlacementFigures("", *sums, sum((each.revenue for each in self.placements), Decimal(0)))

    @property
    def personal_share(self) -> float | None:
        """Lists that were made for their visitor, of all; the others are fallbacks."""
        n = sum(number for _, _, number in self.by_rung)
        personal = sum(number for _, rung, number in self.by_rung if rung == "personal")
        return personal / n if n else None


def list_days(first: date, last: date) -> list[date]:
    """Every day from the first to the last."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def draw_charts(figures: Figures | None) -> dict[str, str]:
    """The charts of a page of figures by their titles; none without figures."""
    if figures is None:
        return {}
    return {
        "Items shown": draw_impressions(figures),
        "Click rate, in %": draw_clicks(figures),
        "Revenue of listed items": draw_revenue(figures),
        "Where lists came from": draw_fallbacks(figures),
    }


def draw_clicks(figures: Figures) -> str:
    """Click rate by day, a curve for each of the largest placements."""
    series = []
    for placement in name_largest(figures.placements):
        shown = {day: (n, clicked) for day, name, n, clicked, _ in figures.by_day if name == placement}
        values = [
            100 * shown[day][1] / shown[day][0] if shown.get(day, (0, 0))[0] else None for day in figures.days
        ]
        series.append(Series(placement, values))
    return draw_lines(
        "Click rate by day, in %", label_days(figures.days), series, format_label=lambda rate: f"{rate:.1f} %"
    )


def draw_impressions(figures: Figures) -> str:
    """Items shown by day, stacked by placement."""
    return draw_stacked_bars(
        "Items shown by day",
        label_days(figures.days),
        stack(figures.days, [(day, name, n) for day, name, n, _, _ in figures.by_day]),
        format_label=format_number,
    )


def draw_revenue(figures: Figures) -> str:
    """Revenue of listed items by day, stacked by placement."""
    rows = [(day, name, float(revenue)) for day, name, _, _, revenue in figures.by_day]
    title = f"Revenue of listed items by day, {figures.currency}".rstrip(", ")
    return draw_stacked_bars(
        title, label_days(figures.days), stack(figures.days, rows), format_label=format_number
    )


def draw_fallbacks(figures: Figures) -> str:
    """Lists by day, stacked by the rung they are named for."""
    return draw_stacked_bars(
        "Lists by day and where they came from",
        label_days(figures.days),
        stack(figures.days, figures.by_rung),
        format_label=format_number,
    )


def stack(days: Sequence[date], rows: Iterable[tuple[date, str, float]]) -> list[Series]:
    """A series for each name, the largest first; what lies behind the fifth is one series together."""
    sums: dict[str, dict[date, float]] = {}
    for day, name, number in rows:
        own = sums.setdefault(name, {})
        own[day] = own.get(day, 0) + number
    names = sorted(sums, key=lambda name: (-sum(sums[name].values()), name))
    shown, others = names[:MOST_CURVES], names[MOST_CURVES:]
    series = [Series(name, [sums[name].get(day, 0) for day in days]) for name in shown]
    if others:
        rest = [sum(sums[name].get(day, 0) for name in others) for day in days]
        series.append(Series("others", rest))
    return series


def name_largest(placements: Sequence[PlacementFigures]) -> list[str]:
    """The placements that showed most."""
    largest = sorted(placements, key=lambda each: (-each.n_shown, each.placement))
    return [each.placement for each in largest[:MOST_CURVES]]


def label_days(days: Iterable[date]) -> list[str]:
    """`21 Feb`, for an axis."""
    return [f"{day.day} {day:%b}" for day in days]
