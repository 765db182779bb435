"""How good lists are: measured on days the model has not seen, by customer, with intervals.

Two tasks, as in the published comparisons of these data sets. `discover`: items a customer wanted before are masked and do
not count. `next`: nothing is masked, repeats count. A customer's `quality` is the mean of the tasks they count in: the one
figure that choices and gates are made on.
"""

from dataclasses import dataclass, field

import numpy as np

from models.base import Behaviour
from models.inference import top_n

K = 10
TASKS = ("discover", "next")


class OverlapError(ValueError):
    """Training and test share days, so the score would be of memory."""


@dataclass(frozen=True)
class Windows:
    """Where days are cut. Training may be fitted to `validate_from`, then `test_from`, then `until`; never across."""

    validate_from: int
    test_from: int
    until: int

    @property
    def days(self) -> int:
        return self.until - self.test_from


def windows(first: int, until: int) -> Windows | None:
    """The rule, said once: a window is a sixth of the history, at most 28 days; None below six days of history.

    The last window tests, the one before it chooses parameters and weights, so 45 days of history have windows of 7 days.
    """
    days = min(28, (until - first) // 6)
    return Windows(until - 2 * days, until - days, until) if days >= 1 else None


@dataclass(frozen=True)
class Case:
    """One test: who is asked for, what they had, what they then wanted.

    Attributes:
        customers: rows in the behaviour's numbering.
        seen, wanted: bool [customers, items].
        n_orders_before: int [customers], days with a purchase before the cut.
    """

    customers: np.ndarray
    seen: np.ndarray
    wanted: np.ndarray
    n_days_before: np.ndarray
    popularity: np.ndarray = field(repr=False)


def case(train: Behaviour, test: Behaviour, allowed: np.ndarray, most: int = 3000, seed: int = 0) -> Case:
    """The test of customers who wanted something both before and after the cut.

    Args:
        allowed: bool [items]: what may be recommended at all; other items are neither asked for nor offered.
        most: a sample of this size where there are more customers.

    Raises:
        OverlapError: a day of the test is not after all of the training.
    """
    if len(test) and len(train) and test.day.min() < train.until:
        raise OverlapError(f"the test begins on day {test.day.min()}, the training ends before day {train.until}")
    before, after = train.wanted(), test.wanted()
    after = after.where(allowed[after.item])
    customers = np.intersect1d(before.customer, after.customer)
    if len(customers) > most:
        customers = np.sort(np.random.default_rng(seed).choice(customers, most, replace=False))
    seen, wanted = (dense(part.of(customers)) for part in (before, after))
    pairs = np.unique(before.customer.astype(np.int64) * 100_000 + before.day)
    n_days = np.bincount(pairs // 100_000, minlength=train.n_customers)
    popularity = np.bincount(np.unique(before.customer.astype(np.int64) * train.n_items + before.item) % train.n_items,
                             minlength=train.n_items)  # fmt: skip
    return Case(customers, seen, wanted, n_days[customers], popularity)


def dense(behaviour: Behaviour) -> np.ndarray:
    """bool [customers, items]: who did anything with what."""
    cells = np.zeros((behaviour.n_customers, behaviour.n_items), bool)
    cells[behaviour.customer, behaviour.item] = True
    return cells


@dataclass(frozen=True)
class Measured:
    """One recommender's figures by customer; nan where a customer does not count in a task.

    Attributes:
        ndcg, recall, mrr: by task, float [customers].
        quality: float [customers].
        coverage: share of the allowed items that reach anybody's first K, by task.
        novelty: by task, float [customers]: mean of -log2 of the share of customers who had each listed item.
    """

    ndcg: dict[str, np.ndarray]
    recall: dict[str, np.ndarray]
    mrr: dict[str, np.ndarray]
    novelty: dict[str, np.ndarray]
    coverage: dict[str, float]

    @property
    def quality(self) -> np.ndarray:
        both = np.stack([self.ndcg[task] for task in TASKS])
        return np.nanmean(both, axis=0)


def measure(scores: np.ndarray, test: Case, allowed: np.ndarray, excluded: np.ndarray | None = None, k: int = K) -> Measured:
    """Rank by these scores and compare.

    Args:
        scores: float [customers of the case, items].
        allowed: bool [items].
        excluded: bool [customers, items]: never listed in either task (bought, and not a thing that is bought again).
    """
    found: dict[str, dict] = {name: {} for name in ("ndcg", "recall", "mrr", "novelty", "coverage")}
    share = np.maximum(test.popularity, 0.5) / max(len(test.n_days_before), 1)
    for task in TASKS:
        may = np.broadcast_to(allowed, scores.shape)
        if excluded is not None:
            may = may & ~excluded
        wanted = test.wanted
        if task == "discover":
            may, wanted = may & ~test.seen, wanted & ~test.seen
        listed, _ = top_n(scores, k, may)
        counts = wanted.any(axis=1)
        ndcg, recall, mrr = rank_metrics(listed, wanted)
        held = listed >= 0
        surprise = np.where(held, -np.log2(np.minimum(share[listed], 1.0)), np.nan)
        for name, values in (("ndcg", ndcg), ("recall", recall), ("mrr", mrr)):
            found[name][task] = np.where(counts, values, np.nan)
        found["novelty"][task] = np.where(
            counts & held.any(axis=1), np.nansum(surprise, axis=1) / np.maximum(held.sum(axis=1), 1), np.nan
        )
        found["coverage"][task] = len(np.unique(listed[counts & held.any(axis=1)][listed[counts & held.any(axis=1)] >= 0])) / max(
            allowed.sum(), 1
        )
    return Measured(**found)


def rank_metrics(listed: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """NDCG, recall and reciprocal rank of each row, all cut at the list's length.

    Args:
        listed: int [rows, k], -1 for no item.
        wanted: bool [rows, items].
    """
    k = listed.shape[1]
    hits = np.take_along_axis(wanted, np.maximum(listed, 0), axis=1) & (listed >= 0)
    n_wanted = wanted.sum(axis=1)
    discount = 1.0 / np.log2(np.arange(2, k + 2))
    ideal = np.concatenate([[0.0], np.cumsum(discount)])[np.minimum(n_wanted, k)]
    ndcg = (hits * discount).sum(axis=1) / np.maximum(ideal, 1e-12)
    recall = hits.sum(axis=1) / np.maximum(n_wanted, 1)
    first = np.where(hits.any(axis=1), 1.0 / (hits.argmax(axis=1) + 1), 0.0)
    return ndcg, recall, first


def interval(values: np.ndarray, seed: int = 0, draws: int = 1000, level: float = 0.95) -> tuple[float, float, float]:
    """Mean and bootstrap interval over customers (nan left out). For a paired comparison, give the differences."""
    held = values[~np.isnan(values)]
    if len(held) == 0:
        return float("nan"), float("nan"), float("nan")
    generator = np.random.default_rng(seed)
    means = np.array([held[generator.integers(0, len(held), len(held))].mean() for _ in range(draws)])
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(held.mean()), float(low), float(high)
