"""Training with labels of some people: a second boosted model over the result of the unlabelled linkage.

It sees the pair's vector, the self-trained score, how the two records' neighbourhoods overlap, and whether
the unlabelled clustering put them together; labels enter only as the target.
"""

import numpy as np
from scipy.sparse import coo_matrix

from benchmarks.linkage.self_training import fit_booster
from spark_jobs.linkage.cluster import SCORE_STEPS

NEIGHBOUR = 0.05  # a pair at least this probable makes its records neighbours
CHUNK = 100_000  # pairs whose neighbourhoods are multiplied at once; keeps the product below 100 MB


def build_neighbourhood_features(
    left: np.ndarray, right: np.ndarray, score: np.ndarray, n: int
) -> np.ndarray:
    """How two records stand among their neighbours, shape (n_pairs, 10).

    Shared neighbours (sum of products of probabilities), the same over the smaller neighbourhood, both sizes
    (sum, smaller), each record's best score (smaller, larger), and how far this pair lies below them (left,
    right, smaller, larger). Probabilities are rounded to 1/1024, so sums do not depend on order.
    """
    p = np.round(SCORE_STEPS / (1 + np.exp2(-np.clip(score, -40, 40)))) / SCORE_STEPS
    near = p > NEIGHBOUR
    a, b = np.r_[left[near], right[near]], np.r_[right[near], left[near]]
    graph = coo_matrix((np.r_[p[near], p[near]], (a, b)), shape=(n, n)).tocsr()
    degree = np.asarray(graph.sum(axis=1)).ravel()
    shared = np.empty(len(left))
    for start in range(0, len(left), CHUNK):
        part = slice(start, start + CHUNK)
        shared[part] = np.asarray(graph[left[part]].multiply(graph[right[part]]).sum(axis=1)).ravel()
    best = np.full(n, -99.0)
    np.maximum.at(best, left, score)
    np.maximum.at(best, right, score)
    below_l, below_r = score - best[left], score - best[right]
    smaller = np.minimum(degree[left], degree[right])
    return np.column_stack(
        [
            shared,
            shared / np.maximum(smaller, 0.1),
            degree[left] + degree[right],
            smaller,
            np.minimum(best[left], best[right]),
            np.maximum(best[left], best[right]),
            below_l,
            below_r,
            np.minimum(below_l, below_r),
            np.maximum(below_l, below_r),
        ]
    ).astype(np.float32)


def build_labelled_features(
    left: np.ndarray, right: np.ndarray, features: np.ndarray, score: np.ndarray, clusters: np.ndarray
) -> np.ndarray:
    """Vector, self-trained score (bits), neighbourhood, unlabelled clusters' agreement and sizes."""
    size = np.bincount(clusters, minlength=len(clusters))[clusters]
    together = (clusters[left] == clusters[right]).astype(np.float32)
    sizes = np.column_stack([together, size[left], size[right]]).astype(np.float32)
    return np.hstack(
        [
            features,
            score[:, None].astype(np.float32),
            build_neighbourhood_features(left, right, score, len(clusters)),
            sizes,
        ]
    )


def train_on_labels(
    left: np.ndarray, right: np.ndarray, features: np.ndarray, person: np.ndarray, labelled: np.ndarray
) -> str:
    """Learn from pairs whose two records are both labelled.

    Args:
        person: code of the true person per record; read for labelled records only.
        labelled: per record, may its label be used?
    """
    rows = np.flatnonzero(labelled[left] & labelled[right])
    return fit_booster(features[rows], person[left[rows]] == person[right[rows]])
