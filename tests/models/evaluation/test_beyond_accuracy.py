"""Novelty, diversity, serendipity, calibration and Gini, each against its definition written out item by
item.
"""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from models.evaluation.beyond_accuracy import (
    SMOOTHING,
    ItemFacts,
    compute_beyond_accuracy_metrics,
    compute_divergence,
    compute_gini,
)
from models.training_data import Behaviour, Training


def training(item_features, category=None):
    nothing = np.zeros(0, np.int32)
    behaviour = Behaviour(1, len(item_features), nothing, nothing, nothing, nothing.astype(np.int8), until=1)
    features = sparse.csr_matrix(np.array(item_features, np.float32))
    return Training(behaviour, sparse.csr_matrix((1, 0)), features, category=category)


def csr(cells):
    return sparse.csr_matrix(np.array(cells, bool))


def test_a_list_by_hand():
    """Items 0 and 1 are of category 0, 2 and 3 of category 1; the customer had 0, 1 and 2, is shown 1, 2 and
    3, and wants 3.
    """
    facts = ItemFacts.build(
        np.array([0.5, 0.25, 0.125, 0.125]),
        training([[1, 1, 0], [1, 0, 0], [0, 1, 1], [0, 0, 1]], np.array([0, 0, 1, 1], np.int32)),
        k=2,
    )
    assert facts.famous.tolist() == [True, True, False, False]
    wanted = np.array([[False, True, False, True]])
    found = compute_beyond_accuracy_metrics(np.array([[1, 2, 3]]), wanted, csr([[1, 1, 1, 0]]), facts)
    assert found["novelty"][0] == pytest.approx((2 + 3 + 3) / 3)
    assert found["serendipity"][0] == pytest.approx(1 / 3)  # item 1 is wanted too, and famous
    alike = (0 + 0 + 1 / math.sqrt(2)) / 3  # 1 and 2, 1 and 3 share nothing, 2 and 3 one of two
    assert found["diversity"][0] == pytest.approx(1 - alike)
    past, shown = {0: 2 / 3, 1: 1 / 3}, {0: 1 / 3, 1: 2 / 3}
    expected = sum(
        p * math.log(p / ((1 - SMOOTHING) * shown[kind] + SMOOTHING * p)) for kind, p in past.items()
    )
    assert found["miscalibration"][0] == pytest.approx(expected)


def test_what_is_not_defined_is_nan():
    """One item has no pair; an empty list has nothing; items without attributes say nothing of likeness or
    kinds.
    """
    facts = ItemFacts.build(np.full(3, 0.5), training([[1], [1], [0]]))
    one, empty = np.array([[0, -1]]), np.array([[-1, -1]])
    wanted, seen = np.zeros((1, 3), bool), csr([[1, 0, 0]])
    assert np.isnan(compute_beyond_accuracy_metrics(one, wanted, seen, facts)["diversity"][0])
    assert compute_beyond_accuracy_metrics(one, wanted, seen, facts)["miscalibration"][0] == pytest.approx(
        0.0
    )
    assert all(
        np.isnan(values[0]) for values in compute_beyond_accuracy_metrics(empty, wanted, seen, facts).values()
    )
    bare = compute_beyond_accuracy_metrics(np.array([[0, 1]]), wanted, seen, ItemFacts.build(np.full(3, 0.5)))
    assert (
        np.isnan(bare["diversity"][0]) and np.isnan(bare["miscalibration"][0]) and bare["novelty"][0] == 1.0
    )


@settings(max_examples=40)
@given(st.integers(0, 10_000))
def test_diversity_equals_all_pairs(seed):
    generator = np.random.default_rng(seed)
    features = generator.random((9, 6)) < 0.4
    facts = ItemFacts.build(np.full(9, 0.5), training(features))
    listed = np.stack([generator.permutation(9)[:5] for _ in range(4)])
    found = compute_beyond_accuracy_metrics(
        listed, np.zeros((4, 9), bool), csr(features[:4] @ np.ones((6, 9)) > 0), facts
    )["diversity"]
    if not features.any():
        return
    direction = features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12)
    for row, items in enumerate(listed):
        pairs = [direction[a] @ direction[b] for n, a in enumerate(items) for b in items[n + 1 :]]
        assert found[row] == pytest.approx(1 - np.mean(pairs))


@settings(max_examples=40)
@given(st.integers(0, 10_000))
def test_a_divergence_is_never_below_nought_and_nought_for_the_same_mix(seed):
    generator = np.random.default_rng(seed)
    past, shown = generator.random((3, 5)) * (generator.random((3, 5)) < 0.7), generator.random((3, 5))
    found = compute_divergence(sparse.csr_matrix(past), sparse.csr_matrix(shown))
    assert ((found >= -1e-12) | np.isnan(found)).all()
    assert compute_divergence(sparse.csr_matrix(shown), sparse.csr_matrix(shown * 7)) == pytest.approx(0.0)


def test_gini():
    """By the mean difference of all pairs; nought when even, (n - 1) / n when one has everything."""
    shown = np.array([3, 0, 5, 2])
    pairs = np.abs(shown[:, None] - shown[None, :]).mean()
    assert compute_gini(shown) == pytest.approx(pairs / (2 * shown.mean()))
    assert compute_gini(np.array([4, 4, 4])) == pytest.approx(0.0)
    assert compute_gini(np.array([0, 0, 0, 9])) == pytest.approx(3 / 4)
    assert np.isnan(compute_gini(np.zeros(3, int)))


def test_attributes_stand_in_for_categories():
    facts = ItemFacts.build(np.full(2, 0.5), training([[1, 1], [0, 1]]))
    assert facts.mix.toarray().tolist() == [[0.5, 0.5], [0.0, 1.0]]
    named = ItemFacts.build(np.full(2, 0.5), training([[1, 1], [0, 1]], np.array([-1, 0], np.int32)))
    assert named.mix.toarray().tolist() == [[0.0], [1.0]]
