"""Placing a customer: the minimum it promises, and the same place as training gives."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.base import KIND_WEIGHTS, PURCHASE, Customers
from models.inference import FactorSpace, fold_in
from models.recommenders import make


def cost(x, factors, weights, own, confidence, regularisation):
    """The sum that is minimised, over every item, one by one."""
    held = dict(zip(own, weights, strict=True))
    total = regularisation * (x @ x)
    for item, factor in enumerate(factors):
        p, c = (1.0, 1.0 + confidence * held[item]) if item in held else (0.0, 1.0)
        total += c * (p - x @ factor) ** 2
    return total


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 6))
def test_no_vector_near_it_costs_less(seed, n_own):
    generator = np.random.default_rng(seed)
    factors = generator.normal(size=(9, 3))
    own = generator.choice(9, n_own, replace=False)
    weights = generator.uniform(0.1, 2.0, n_own)
    found = fold_in(factors[own], weights, factors.T @ factors, 4.0, 0.5)
    least = cost(found, factors, weights, own, 4.0, 0.5)
    for step in np.vstack([np.eye(3), -np.eye(3), generator.normal(size=(4, 3))]) * 1e-3:
        assert cost(found + step, factors, weights, own, 4.0, 0.5) > least


def test_somebody_without_events_has_no_direction():
    assert not fold_in(np.zeros((0, 3)), np.zeros(0), np.eye(3), 4.0, 0.5).any()


def test_an_event_a_half_life_ago_counts_half_and_an_item_twice_counts_twice():
    space = FactorSpace(np.array([[1.0], [0.0]]), np.array([[1.0]]), 10.0, 1.0, 30.0, KIND_WEIGHTS)
    assert space.weights(np.array([2, 2, 0]), np.array([0, 30, 0])).tolist() == [1.0, 0.5, 0.2]
    # (gram 1 + 10 × 1.5 + 1) x = 1 + 10 × 1.5
    assert space.place(np.array([0, 0]), np.array([1.0, 0.5])) == pytest.approx([16 / 17])


def test_the_service_places_a_customer_where_training_does(checkerboard):
    fitted = make("als", {"components": 4}).fit(checkerboard, seed=3)
    behaviour, space = checkerboard.behaviour, fitted.space()
    placed = fitted.place(Customers.of(checkerboard, np.arange(40)))
    for customer in (0, 7, 39):
        own = behaviour.where(behaviour.customer == customer)
        weights = space.weights(np.full(len(own), PURCHASE), behaviour.until - 1 - own.day)
        assert np.allclose(space.place(own.item, weights), placed[customer], atol=1e-9)
