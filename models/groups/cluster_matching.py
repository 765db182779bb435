"""Numbers of clusters from one fit to the next: new centres take those of the old ones that they are."""

import numpy as np
from scipy.optimize import linear_sum_assignment

from models.groups.cluster_names import name_clusters
from models.groups.clusters import CLUSTERED, Clustering, Scaling, measure_distances


def label_centres(scaling: Scaling, centres: np.ndarray, before: Clustering | None) -> Clustering:
    """Clusters of fitted centres, numbered as those of before that they are, and named.

    Args:
        centres: float [clusters, features], standardised by the scaling.
        before: the last accepted fit; None for the first.
    """
    if before is not None and before.features != CLUSTERED:
        before = None  # this code clusters by other features: nothing can be compared
    centres = centres[np.lexsort(centres.T[::-1])]  # k-means gives them in any order
    raw = scaling.restore(centres)
    last = before.last_number if before else 0
    numbers: list[int] = []
    for old in match_centres(scaling, centres, before) if before else [None] * len(centres):
        if old is None:
            last += 1
        numbers.append(last if old is None else before.clusters[old].number)
    kept = {cluster.number: cluster for cluster in before.clusters} if before else {}
    order = np.argsort(numbers)
    centres, raw, numbers = centres[order], raw[order], [numbers[n] for n in order]
    clusters = name_clusters(CLUSTERED, centres, raw, numbers, kept)
    return Clustering(CLUSTERED, scaling, centres, clusters, last)


def match_centres(scaling: Scaling, centres: np.ndarray, before: Clustering) -> list[int | None]:
    """For each new centre the position of the old one that it is; None for one that is new.

    The sum of distances is least (Kuhn 1955), on the old scale. A pair that lies farther apart than either
    does from the nearest other of its own fit, on that fit's scale, are two clusters.

    Args:
        centres: float [new, features], standardised by the scaling.
    """
    new_on_old = before.scaling.apply(scaling.restore(centres))
    old_on_new = scaling.apply(before.scaling.restore(before.centres))
    distances = np.sqrt(measure_distances(new_on_old, before.centres))
    backwards = np.sqrt(measure_distances(centres, old_on_new))
    old_reach, new_reach = find_reach(before.centres), find_reach(centres)
    matched: list[int | None] = [None] * len(centres)
    for new, old in zip(*linear_sum_assignment(distances), strict=True):
        if distances[new, old] < old_reach[old] and backwards[new, old] < new_reach[new]:
            matched[new] = int(old)
    return matched


def find_reach(centres: np.ndarray) -> np.ndarray:
    """float64 [centres]: how far the nearest other one is."""
    between = np.sqrt(measure_distances(centres, centres))
    np.fill_diagonal(between, np.inf)
    return between.min(axis=1)
