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

from models.daily_measures import (
    LEAST_DAYS,
    LEAST_ROWS,
    REFERENCE_DAYS,
    compute_answer_share,
    compute_daily_gini,
    compute_ks_distance,
    compute_psi,
    compute_unseen_item_share,
    count_pairs,
    measure_daily_distance,
    measure_distance_from_median,
    measure_items_per_customer,
    measure_purchases_per_customer,
)
from models.training_data import PURCHASE, Behaviour

SLACK = 1.5  # times the largest of the past: measured in benchmarks/drift.py
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
    def is_alarm(self) -> bool:
        return bool(self.value > self.limit)

    def as_dict(self) -> dict[str, float | str | bool | None]:
        rounded = {
            name: None if np.isnan(each) else round(each, 4)
            for name, each in (("value", self.value), ("limit", self.limit))
        }
        return {**asdict(self), **rounded, "alarms": self.is_alarm}

    def __str__(self) -> str:
        return f"{self.name} {self.value:.3f}, at most {self.limit:.3f}"


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
    daily_values = {
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
        has_category = category[near.item] >= 0
        counts = count_pairs(
            rows[has_category], category[near.item][has_category], days, int(category.max(initial=0)) + 1
        )
        daily_values["feature: categories (PSI)"] = measure_daily_distance(counts, compute_psi)
    if price is not None and np.isfinite(price).any():
        item_prices = price[near.item]
        known = np.isfinite(item_prices)
        edges = (
            np.unique(np.quantile(item_prices[known], np.linspace(0, 1, PRICE_BINS + 1)[1:-1]))
            if known.any()
            else np.array([0.0])
        )
        counts = count_pairs(rows[known], np.searchsorted(edges, item_prices[known]), days, len(edges) + 1)
        daily_values["feature: prices (KS)"] = measure_daily_distance(counts, compute_ks_distance)
    if answers and any(answered for _, answered in answers.values()):
        share = np.array([compute_answer_share(answers.get(first + n)) for n in range(days)])
        daily_values["feedback: share that answers a list (difference)"] = measure_distance_from_median(share)
    return [
        compare_with_past_days(name, daily_values[name], floor)
        for name, floor in FLOORS.items()
        if name in daily_values
    ]


def compare_tables(
    before: Mapping[str, Mapping[str, int]], now: Mapping[str, Mapping[str, int]]
) -> list[DriftSignal]:
    """PSI of each column of a table between two states of it, each as how many rows have which value or lie
    in which bin.
    """
    signals = []
    for name in sorted(set(before) & set(now)):
        bins = sorted(set(before[name]) | set(now[name]))
        expected, actual = (
            np.array([counts[name].get(each, 0) for each in bins], float) for counts in (before, now)
        )
        if min(expected.sum(), actual.sum()) >= LEAST_ROWS:
            signals.append(DriftSignal(f"feature: {name} (PSI)", compute_psi(expected, actual), PSI_LIMIT))
    return signals
