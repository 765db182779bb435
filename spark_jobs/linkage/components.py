"""Connected components of record pairs."""

import numpy as np


def name_by_smallest_row(labels: np.ndarray) -> np.ndarray:
    """Name every cluster by the smallest row number in it."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return first[inverse]


def find_components(left: np.ndarray, right: np.ndarray, n: int) -> np.ndarray:
    """Per row 0..n-1, the smallest row it is connected to."""
    # Here, for `land` and `publish` ask a model for its fingerprint alone: half a CPU second of imports.
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    graph = coo_matrix((np.ones(len(left), dtype=np.int8), (left, right)), shape=(n, n))
    return name_by_smallest_row(connected_components(graph, directed=False)[1])


def attach_small_clusters(
    clusters: np.ndarray,
    left: np.ndarray,
    right: np.ndarray,
    score: np.ndarray,
    min_score: float,
    max_size: int,
) -> np.ndarray:
    """Let every cluster of at most `max_size` records join the cluster its best link of at least `min_score`
    leads to.

    Ties go to the cluster with the smallest row. Takes and returns clusters named by their smallest row.
    """
    size = np.bincount(clusters, minlength=len(clusters))
    a, b = clusters[left], clusters[right]
    keep = (score >= min_score) & (a != b)
    a, b, s = np.r_[a[keep], b[keep]], np.r_[b[keep], a[keep]], np.r_[score[keep], score[keep]]
    small = size[a] <= max_size
    a, b, s = a[small], b[small], s[small]
    if not len(a):
        return clusters
    order = np.lexsort((b, -s, a))
    a, b = a[order], b[order]
    best = np.r_[True, a[1:] != a[:-1]]
    return find_components(a[best], b[best], len(clusters))[clusters]
