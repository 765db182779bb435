"""Where the nodes of a small graph are drawn: by stress, so that what is far apart in the graph is far apart
on paper.

Stress majorization (Gansner, Koren and North, "Graph Drawing by Stress Majorization", 2004).
"""

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import shortest_path

ROUNDS, STARTS = 300, 6
APART = 2.0  # between parts that no link joins, beyond the longest distance


def compute_path_lengths(a: np.ndarray, b: np.ndarray, length: np.ndarray, n: int) -> np.ndarray:
    """(n, n) lengths of the shortest ways."""
    way = shortest_path(coo_matrix((length, (a, b)), shape=(n, n)).tocsr(), directed=False)
    longest = way[np.isfinite(way)].max(initial=0.0)
    return np.where(np.isfinite(way), way, longest + APART)


def compute_node_positions(distance: np.ndarray) -> np.ndarray:
    """(n, 2) places whose distances come near the given ones, centred, the widest direction lying flat.

    Starts on a circle shaken by fixed seeds and keeps the best of them: same distances, same places.
    """
    n = len(distance)
    if n < 2:
        return np.zeros((n, 2))
    off = ~np.eye(n, dtype=bool)
    weight = np.divide(1.0, distance**2, out=np.zeros_like(distance), where=off)
    inverse = np.linalg.pinv(np.diag(weight.sum(axis=1)) - weight)
    angle = 2 * np.pi * np.arange(n) / n
    circle = np.column_stack([np.cos(angle), np.sin(angle)]) * distance.max() / 2
    layouts = [
        _settle(circle + np.random.default_rng(seed).normal(0, 0.3, (n, 2)), distance, weight, inverse)
        for seed in range(STARTS)
    ]
    _, best = min(enumerate(layouts), key=lambda each: (round(each[1][0], 6), each[0]))
    where = best[1] - best[1].mean(axis=0)
    turn = np.linalg.svd(where, full_matrices=False)[2].T
    turn *= np.where(turn[np.abs(turn).argmax(axis=0), range(2)] < 0, -1, 1)
    return where @ turn


def _settle(
    x: np.ndarray, distance: np.ndarray, weight: np.ndarray, inverse: np.ndarray
) -> tuple[float, np.ndarray]:
    """The stress reached from one start, and the places."""
    for _ in range(ROUNDS):
        apart = np.maximum(np.linalg.norm(x[:, None] - x[None], axis=2), 1e-9)
        pull = -weight * distance / apart
        np.fill_diagonal(pull, 0.0)
        np.fill_diagonal(pull, -pull.sum(axis=1))
        x = inverse @ pull @ x
    apart = np.linalg.norm(x[:, None] - x[None], axis=2)
    return float((weight * (apart - distance) ** 2).sum()), x
