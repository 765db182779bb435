"""How good lists are, by customer, with intervals.

Two tasks, as in the published comparisons of these data sets. `discover`: items a customer wanted before are masked and do
not count. `next`: nothing is masked, repeats count. A customer's `quality` is the mean of the tasks they count in: the one
figure that choices and gates are made on.
"""

from dataclasses import dataclass

import numpy as np

from models.inference import top_n
from models.split import Case

K = 10
TASKS = ("discover", "next")


@dataclass(frozen=True)
class Measured:
    """One recommender's figures, each by task.

    Attributes:
        ndcg, recall, mrr: float [customers]; nan where a customer does not count in a task.
        novelty: float [customers]: mean of -log2 of the share of customers who knew each listed item.
        coverage: share of the allowed items that reach the list of anybody who counts.
    """

    ndcg: dict[str, np.ndarray]
    recall: dict[str, np.ndarray]
    mrr: dict[str, np.ndarray]
    novelty: dict[str, np.ndarray]
    coverage: dict[str, float]

    @property
    def quality(self) -> np.ndarray:
        """float [customers]."""
        ndcg = np.stack([self.ndcg[task] for task in TASKS])
        counts = ~np.isnan(ndcg)
        return np.where(counts.any(axis=0), np.where(counts, ndcg, 0.0).sum(axis=0) / np.maximum(counts.sum(axis=0), 1), np.nan)


def measure(scores: np.ndarray, test: Case, allowed: np.ndarray, excluded: np.ndarray | None = None, k: int = K) -> Measured:
    """Rank by these scores and compare with what was wanted.

    Args:
        scores: float [customers of the case, items].
        allowed: bool [items].
        excluded: bool [customers, items]: never listed in either task (bought, and not a thing that is bought again).
    """
    open_to = np.broadcast_to(allowed, scores.shape)
    if excluded is not None:
        open_to = open_to & ~excluded
    listed = {
        "discover": (top_n(scores, k, open_to & ~test.seen)[0], test.wanted & ~test.seen),
        "next": (top_n(scores, k, open_to)[0], test.wanted),
    }
    return measure_lists(listed, test.known_share, int(allowed.sum()))


def measure_lists(listed: dict[str, tuple[np.ndarray, np.ndarray]], known_share: np.ndarray, n_allowed: int) -> Measured:
    """Compare lists with what was wanted.

    Args:
        listed: by task, the lists (int [customers, k], -1 for no item) and what was wanted (bool [customers, items]).
    """
    ndcg, recall, mrr, novelty, coverage = {}, {}, {}, {}, {}
    for task, (items, wanted) in listed.items():
        counts = wanted.any(axis=1)
        for kept, values in zip((ndcg, recall, mrr), rank_metrics(items, wanted), strict=True):
            kept[task] = np.where(counts, values, np.nan)
        held = items >= 0
        surprise = np.where(held, -np.log2(known_share[items]), 0.0).sum(axis=1) / np.maximum(held.sum(axis=1), 1)
        novelty[task] = np.where(counts & held.any(axis=1), surprise, np.nan)
        coverage[task] = len(np.unique(items[held & counts[:, None]])) / max(n_allowed, 1)
    return Measured(ndcg, recall, mrr, novelty, coverage)


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
    ndcg = (hits * discount).sum(axis=1) / np.where(ideal > 0, ideal, 1.0)
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
