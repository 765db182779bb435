"""Metrics of clusters equal their definitions."""

import numpy as np
import pytest

from benchmarks.linkage.cluster_metrics import (
    compute_adjusted_rand_index,
    measure_calibration_error,
    score_b_cubed,
    score_pairwise,
)


def brute(p, t, w):
    n, both, found, true = len(p), 0.0, 0.0, 0.0
    for i in range(n):
        for j in range(i + 1, n):
            share = (w[i] + w[j]) / 2
            found += share * (p[i] == p[j])
            true += share * (t[i] == t[j])
            both += share * (p[i] == p[j]) * (t[i] == t[j])
    precision = np.mean([np.mean(t[p == p[i]] == t[i]) for i in range(n) if w[i]])
    recall = np.mean([np.mean(p[t == t[i]] == p[i]) for i in range(n) if w[i]])
    return both / found, both / true, precision, recall


def test_figures_equal_the_definition():
    rng = np.random.default_rng(0)
    p, t, w = rng.integers(0, 9, 40), rng.integers(0, 8, 40), rng.integers(0, 2, 40)
    a, b = score_pairwise(p, t, w), score_b_cubed(p, t, w)
    assert [a["precision"], a["recall"], b["precision"], b["recall"]] == pytest.approx(brute(p, t, w))
    assert compute_adjusted_rand_index(p, p[::-1][::-1]) == 1.0
    assert compute_adjusted_rand_index(np.zeros(40), t) == pytest.approx(0)


def test_calibration_error_of_one_bin_is_the_gap_of_means():
    assert measure_calibration_error(np.array([0.52, 0.58]), np.array([True, False]), 10) == pytest.approx(
        0.05
    )
