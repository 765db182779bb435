"""The neighbourhood of a pair does not depend on the order of pairs."""

import numpy as np

from benchmarks.linkage.labelled_training import build_neighbourhood_features


def test_neighbourhood_is_exact_in_any_order():
    rng, n = np.random.default_rng(3), 120
    left, right = np.triu_indices(n, 1)
    near = (left // 4 == right // 4) | (rng.random(len(left)) < 0.02)
    left, right = left[near], right[near]
    score = rng.normal(0, 4, len(left)) + 4 * (left // 4 == right // 4)
    mixed = np.random.default_rng(1).permutation(len(left))
    want = build_neighbourhood_features(left, right, score, n)
    assert np.array_equal(
        want[mixed], build_neighbourhood_features(left[mixed], right[mixed], score[mixed], n)
    )
