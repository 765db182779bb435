"""Clustering thresholds chosen on labelled people: of every combination the best sum of both F1."""

from itertools import product

import numpy as np

from benchmarks.linkage.cluster_metrics import b_cubed, pairwise
from spark_jobs.linkage.cluster import Thresholds, cluster

GRID = {"absent": (-1.0, -2.0), "join": (-0.5, 0.0, 0.5, 1.0), "attach": (0.0, 1.0)}


def list_thresholds() -> list[Thresholds]:
    return [Thresholds(**dict(zip(GRID, values, strict=True))) for values in product(*GRID.values())]


def select_thresholds(
    clusterings: dict[Thresholds, np.ndarray], person: np.ndarray, labelled: np.ndarray
) -> Thresholds:
    """The thresholds whose clusters are best on the labelled records; of equals, the first of the grid."""
    return max(
        clusterings, key=lambda t: sum(f(clusterings[t], person, labelled)["f1"] for f in (pairwise, b_cubed))
    )


def cluster_by_thresholds(
    left: np.ndarray, right: np.ndarray, score: np.ndarray, n: int
) -> dict[Thresholds, np.ndarray]:
    """Clusters under every combination of the grid (about 1 s each for 50,000 records)."""
    return {limits: cluster(left, right, score, n, limits) for limits in list_thresholds()}
