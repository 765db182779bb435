"""What lists are worth where it is known what will be bought: expected purchases of their first places, by
customer.

Numbers in, numbers out. Rows are customers, columns of `expected` are items.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from models.evaluation import bootstrap_intervals, slices

K = 10
SERVED, POPULAR, BEST = "served", "popular", "the best there are"
LISTED = "with a list of their own"
WARM, COOL, COLD = "warm: 3+ days", "cool: 2 days", "cold: 1 day"
BROWSED, ATTRIBUTES, AUDIENCE = "strangers, browsed", "by attributes", "no list of theirs"


@dataclass(frozen=True)
class ComparisonBoard:
    """Figures of every list for every group.

    Attributes:
        lists: names of the rows.
        groups: names of the columns.
        n: customers of each group.
        mean: float [rows, groups, 3]: mean, low and high of what a customer's ten places are worth.
        behind: float [rows, groups, 3]: the same of what the served list is worth more.
    """

    lists: tuple[str, ...]
    groups: tuple[str, ...]
    n: tuple[int, ...]
    mean: np.ndarray
    behind: np.ndarray


def merge_ladder(rungs: Sequence[Sequence[str]], column_of: Mapping[str, int], k: int = K) -> list[int]:
    """Columns of the first k different items of several lists, one behind the other; -1 for one the judge
    does not know.
    """
    return [column_of.get(item, -1) for item in list(dict.fromkeys(chain.from_iterable(rungs)))[:k]]


def compact_rows(rows: Sequence[Sequence[int]], k: int = K) -> np.ndarray:
    """int [rows, k]: rows of at most k places, -1 where one has ended."""
    places = np.full((len(rows), k), -1)
    for row, row_items in enumerate(rows):
        places[row, : len(row_items)] = row_items
    return places


def find_best_items(expected: np.ndarray, k: int = K) -> np.ndarray:
    """int [customers, k]: the items of the most expected purchases; among equals the lower column."""
    return np.argsort(-expected, axis=1, kind="stable")[:, :k]


def compute_list_worth(
    expected: np.ndarray, places: np.ndarray, counted: np.ndarray | None = None
) -> np.ndarray:
    """float [customers]: expected purchases of what is listed.

    Args:
        expected: float [customers, items].
        places: int [customers, k], -1 for no item.
        counted: bool [items], the items whose purchases count; None for all.
    """
    at = np.maximum(places, 0)
    counts = places >= 0 if counted is None else (places >= 0) & counted[at]
    return np.where(counts, np.take_along_axis(expected, at, axis=1), 0.0).sum(axis=1)


def group_customers(n_days: np.ndarray, browsed: np.ndarray, listed: np.ndarray) -> dict[str, np.ndarray]:
    """bool [customers] by name; who has a list of their own is in `LISTED` and in one of the five behind it.

    Args:
        n_days: days with a purchase up to the night.
        browsed: whether they ever did anything, purchases included.
        listed: whether they have a list of their own. Who has none is shown the list of their narrowest
            audience.
    """
    stranger = n_days == 0
    return {
        LISTED: listed,
        WARM: listed & (n_days >= slices.WARM_DAYS),
        COOL: listed & (n_days >= slices.COOL_DAYS) & (n_days < slices.WARM_DAYS),
        COLD: listed & ~stranger & (n_days < slices.COOL_DAYS),
        BROWSED: listed & stranger & browsed,
        ATTRIBUTES: listed & stranger & ~browsed,
        AUDIENCE: ~listed,
    }


def build_board(values: Mapping[str, np.ndarray], cohorts: Mapping[str, np.ndarray]) -> ComparisonBoard:
    """Every list's worth and how far it is behind the served one, with 95 % intervals over the same draws of
    customers.

    Args:
        values: by list, float [customers]; one is `SERVED`.
        cohorts: by group, bool [customers].
    """
    cells = [*values.values(), *[values[SERVED] - own for own in values.values()]]
    columns = [np.where(mask, cell, np.nan) for cell in cells for mask in cohorts.values()]
    bounds = bootstrap_intervals(np.stack(columns, axis=1)).reshape(2, len(values), len(cohorts), 3)
    return ComparisonBoard(
        tuple(values),
        tuple(cohorts),
        tuple(int(mask.sum()) for mask in cohorts.values()),
        bounds[0],
        bounds[1],
    )
