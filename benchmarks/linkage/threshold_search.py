"""Clustering thresholds chosen on labelled people: of every combination the best sum of both F1."""

from itertools import product

import numpy as np

from benchmarks.linkage.cluster_metrics import score_b_cubed, score_pairwise
from spark_jobs.linkage.cluster import ClusterThresholds, cluster_records

GRID = {"absent": (-1.0, -2.0), "join": (-0.5, 0.0, 0.5, 1.0), "attach": (0.0, 1.0)}


def list_thresholds() -> list[ClusterThresholds]:
    return [ClusterThresholds(**dict(zip(GRID, values, strict=True))) for values in product(*GRID.values())]


def select_thresholds(
    clusterings: dict[ClusterThresholds, np.ndarray], person: np.ndarray, labelled: np.ndarray
) -> ClusterThresholds:
    """The thresholds whose clusters are best on the labelled records; of equals, the first of the grid."""
    return max(
        clusterings,
        key=lambda t: sum(f(clusterings[t], person, labelled)["f1"] for f in (score_pairwise, score_b_cubed)),
    )


def cluster_by_thresholds(
    left: np.ndarray, right: np.ndarray, score: np.ndarray, n: int
) -> dict[ClusterThresholds, np.ndarray]:
    """Clusters under every combination of the grid (about 1 s each for 50,000 records)."""
    return {limits: cluster_records(left, right, score, n, limits) for limits in list_thresholds()}
