"""Fold-in: the minimum it promises, and the same place as training gives."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.contracts import snapshot
from models.evaluation import fold_in as measured
from models.factor_space import FactorSpace, fold_in_customer
from models.recommenders import build_recommender
from models.time_split import build_holdout_case
from models.training_data import KIND_WEIGHTS, PURCHASE, Behaviour, Customers


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
    found = fold_in_customer(factors[own], weights, factors.T @ factors, 4.0, 0.5)
    least = cost(found, factors, weights, own, 4.0, 0.5)
    for step in np.vstack([np.eye(3), -np.eye(3), generator.normal(size=(4, 3))]) * 1e-3:
        assert cost(found + step, factors, weights, own, 4.0, 0.5) > least


def test_somebody_without_events_has_no_direction():
    assert not fold_in_customer(np.zeros((0, 3)), np.zeros(0), np.eye(3), 4.0, 0.5).any()


def test_an_event_a_half_life_ago_counts_half_and_an_item_twice_counts_twice():
    space = FactorSpace(np.array([[1.0], [0.0]]), np.array([[1.0]]), 10.0, 1.0, 30.0, KIND_WEIGHTS)
    assert space.weigh_events(np.array([2, 2, 0]), np.array([0, 30, 0])).tolist() == [1.0, 0.5, 0.2]
    # (gram 1 + 10 × 1.5 + 1) x = 1 + 10 × 1.5
    assert space.fold_in(np.array([0, 0]), np.array([1.0, 0.5])) == pytest.approx([16 / 17])


def test_the_service_places_a_customer_where_training_does(checkerboard):
    fitted = build_recommender("als", {"components": 4}).fit(checkerboard, seed=3)
    behaviour, space = checkerboard.behaviour, fitted.build_factor_space()
    placed = fitted.fold_in(Customers.from_training(checkerboard, np.arange(40)))
    for customer in (0, 7, 39):
        own = behaviour.where(behaviour.customer == customer)
        weights = space.weigh_events(np.full(len(own), PURCHASE), behaviour.until - 1 - own.day)
        assert np.allclose(space.fold_in(own.item, weights), placed[customer], atol=1e-9)


def test_arrivals_keep_their_last_events_and_nobody_arrives_twice():
    """Customers 0 to 5 did 30 things each, one a day; two a cohort keep the last 1 and 2, 3 and
    4, 6 and 7.
    """
    day = np.tile(np.arange(30, dtype=np.int32), 7)
    customer = np.repeat(np.arange(7, dtype=np.int32), 30)
    behaviour = Behaviour(7, 30, customer, day, day, np.full(210, PURCHASE, np.int8), until=30)
    short = measured.shorten_histories(behaviour, [np.array([0, 1]), np.array([2, 3]), np.array([4, 5])])
    held = [sorted(short.day[short.customer == one].tolist()) for one in range(7)]
    assert held[:6] == [list(range(30 - n, 30)) for n in (1, 2, 3, 4, 6, 7)]
    assert len(held[6]) == 30, "who does not arrive keeps everything"


def test_a_report_says_what_fold_in_is_worth(checkerboard):
    """Cut on day 22: who arrives is known by their colour: fold-in is worth about what training is, and more
    than popularity.
    """
    before, after = checkerboard.behaviour.before(22), checkerboard.behaviour.since(22)
    test = build_holdout_case(before, after, np.ones(20, bool))
    cohorts = measured.draw_cohorts(test, seed=1)
    assert len(np.unique(np.concatenate(cohorts))) == sum(map(len, cohorts)) > 20
    assert all(
        np.array_equal(a, b) for a, b in zip(cohorts, measured.draw_cohorts(test, seed=1), strict=True)
    )
    trained, without = measured.split_training(checkerboard.before(22), cohorts)
    assert not np.isin(without.behaviour.customer, np.concatenate(cohorts)).any()
    fits = [
        build_recommender("als", {"components": 4}).fit(training, seed=0) for training in (trained, without)
    ]
    rows = measured.evaluate_fold_in(test, np.ones(20, bool), cohorts, trained, *fits)
    assert [(row["fewest"], row["most"]) for row in rows] == list(measured.COHORTS)
    for row in rows:
        assert row["cosine"] > 0.9
        assert 0.8 < row["trust"] <= 1.0
        expected = min(1.0, row["quality"]["folded_in"] / row["quality"]["retrained"])
        assert row["trust"] == pytest.approx(expected, abs=1e-3)
    blind = build_recommender("als", {"components": 4}).fit(checkerboard.before(22), seed=0)
    # the colours mixed up
    blind.item_factors = blind.item_factors[np.arange(20) * 2 % 20 + np.arange(20) // 10]
    astray = measured.evaluate_fold_in(test, np.ones(20, bool), cohorts, trained, fits[0], blind)
    assert all(row["trust"] < 0.8 for row in astray), "negative control"


def test_trust_goes_by_the_number_of_events():
    held = snapshot.FoldInFactors("m/1", (), 1, b"", b"", 1.0, 1.0, 1.0, (), ((2, 0.5), (5, 0.75), (20, 0.9)))
    assert [held.trust_in(n) for n in (0, 1, 2, 3, 5, 6, 20, 400)] == [
        0.0,
        0.5,
        0.5,
        0.75,
        0.75,
        0.9,
        0.9,
        0.9,
    ]
    assert held._replace(trust=()).trust_in(3) == 0.0, "what was not measured is not trusted"
