"""Measures of each day's behaviour against the 28 days before it, from which `models.drift` makes signals."""

from collections.abc import Callable

import numpy as np

from models.evaluation.beyond_accuracy import compute_gini
from models.training_data import PURCHASE, Behaviour

REFERENCE_DAYS = 28
LEAST_DAYS = 14  # of reference, and of past values: below, nothing is said
LEAST_ROWS = 50  # of a day or table, or its shares are chance


def compute_psi(expected: np.ndarray, actual: np.ndarray) -> float:
    """Population stability index of counts over the same bins, half a count added to each so that an empty
    one is no infinity.
    """
    e, a = expected + 0.5, actual + 0.5
    p, q = e / e.sum(), a / a.sum()
    return float(np.sum((q - p) * np.log(q / p)))


def compute_ks_distance(expected: np.ndarray, actual: np.ndarray) -> float:
    """Largest distance between two distributions of counts over the same ordered bins."""
    if not expected.sum() or not actual.sum():
        return float("nan")
    return float(np.abs(np.cumsum(expected) / expected.sum() - np.cumsum(actual) / actual.sum()).max())


def count_pairs(rows: np.ndarray, columns: np.ndarray, n_rows: int, n_columns: int) -> np.ndarray:
    """int [rows, columns]: how often each pair comes."""
    return np.bincount(rows.astype(np.int64) * n_columns + columns, minlength=n_rows * n_columns).reshape(
        n_rows, n_columns
    )


def measure_daily_distance(
    counts: np.ndarray, distance: Callable[[np.ndarray, np.ndarray], float]
) -> np.ndarray:
    """float [days]: distance of each day's counts (int [days, bins]) from those of the 28 days before it."""
    total, distances = (
        np.vstack([np.zeros((1, counts.shape[1]), np.int64), counts.cumsum(axis=0)]),
        np.full(len(counts), np.nan),
    )
    n = counts.sum(axis=1)
    for day in range(LEAST_DAYS, len(counts)):
        before = total[day] - total[max(day - REFERENCE_DAYS, 0)]
        if n[day] >= LEAST_ROWS and before.sum() >= LEAST_ROWS:
            distances[day] = distance(before, counts[day])
    return distances


def measure_items_per_customer(near: Behaviour, first: int, days: int) -> np.ndarray:
    """float [days]: log of a day's items wanted per customer who wanted any, over that of the 28 days before,
    up or down.
    """
    wanted = near.wanted()
    return measure_rows_per_customer(wanted, wanted, first, days)


def measure_purchases_per_customer(near: Behaviour, first: int, days: int) -> np.ndarray:
    """float [days]: log of a day's purchases per customer who did anything, over that of the 28 days before,
    up or down.
    """
    return measure_rows_per_customer(near.where(near.kind == PURCHASE), near, first, days)


def measure_rows_per_customer(rows: Behaviour, active: Behaviour, first: int, days: int) -> np.ndarray:
    """float [days]: how far a day's rows per active customer are from those of the 28 days before, as a log
    ratio without sign.

    A purchase is added on both sides, so that a day without any is far and not infinitely so.
    """
    n_rows = np.bincount(rows.day - first, minlength=days).astype(float)
    pairs = np.unique(active.day.astype(np.int64) * active.n_customers + active.customer) // max(
        active.n_customers, 1
    )
    n_people = np.bincount(pairs - first, minlength=days)
    ratios = np.full(days, np.nan)
    for day in range(LEAST_DAYS, days):
        since = slice(max(day - REFERENCE_DAYS, 0), day)
        if n_people[day] and n_rows[since].sum() >= LEAST_ROWS:
            now, before = (n_rows[day] + 1) / n_people[day], (n_rows[since].sum() + 1) / n_people[since].sum()
            ratios[day] = abs(np.log(now / before))
    return ratios


def compute_unseen_item_share(behaviour: Behaviour, first: int, days: int, oldest_day: int) -> np.ndarray:
    """float [days]: share of a day's behaviour with items that nobody touched on the 28 days before it.

    Args:
        behaviour: from 28 days before the first day on.
        oldest_day: the first day anybody did anything; all is new in the 28 days from there.
    """
    # by item, then day
    pairs = np.unique(behaviour.item.astype(np.int64) << 32 | behaviour.day.astype(np.int64))
    item, day = pairs >> 32, pairs & 0xFFFFFFFF
    is_new = np.ones(len(pairs), bool)
    is_new[1:] = (item[1:] != item[:-1]) | (day[1:] - day[:-1] > REFERENCE_DAYS)
    fresh = pairs[is_new]
    inside = (behaviour.day >= first) & (behaviour.day < first + days)
    mine = behaviour.item[inside].astype(np.int64) << 32 | behaviour.day[inside].astype(np.int64)
    of_day = behaviour.day[inside] - first
    n, n_new = (
        np.bincount(of_day, minlength=days),
        np.bincount(of_day, weights=np.isin(mine, fresh), minlength=days),
    )
    early = np.arange(first, first + days) < oldest_day + REFERENCE_DAYS
    return np.where((n >= LEAST_ROWS) & ~early, n_new / np.maximum(n, 1), np.nan)


def compute_daily_gini(near: Behaviour, first: int, days: int) -> np.ndarray:
    """float [days]: Gini of a day's behaviour over the items that any of these days touched."""
    active, place = np.unique(near.item, return_inverse=True)
    ginis = np.full(days, np.nan)
    for day in range(days):
        day_places = place[near.day == first + day]
        if len(day_places) >= LEAST_ROWS:
            ginis[day] = compute_gini(np.bincount(day_places, minlength=len(active)))
    return ginis


def measure_distance_from_median(values: np.ndarray) -> np.ndarray:
    """float [days]: how far each day's value is from the median of the 28 days before it."""
    distances = np.full(len(values), np.nan)
    for day in range(LEAST_DAYS, len(values)):
        before = values[max(day - REFERENCE_DAYS, 0) : day]
        if (~np.isnan(before)).sum() >= LEAST_DAYS:
            distances[day] = abs(values[day] - np.nanmedian(before))
    return distances


def compute_answer_share(counts: tuple[int, int] | None) -> float:
    n, part = counts or (0, 0)
    return part / n if n >= LEAST_ROWS else float("nan")
