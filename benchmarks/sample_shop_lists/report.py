"""The comparison as text: purchases per 1,000 customers, so that what is new is not lost behind the point."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.sample_shop_lists.home import ItemFirstNight
from benchmarks.sample_shop_lists.worth import AUDIENCE, POPULAR, SERVED, ComparisonBoard

PER = 1000
NAME, CELL = 21, 28
UNIT = (
    f"Truly expected purchases of the ten items listed, per {PER:,} customers: mean, then what the served"
    " list has more, paired, with its 95 % interval. Customers by days with a purchase up to the night."
)


@dataclass(frozen=True)
class ListComparison:
    """What is printed, and written as a page.

    Attributes:
        about: whose lists, whose truth.
        everything: worth of the ten places, by group of customers.
        new: of that, what is of items in their first week; for everyone with a list of their own.
        new_there: how many such items there are, and how many may be shown tonight.
        new_expected: a customer's expected purchases of all of them, mean.
        places: mean number of the ten places that such items have, in the order of the rows of `new`.
        nights: their first nights.
    """

    about: str
    everything: ComparisonBoard
    new: ComparisonBoard
    new_there: tuple[int, int]
    new_expected: float
    places: tuple[float, ...]
    nights: Sequence[ItemFirstNight]


def format_number(value: float, sign: str = "") -> str:
    """Three digits: `1.4`, `87.7`, `608`."""
    return f"{value:{sign}.{0 if abs(value) >= 99.95 else 1}f}"


def format_span(low: float, high: float) -> str:
    return f"[{format_number(low)}, {format_number(high)}]"


def format_mean(board: ComparisonBoard, row: int, group: int) -> str:
    """`151 [140, 162]`; a dash where nobody is in the group."""
    mean, low, high = board.mean[row, group] * PER
    return "–" if np.isnan(mean) else f"{format_number(mean)} {format_span(low, high)}"


def format_lift(board: ComparisonBoard, row: int, group: int) -> str:
    """`87.0 +64.2 [58.0, 70.9]`: the row's mean, and what the served list has more, paired."""
    mean, (lift, low, high) = board.mean[row, group, 0] * PER, board.behind[row, group] * PER
    return (
        "–"
        if np.isnan(mean)
        else f"{format_number(mean)} {format_number(lift, '+')} {format_span(low, high)}"
    )


def format_cell(board: ComparisonBoard, row: int, group: int) -> str:
    """The served list by itself, the others beside it. Who has no list of their own is shown no part's."""
    if board.lists[row] == SERVED:
        return format_mean(board, row, group)
    if board.groups[group] == AUDIENCE and is_model_part(board, row):
        return ""
    return format_lift(board, row, group)


def is_model_part(board: ComparisonBoard, row: int) -> bool:
    """Whether a row is one of the model's parts: those stand between the served list and the popular one."""
    return 0 < row < board.lists.index(POPULAR)


def list_losing_rows(board: ComparisonBoard) -> list[str]:
    """Where the served list is worth less than another than the best there are, its whole interval below
    zero.
    """
    losing = []
    for row in range(1, len(board.lists) - 1):
        for group in np.flatnonzero(board.behind[row, :, 2] < 0):
            losing.append(
                f"{board.groups[group]}: behind {board.lists[row]} by"
                f" {format_lift(board, row, group).split(' ', 1)[1]}"
            )
    return losing


def compute_share_of_best(board: ComparisonBoard) -> list[str]:
    """Each row's worth as a share of what the truly best ten hold, for everyone with a list of their own."""
    best = board.mean[-1, 0, 0]
    return [f"{own / best:.0%}" if best else "–" for own in board.mean[:, 0, 0]]


def format_report(comparison: ListComparison) -> list[str]:
    """The whole comparison."""
    board, new = comparison.everything, comparison.new
    lines = [
        comparison.about,
        UNIT,
        "",
        " " * NAME + "".join(f"{name:>{CELL}}" for name in board.groups),
        f"{'customers':<{NAME}}" + "".join(f"{n:>{CELL},}" for n in board.n),
    ]
    for row, name in enumerate(board.lists):
        lines.append(
            f"{name:<{NAME}}"
            + "".join(f"{format_cell(board, row, group):>{CELL}}" for group in range(len(board.groups)))
        )
    lines += ["", format_new_items(comparison)]
    if comparison.new_there[0]:
        lines += [
            "",
            " " * NAME + f"{'purchases of them':>{CELL}}{'share of the best ten’s':>{CELL}}"
            f"{'places of the ten':>{CELL}}",
        ]
        for row, (name, share, places) in enumerate(
            zip(new.lists, compute_share_of_best(new), comparison.places, strict=True)
        ):
            lines.append(
                f"{name:<{NAME}}{format_cell(new, row, 0):>{CELL}}{share:>{CELL}}{places:>{CELL}.2f}"
            )
        lines += ["", *[format_first_night(one) for one in comparison.nights]]
    return [*lines, "", *format_verdict(comparison)]


def format_verdict(comparison: ListComparison) -> list[str]:
    """Where the served list loses, each in a line; or that it does not."""
    behind = [
        *list_losing_rows(comparison.everything),
        *[f"items in their first week, {line}" for line in list_losing_rows(comparison.new)],
    ]
    return [f"Served loses, {line}" for line in behind] or [
        "Served loses to no part and not to the popular list."
    ]


def format_new_items(comparison: ListComparison) -> str:
    """How much there is to catch of items in their first week."""
    there, n_listed = comparison.new_there
    return (
        f"Items in their first week: {there}, of which {n_listed} may be shown tonight; per {PER:,} customers"
        f" with a list of their own {comparison.new_expected * PER:.1f} purchases of them are truly expected."
    )


def format_first_night(one: ItemFirstNight) -> str:
    """An item's first night in words."""
    listed = (
        f"in {one.in_lists:,} of {one.of:,} lists, in {one.in_tens:,} of their first tens"
        if one.shown
        else "may not be shown"
    )
    return f"{one.item}, first night {one.night}: {listed}"
