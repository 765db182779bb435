"""How well a list ranks what was wanted: each figure at any cut, one row a customer."""

from collections.abc import Sequence

import numpy as np

METRICS = ("ndcg", "recall", "mrr", "map", "hit")


def compute_ranking_metrics(
    listed: np.ndarray, wanted: np.ndarray, ks: Sequence[int]
) -> dict[str, np.ndarray]:
    """Figures of each row at each cut, by `metric@k`; 0 for a row that wants nothing.

    * ndcg: gain 1, discount 1/log2(rank + 1) (Järvelin and Kekäläinen 2002), over the best list of that
      length.
    * recall: share of what was wanted that is listed.
    * mrr: 1 / rank of the first hit, 0 without one.
    * map: precision at each hit, summed, over the most hits a list of that length can have (min of k and what
      was wanted).
    * hit: 1 when anything listed was wanted.

    Args:
        listed: int [rows, n], -1 for no item; cut at each k, a list shorter than k is one with nothing more
            in it.
        wanted: bool [rows, items].
    """
    n = listed.shape[1]
    hits = np.take_along_axis(wanted, np.maximum(listed, 0), axis=1) & (listed >= 0)
    n_wanted = wanted.sum(axis=1)
    longest = max(*ks, n)
    discount = 1.0 / np.log2(np.arange(2, longest + 2))
    best = np.concatenate([[0.0], np.cumsum(discount)])
    gained = np.cumsum(hits * discount[:n], axis=1)
    n_hits = np.cumsum(hits, axis=1)
    precise = np.cumsum(hits * n_hits / np.arange(1, n + 1), axis=1)
    first = np.where(hits.any(axis=1), hits.argmax(axis=1), longest)
    figures = {}
    for k in ks:
        end, most = min(k, n) - 1, np.minimum(n_wanted, k)
        figures[f"ndcg@{k}"] = gained[:, end] / np.maximum(best[most], 1e-12)
        figures[f"recall@{k}"] = n_hits[:, end] / np.maximum(n_wanted, 1)
        figures[f"mrr@{k}"] = np.where(first <= end, 1.0 / (first + 1), 0.0)
        figures[f"map@{k}"] = precise[:, end] / np.maximum(most, 1)
        figures[f"hit@{k}"] = (n_hits[:, end] > 0).astype(np.float64)
    return figures
