"""What may be done with fitted arrays where nothing can be fitted: numpy only, so that the service may import it."""

import numpy as np


def top_n(scores: np.ndarray, n: int, allowed: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """The n best items of each row, best first; among equal scores the lower position, which is the lower item id.

    Args:
        scores: float [rows, items]; -inf for no opinion.
        n: how many; more than there are gives all there are.
        allowed: bool, [items] or [rows, items]; False is never returned.

    Returns:
        items: int32 [rows, m], -1 where a row has no more.
        scores: float32 [rows, m], -inf there.
    """
    if allowed is not None:
        scores = np.where(allowed, scores, -np.inf)
    m = min(n, scores.shape[1])
    if m < scores.shape[1]:
        # A partition cuts equal scores anywhere: rank all that reach the m-th best, then cut.
        threshold = -np.partition(-scores, m - 1, axis=1)[:, m - 1 : m]
        candidate = scores >= threshold
    else:
        candidate = np.ones_like(scores, bool)
    items = np.full((scores.shape[0], m), -1, np.int32)
    best = np.full((scores.shape[0], m), -np.inf, np.float32)
    for row in range(scores.shape[0]):
        held = np.flatnonzero(candidate[row])
        order = held[np.argsort(-scores[row, held], kind="stable")][:m]
        order = order[np.isfinite(scores[row, order])]
        items[row, : len(order)] = order
        best[row, : len(order)] = scores[row, order]
    return items, best
