"""How good a linkage is against the truth: pairwise and B-cubed precision, recall, F1; calibration error. All
vectorised.
"""

import numpy as np


def _cells(predicted: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Codes per record of (predicted cluster, true person) and the cell each record lies in."""
    _, p = np.unique(predicted, return_inverse=True)
    _, t = np.unique(truth, return_inverse=True)
    _, cell = np.unique(p.astype(np.int64) * (t.max() + 1) + t, return_inverse=True)
    return p, t, cell, np.bincount(cell)


def compute_f1(precision: float, recall: float) -> float:
    return 0.0 if precision + recall == 0 else 2 * precision * recall / (precision + recall)


def score_pairwise(
    predicted: np.ndarray, truth: np.ndarray, weight: np.ndarray | None = None
) -> dict[str, float]:
    """Precision, recall, F1 over pairs of records.

    Args:
        weight: 1 for the records under test, 0 for the others; a wrong pair with one end under test counts
            half, so the wrong pairs of two complementary halves add up to all of them. None: all records.
    """
    p, t, _, _ = _cells(predicted, truth)
    w = np.ones(len(p)) if weight is None else weight.astype(float)

    def pairs(
        code: np.ndarray,
    ) -> float:  # sum over groups of the pairs' mean weight (w_i + w_j) / 2 = (n - 1) / 2 * sum w
        return float(((np.bincount(code) - 1) / 2 * np.bincount(code, weights=w)).sum())

    cell = np.unique(p.astype(np.int64) * (t.max() + 1) + t, return_inverse=True)[1]
    both, found, true = pairs(cell), pairs(p), pairs(t)
    precision, recall = both / max(found, 1e-12), both / max(true, 1e-12)
    return {"precision": precision, "recall": recall, "f1": compute_f1(precision, recall)}


def score_b_cubed(
    predicted: np.ndarray, truth: np.ndarray, weight: np.ndarray | None = None
) -> dict[str, float]:
    """B-cubed (Bagga and Baldwin 1998): precision and recall of each record's cluster, averaged over records
    under test.
    """
    p, t, cell, size = _cells(predicted, truth)
    w = np.ones(len(p)) if weight is None else weight.astype(float)
    same = size[cell]
    precision = float((w * same / np.bincount(p)[p]).sum() / w.sum())
    recall = float((w * same / np.bincount(t)[t]).sum() / w.sum())
    return {"precision": precision, "recall": recall, "f1": compute_f1(precision, recall)}


def measure_calibration_error(probability: np.ndarray, match: np.ndarray, n_bins: int = 15) -> float:
    """Expected calibration error: mean over equal-width bins of |mean probability - share of matches|,
    weighted by pairs.
    """
    which = np.minimum((probability * n_bins).astype(int), n_bins - 1)
    gap = np.bincount(which, probability, n_bins) - np.bincount(which, match.astype(float), n_bins)
    return float(np.abs(gap).sum() / len(probability))


def compute_adjusted_rand_index(a: np.ndarray, b: np.ndarray) -> float:
    """Adjusted Rand index of two clusterings (Hubert and Arabie 1985); 1 only when they are the same
    partition.
    """
    p, t, _, cells = _cells(a, b)

    def choose2(n: np.ndarray) -> float:
        return float((n * (n - 1.0) / 2).sum())

    both, left, right, every = (
        choose2(cells),
        choose2(np.bincount(p)),
        choose2(np.bincount(t)),
        choose2(np.array([len(p)])),
    )
    expected, best = left * right / every, (left + right) / 2
    return 1.0 if best == expected else (both - expected) / (best - expected)


def summarise_clusters(clusters: np.ndarray, truth: np.ndarray, weight: np.ndarray) -> list[float]:
    """Pairwise precision, recall and F1, then the same of B-cubed."""
    p, b = score_pairwise(clusters, truth, weight), score_b_cubed(clusters, truth, weight)
    return [p["precision"], p["recall"], p["f1"], b["precision"], b["recall"], b["f1"]]
