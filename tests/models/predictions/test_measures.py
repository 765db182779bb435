"""Measures and calibration against scikit-learn and figures worked out by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from models.predictions.calibration import (
    IDENTITY,
    Calibration,
    choose_calibration,
    fit_isotonic,
    fit_platt,
    fit_scale,
    logit,
    sigmoid,
)
from models.predictions.measures import (
    compute_auc,
    compute_brier,
    compute_deviance,
    compute_ece,
    compute_top_share,
    list_deciles,
    measure_with_intervals,
)

PAIRS = st.lists(st.tuples(st.integers(0, 10), st.booleans()), min_size=2, max_size=40).filter(
    lambda pairs: len({came for _, came in pairs}) == 2
)


@settings(max_examples=60, deadline=None)
@given(PAIRS)
def test_area_and_brier_are_scikit_learns(pairs):
    scores, outcomes = (np.array(column, float) for column in zip(*pairs, strict=True))
    assert compute_auc(scores, outcomes) == pytest.approx(metrics.roc_auc_score(outcomes, scores))
    assert compute_brier(scores / 10, outcomes) == pytest.approx(
        metrics.brier_score_loss(outcomes, scores / 10)
    )


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 90), st.integers(0, 90)), min_size=1, max_size=30))
def test_deviance_is_scikit_learns(pairs):
    amounts, spent = (np.array(column, float) for column in zip(*pairs, strict=True))
    assert compute_deviance(amounts, spent) == pytest.approx(
        metrics.mean_tweedie_deviance(spent, amounts, power=1.5), abs=1e-9
    )


def test_one_outcome_alone_has_no_area():
    assert np.isnan(compute_auc(np.array([0.1, 0.2]), np.ones(2)))


def test_calibration_error_by_hand():
    """Ten bins of two: five are right, five said .2 where half came."""
    predicted = np.repeat([0.2, 0.5], 10)
    outcomes = np.tile([1.0, 0.0], 10)
    assert compute_ece(predicted, outcomes) == pytest.approx((10 * 0.3 + 10 * 0.0) / 20)


def test_the_highest_tenth_spent_its_share():
    amounts, spent = np.arange(20.0), np.ones(20)
    spent[19], spent[18] = 30.0, 10.0
    assert compute_top_share(amounts, spent) == pytest.approx(40 / 58)


def test_tenths_hold_mean_prediction_and_mean_outcome():
    predicted = np.arange(20) / 20
    deciles = list_deciles(predicted, (predicted >= 0.5).astype(float))
    assert [row["came"] for row in deciles] == [0.0] * 5 + [1.0] * 5
    assert deciles[0] == {"n": 2, "predicted": pytest.approx(0.025), "came": 0.0}


def test_what_beats_another_has_an_interval_above_zero_and_equals_have_none():
    generator = np.random.default_rng(0)
    outcomes = (generator.random(600) < 0.4).astype(float)
    good, noise = outcomes + generator.normal(0, 1, 600), generator.random(600)
    figures = measure_with_intervals(
        {"model": good, "rfm": noise, "same": good}, outcomes, {"auc": compute_auc}, 1
    )
    assert figures["model"]["auc"][0] == pytest.approx(metrics.roc_auc_score(outcomes, good))
    value, low, high = figures["over rfm"]["auc"]
    assert value == pytest.approx(figures["model"]["auc"][0] - figures["rfm"]["auc"][0]) and 0.1 < low < high
    assert figures["over same"]["auc"] == [0.0, 0.0, 0.0]


@pytest.fixture(scope="module")
def overconfident():
    """Scores whose true log-odds are half of what they say, less .5."""
    generator = np.random.default_rng(5)
    scores = sigmoid(generator.normal(0, 2, 4000))
    return scores, (generator.random(4000) < sigmoid(0.5 * logit(scores) - 0.5)).astype(float)


def test_platt_finds_the_slope_and_the_level(overconfident):
    fitted = fit_platt(*overconfident)
    assert fitted.xs[0] == pytest.approx(0.5, abs=0.05) and fitted.ys[0] == pytest.approx(-0.5, abs=0.08)


def test_the_chosen_calibration_repairs_the_error_and_keeps_the_order(overconfident):
    scores, outcomes = overconfident
    half = np.arange(4000) < 2000
    chosen = choose_calibration(scores[half], outcomes[half], seed=1)
    repaired = chosen.apply(scores[~half])
    assert compute_ece(scores[~half], outcomes[~half]) > 0.12 > 0.05 > compute_ece(repaired, outcomes[~half])
    assert np.all(np.diff(chosen.apply(np.linspace(0, 1, 101))) >= 0)


def test_isotonic_steps_are_means_of_their_neighbours():
    fitted = fit_isotonic(np.array([0.1, 0.2, 0.3, 0.4]), np.array([0.0, 1.0, 0.0, 1.0]))
    assert fitted.apply(np.array([0.0, 0.2, 0.3, 0.9])).tolist() == [0.0, 0.5, 0.5, 1.0]


def test_too_few_outcomes_calibrate_nothing():
    scores, outcomes = np.linspace(0.1, 0.9, 200), np.zeros(200)
    outcomes[:49] = 1
    assert choose_calibration(scores, outcomes, 1) == Calibration(IDENTITY)


def test_amounts_are_scaled_to_what_was_spent():
    assert fit_scale(np.array([1.0, 3.0]), np.array([0.0, 8.0])).apply(np.array([5.0])).tolist() == [10.0]
    assert fit_scale(np.array([1.0]), np.array([0.0])).apply(np.array([5.0])).tolist() == [5.0]
