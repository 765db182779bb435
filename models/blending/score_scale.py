"""Scores of different recommenders brought to one scale, 0…1 a customer."""

import numpy as np


def normalise_scores(scores: np.ndarray) -> np.ndarray:
    """Scores brought to 0…1 row by row: the best is 1, no opinion is 0.

    Zero stays zero for scores that count something. Scores with a sign (factors) have no zero of their own:
    there the row's mean is 0, and what lies below it is 0 too.
    """
    floor, top = find_score_range(scores)
    floor = floor.astype(scores.dtype)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = (scores - floor) / (top - floor)
    return np.where(np.isfinite(scores) & (shares > 0), shares, 0.0).astype(np.float32)


def find_score_range(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The scores that become 0 and 1 in each row of `normalise_scores`: float64 and the scores' type [rows,
    1].
    """
    finite = np.isfinite(scores)
    # Reductions with `where=` are three times slower than filling first.
    top = np.where(finite, scores, -np.inf).max(axis=1, initial=-np.inf, keepdims=True)
    low = np.where(finite, scores, np.inf).min(axis=1, initial=np.inf, keepdims=True)
    floor = np.zeros(top.shape)
    signed = np.flatnonzero(low[:, 0] < 0)
    if len(signed):
        n = finite[signed].sum(axis=1, keepdims=True)
        floor[signed] = (
            np.where(finite[signed], scores[signed], 0.0).sum(axis=1, keepdims=True, dtype=np.float64) / n
        )
    return floor, top
