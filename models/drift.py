"""Has the world moved away from what a model was fitted on? Signals of newest days against the days before
them.

Each signal measures every day against the 28 days before it. The newest day alarms when its value is above a
stated floor, so that it matters, and half above anything of the last 28 days, so that a Sunday, a pay day or
a small shop's noise is no news. Tables have no days: there the population stability index is held to its
customary limit alone.

Sources: PSI as in Siddiqi, Credit Risk Scorecards (2006), .2 being its "major shift"; the two-sample distance
of Kolmogorov and Smirnov; Gini (1912) for concentration.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from models.evaluation.beyond_accuracy import compute_gini
from models.training_data import PURCHASE, Behaviour

REFERENCE_DAYS = 28
LEAST_DAYS = 14  # of reference, and of past values: below, nothing is said
SLACK = 1.5  # times the largest of the past: measured in benchmarks/drift.py
LEAST_ROWS = 50  # of a day or table, or its shares are chance
PSI_LIMIT = 0.2
PRICE_BINS = 20
# By signal: what a day must differ by to matter, whatever the days before it did.
FLOORS = {
    "label: kinds of behaviour (PSI)": 0.1,
    "label: purchases per customer (log ratio)": 0.4,
    "label: items per customer (log ratio)": 0.3,
    "feature: categories (PSI)": 0.2,
    "feature: prices (KS)": 0.1,
    "catalogue: share of items not seen for 28 days": 0.05,
    "feedback: concentration on items (Gini, difference)": 0.05,
    "feedback: share that answers a list (difference)": 0.1,
}


@dataclass(frozen=True)
class DriftSignal:
    """One figure of one day or table.

    Attributes:
        value: how far it is from what was; nan where it cannot be said.
        limit: what it must exceed to be a drift.
    """

    name: str
    value: float
    limit: float

    @property
    def alarms(self) -> bool:
        return bool(self.value > self.limit)

    def as_dict(self) -> dict[str, float | str | bool | None]:
        rounded = {
            name: None if np.isnan(each) else round(each, 4)
            for name, each in (("value", self.value), ("limit", self.limit))
        }
        return {**asdict(self), **rounded, "alarms": self.alarms}

    def __str__(self) -> str:
        return f"{self.name} {self.value:.3f}, at most {self.limit:.3f}"


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


def compare_with_past_days(name: str, values: np.ndarray, floor: float) -> DriftSignal:
    """The last of a signal's daily values against those before it; nan values are days that cannot be said
    anything of.
    """
    past = values[-1 - REFERENCE_DAYS : -1]
    past = past[~np.isnan(past)]
    if len(past) < LEAST_DAYS:
        return DriftSignal(name, float("nan"), floor)
    return DriftSignal(name, float(values[-1]), max(floor, SLACK * float(past.max())))


def compute_drift_signals(
    behaviour: Behaviour,
    day: int,
    category: np.ndarray | None = None,
    price: np.ndarray | None = None,
    answers: Mapping[int, tuple[int, int]] | None = None,
) -> list[DriftSignal]:
    """The signals of one day.

    Args:
        behaviour: up to that day at least.
        category: int [items], -1 unknown; price: float [items], nan unknown: left out where the shop names
            none.
        answers: by day, events with an item and those among them that answer a list of ours; left out where
            none does.
    """
    first = day - 2 * REFERENCE_DAYS
    near = behaviour.where((behaviour.day >= first) & (behaviour.day <= day))
    days, rows = day - first + 1, near.day - first
    kinds = count_pairs(rows, near.kind.astype(np.int64), days, PURCHASE + 1)
    found = {
        "label: kinds of behaviour (PSI)": measure_daily_distance(kinds, compute_psi),
        "label: purchases per customer (log ratio)": measure_purchases_per_customer(near, first, days),
        "label: items per customer (log ratio)": measure_items_per_customer(near, first, days),
        "catalogue: share of items not seen for 28 days": compute_unseen_item_share(
            behaviour.where((behaviour.day >= first - REFERENCE_DAYS) & (behaviour.day <= day)),
            first,
            days,
            int(behaviour.day.min()) if len(behaviour) else first,
        ),
        "feedback: concentration on items (Gini, difference)": measure_distance_from_median(
            compute_daily_gini(near, first, days)
        ),
    }
    if category is not None:
        named = category[near.item] >= 0
        counts = count_pairs(rows[named], category[near.item][named], days, int(category.max(initial=0)) + 1)
        found["feature: categories (PSI)"] = measure_daily_distance(counts, compute_psi)
    if price is not None and np.isfinite(price).any():
        held = price[near.item]
        known = np.isfinite(held)
        edges = (
            np.unique(np.quantile(held[known], np.linspace(0, 1, PRICE_BINS + 1)[1:-1]))
            if known.any()
            else np.array([0.0])
        )
        counts = count_pairs(rows[known], np.searchsorted(edges, held[known]), days, len(edges) + 1)
        found["feature: prices (KS)"] = measure_daily_distance(counts, compute_ks_distance)
    if answers and any(answered for _, answered in answers.values()):
        share = np.array([compute_answer_share(answers.get(first + n)) for n in range(days)])
        found["feedback: share that answers a list (difference)"] = measure_distance_from_median(share)
    return [
        compare_with_past_days(name, found[name], floor) for name, floor in FLOORS.items() if name in found
    ]


def count_pairs(rows: np.ndarray, columns: np.ndarray, n_rows: int, n_columns: int) -> np.ndarray:
    """int [rows, columns]: how often each pair comes."""
    return np.bincount(rows.astype(np.int64) * n_columns + columns, minlength=n_rows * n_columns).reshape(
        n_rows, n_columns
    )


def measure_daily_distance(counts: np.ndarray, distance) -> np.ndarray:
    """float [days]: distance of each day's counts (int [days, bins]) from those of the 28 days before it."""
    total, found = (
        np.vstack([np.zeros((1, counts.shape[1]), np.int64), counts.cumsum(axis=0)]),
        np.full(len(counts), np.nan),
    )
    n = counts.sum(axis=1)
    for day in range(LEAST_DAYS, len(counts)):
        before = total[day] - total[max(day - REFERENCE_DAYS, 0)]
        if n[day] >= LEAST_ROWS and before.sum() >= LEAST_ROWS:
            found[day] = distance(before, counts[day])
    return found


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
    found = np.full(days, np.nan)
    for day in range(LEAST_DAYS, days):
        since = slice(max(day - REFERENCE_DAYS, 0), day)
        if n_people[day] and n_rows[since].sum() >= LEAST_ROWS:
            now, before = (n_rows[day] + 1) / n_people[day], (n_rows[since].sum() + 1) / n_people[since].sum()
            found[day] = abs(np.log(now / before))
    return found


def compute_unseen_item_share(behaviour: Behaviour, first: int, days: int, began: int) -> np.ndarray:
    """float [days]: share of a day's behaviour with items that nobody touched on the 28 days before it.

    Args:
        behaviour: from 28 days before the first day on.
        began: the first day anybody did anything; all is new in the 28 days from there.
    """
    pairs = np.unique(
        behaviour.item.astype(np.int64) << 32 | behaviour.day.astype(np.int64)
    )  # by item, then day
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
    early = np.arange(first, first + days) < began + REFERENCE_DAYS
    return np.where((n >= LEAST_ROWS) & ~early, n_new / np.maximum(n, 1), np.nan)


def compute_daily_gini(near: Behaviour, first: int, days: int) -> np.ndarray:
    """float [days]: Gini of a day's behaviour over the items that any of these days touched."""
    active, place = np.unique(near.item, return_inverse=True)
    found = np.full(days, np.nan)
    for day in range(days):
        held = place[near.day == first + day]
        if len(held) >= LEAST_ROWS:
            found[day] = compute_gini(np.bincount(held, minlength=len(active)))
    return found


def measure_distance_from_median(values: np.ndarray) -> np.ndarray:
    """float [days]: how far each day's value is from the median of the 28 days before it."""
    found = np.full(len(values), np.nan)
    for day in range(LEAST_DAYS, len(values)):
        before = values[max(day - REFERENCE_DAYS, 0) : day]
        if (~np.isnan(before)).sum() >= LEAST_DAYS:
            found[day] = abs(values[day] - np.nanmedian(before))
    return found


def compute_answer_share(counts: tuple[int, int] | None) -> float:
    n, part = counts or (0, 0)
    return part / n if n >= LEAST_ROWS else float("nan")


def compare_tables(
    before: Mapping[str, Mapping[str, int]], now: Mapping[str, Mapping[str, int]]
) -> list[DriftSignal]:
    """PSI of each column of a table between two states of it, each as how many rows have which value or lie
    in which bin.
    """
    found = []
    for name in sorted(set(before) & set(now)):
        bins = sorted(set(before[name]) | set(now[name]))
        expected, actual = (
            np.array([held[name].get(each, 0) for each in bins], float) for held in (before, now)
        )
        if min(expected.sum(), actual.sum()) >= LEAST_ROWS:
            found.append(DriftSignal(f"feature: {name} (PSI)", compute_psi(expected, actual), PSI_LIMIT))
    return found
