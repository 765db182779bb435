"""The comparison as text: purchases per 1,000 customers, so that what is new is not lost behind the point."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.sample_shop_lists.home import FirstNight
from benchmarks.sample_shop_lists.worth import AUDIENCE, POPULAR, SERVED, Board

PER = 1000
NAME, CELL = 21, 28
UNIT = (
    f"Truly expected purchases of the ten items listed, per {PER:,} customers: mean, then what the served"
    " list has more, paired, with its 95 % interval. Customers by days with a purchase up to the night."
)


@dataclass(frozen=True)
class Told:
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
    everything: Board
    new: Board
    new_there: tuple[int, int]
    new_expected: float
    places: tuple[float, ...]
    nights: Sequence[FirstNight]


def number(value: float, sign: str = "") -> str:
    """Three digits: `1.4`, `87.7`, `608`."""
    return f"{value:{sign}.{0 if abs(value) >= 99.95 else 1}f}"


def span(low: float, high: float) -> str:
    return f"[{number(low)}, {number(high)}]"


def mean_of(board: Board, row: int, group: int) -> str:
    """`151 [140, 162]`; a dash where nobody is in the group."""
    mean, low, high = board.mean[row, group] * PER
    return "–" if np.isnan(mean) else f"{number(mean)} {span(low, high)}"


def lift_of(board: Board, row: int, group: int) -> str:
    """`87.0 +64.2 [58.0, 70.9]`: the row's mean, and what the served list has more, paired."""
    mean, (lift, low, high) = board.mean[row, group, 0] * PER, board.behind[row, group] * PER
    return "–" if np.isnan(mean) else f"{number(mean)} {number(lift, '+')} {span(low, high)}"


def cell(board: Board, row: int, group: int) -> str:
    """The served list by itself, the others beside it. Who has no list of their own is shown no part's."""
    if board.lists[row] == SERVED:
        return mean_of(board, row, group)
    if board.groups[group] == AUDIENCE and is_part(board, row):
        return ""
    return lift_of(board, row, group)


def is_part(board: Board, row: int) -> bool:
    """Whether a row is one of the model's parts: those stand between the served list and the popular one."""
    return 0 < row < board.lists.index(POPULAR)


def lost(board: Board) -> list[str]:
    """Where the served list is worth less than another than the best there are, its whole interval below
    zero.
    """
    found = []
    for row in range(1, len(board.lists) - 1):
        for group in np.flatnonzero(board.behind[row, :, 2] < 0):
            found.append(
                f"{board.groups[group]}: behind {board.lists[row]} by"
                f" {lift_of(board, row, group).split(' ', 1)[1]}"
            )
    return found


def share_of_best(board: Board) -> list[str]:
    """Each row's worth as a share of what the truly best ten hold, for everyone with a list of their own."""
    best = board.mean[-1, 0, 0]
    return [f"{own / best:.0%}" if best else "–" for own in board.mean[:, 0, 0]]


def lines(told: Told) -> list[str]:
    """The whole comparison."""
    board, new = told.everything, told.new
    said = [
        told.about,
        UNIT,
        "",
        " " * NAME + "".join(f"{name:>{CELL}}" for name in board.groups),
        f"{'customers':<{NAME}}" + "".join(f"{n:>{CELL},}" for n in board.n),
    ]
    for row, name in enumerate(board.lists):
        said.append(
            f"{name:<{NAME}}"
            + "".join(f"{cell(board, row, group):>{CELL}}" for group in range(len(board.groups)))
        )
    said += ["", of_new(told)]
    if told.new_there[0]:
        said += [
            "",
            " " * NAME + f"{'purchases of them':>{CELL}}{'share of the best ten’s':>{CELL}}"
            f"{'places of the ten':>{CELL}}",
        ]
        for row, (name, share, places) in enumerate(
            zip(new.lists, share_of_best(new), told.places, strict=True)
        ):
            said.append(f"{name:<{NAME}}{cell(new, row, 0):>{CELL}}{share:>{CELL}}{places:>{CELL}.2f}")
        said += ["", *[night_line(one) for one in told.nights]]
    return [*said, "", *verdict(told)]


def verdict(told: Told) -> list[str]:
    """Where the served list loses, each in a line; or that it does not."""
    behind = [*lost(told.everything), *[f"items in their first week, {line}" for line in lost(told.new)]]
    return [f"Served loses, {line}" for line in behind] or [
        "Served loses to no part and not to the popular list."
    ]


def of_new(told: Told) -> str:
    """How much there is to catch of items in their first week."""
    there, shown = told.new_there
    return (
        f"Items in their first week: {there}, of which {shown} may be shown tonight; per {PER:,} customers"
        f" with a list of their own {told.new_expected * PER:.1f} purchases of them are truly expected."
    )


def night_line(one: FirstNight) -> str:
    """An item's first night in words."""
    shown = (
        f"in {one.in_lists:,} of {one.of:,} lists, in {one.in_tens:,} of their first tens"
        if one.shown
        else "may not be shown"
    )
    return f"{one.item}, first night {one.night}: {shown}"
