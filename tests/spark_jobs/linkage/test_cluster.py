"""Clusters hang on scores alone: pairs in any order, and contradictions that outvote a link."""

import numpy as np

from spark_jobs.linkage.cluster import ClusterThresholds, cluster_records


def test_clusters_do_not_see_the_order_of_pairs():
    rng, n = np.random.default_rng(3), 120
    left, right = np.triu_indices(n, 1)
    near = (left // 4 == right // 4) | (rng.random(len(left)) < 0.02)
    left, right = left[near], right[near]
    score = rng.normal(0, 4, len(left)) + 4 * (left // 4 == right // 4)
    mixed = np.random.default_rng(1).permutation(len(left))
    want = cluster_records(left, right, score, n, ClusterThresholds())
    assert np.array_equal(
        want, cluster_records(right[mixed], left[mixed], score[mixed], n, ClusterThresholds())
    )
    assert 1 < len(np.unique(want)) < n


def test_contradiction_outvotes_one_strong_link():
    left, right = np.array([0, 2, 0, 0, 1, 1]), np.array([1, 3, 2, 3, 2, 3])
    score = np.array([8.0, 8.0, 5.0, -6.0, -6.0, -6.0])
    assert cluster_records(left, right, score, 4, ClusterThresholds(floor=-9, small=1)).tolist() == [
        0,
        0,
        2,
        2,
    ]
    assert cluster_records(left, right, np.abs(score), 4, ClusterThresholds(floor=-9, small=1)).tolist() == [
        0,
        0,
        0,
        0,
    ]
