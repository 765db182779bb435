"""Intervals: as often right as they say, the same for the same seed, the paired one narrower than either's
own.
"""

import numpy as np
import pytest

from models.evaluation import bootstrap_interval, bootstrap_intervals


def test_the_interval_holds_the_mean_as_often_as_it_says():
    """200 samples of 80 from a uniform distribution of mean 0.5: a 90 % interval misses it in 20, give or
    take 13 (3 sd).
    """
    generator = np.random.default_rng(5)
    missed = 0
    for n in range(200):
        _, low, high = bootstrap_interval(generator.random(80), seed=n, draws=200, level=0.9)
        missed += not low <= 0.5 <= high
    assert 7 <= missed <= 33


def test_the_interval_leaves_nan_out():
    assert bootstrap_interval(np.array([1.0, np.nan, 1.0])) == (1.0, 1.0, 1.0)
    assert np.isnan(bootstrap_interval(np.array([np.nan]))[0])
    assert np.isnan(bootstrap_interval(np.array([]))).all()


def test_columns_are_what_each_is_alone():
    """Means are of those who count; the interval of a column that all count in is `interval`'s."""
    generator = np.random.default_rng(0)
    values = generator.random((40, 3))
    values[5:, 1] = np.nan
    values[:, 2] = np.nan
    found = bootstrap_intervals(values, seed=3)
    assert tuple(found[0]) == pytest.approx(bootstrap_interval(values[:, 0], seed=3))
    assert found[1, 0] == pytest.approx(values[:5, 1].mean())
    assert found[1, 1] < found[1, 0] < found[1, 2]
    assert np.isnan(found[2]).all()
    assert np.array_equal(found, bootstrap_intervals(values, seed=3), equal_nan=True)
    assert not np.array_equal(found, bootstrap_intervals(values, seed=4), equal_nan=True)


def test_a_paired_difference_is_surer_than_two_means():
    """A small, even advantage is lost between customers who differ much, and plain when each is compared with
    themselves.
    """
    base = np.random.default_rng(1).random(300)
    better = base + 0.01
    assert bootstrap_interval(better)[1] < bootstrap_interval(base)[2]
    lift, low, high = bootstrap_interval(better - base)
    assert (lift, low, high) == pytest.approx((0.01, 0.01, 0.01))
