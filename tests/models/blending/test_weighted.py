"""A blend's scores by hand: brought to 0…1, raised, weighed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.blending.score_scale import normalise_scores
from models.blending.weighted import WeightedBlend
from models.evaluation import EvaluationOptions, evaluate_lists, evaluate_scores
from models.recommenders import build_blend, build_recommender
from models.time_split import build_holdout_case
from models.training_data import Customers

SCORES = st.lists(
    st.lists(st.sampled_from([-np.inf, -2.0, -1.0, 0.0, 0.5, 1.0, 4.0]), min_size=4, max_size=4),
    min_size=1,
    max_size=4,
)


@settings(max_examples=100, deadline=None)
@given(SCORES)
def test_unit_is_its_definition(rows):
    """Of each row: the best is 1, nought is 0, and below nought the mean of what is finite takes
    its place.
    """
    found = normalise_scores(np.array(rows, np.float32))
    for row, shares in zip(rows, found, strict=True):
        held = [score for score in row if np.isfinite(score)]
        floor = sum(held) / len(held) if held and min(held) < 0 else 0.0
        top = max(held, default=0.0)
        expected = [
            max((score - floor) / (top - floor), 0.0) if np.isfinite(score) and top > floor else 0.0
            for score in row
        ]
        assert shares.tolist() == pytest.approx(expected, abs=1e-6)


def test_a_power_lifts_what_stands_further_down():
    scores = np.array([[4.0, 1.0, -np.inf]], np.float32)
    assert WeightedBlend().normalise(scores).tolist() == [[1.0, 0.25, 0.0]]
    assert WeightedBlend(power=0.5).normalise(scores).tolist() == [[1.0, 0.5, 0.0]]


def test_a_configuration_names_the_power_or_none():
    configuration = {"parts": {}, "weights": {"popularity": 1.0}}
    assert build_blend(configuration).power == 1.0
    assert build_blend({**configuration, "power": 0.5}).power == 0.5


def test_two_of_a_kind_stand_in_one_blend_under_names_of_their_own(checkerboard):
    """Each keeps its parameters, its weight and its arrays; restored, the blend scores the same."""
    configuration = {
        "parts": {"item_knn": {"half_life_days": 2.0}, "item_knn:wide": {"half_life_days": 200.0}},
        "weights": {"item_knn": 1.0, "item_knn:wide": 0.25},
    }
    fitted = build_blend(configuration).fit(checkerboard, 0)
    assert [part.half_life_days for part in fitted.parts] == [2.0, 200.0]
    customers = Customers.from_training(checkerboard, np.arange(40))
    narrow, wide = (normalise_scores(part.score(customers)) for part in fitted.parts)
    whole = fitted.score(customers)
    assert np.where(np.isfinite(whole), whole, 0.0) == pytest.approx(narrow + 0.25 * wide)
    again = build_blend(configuration).restore(fitted.arrays())
    assert np.array_equal(again.score(customers), whole)


def test_a_profile_may_fade_faster_than_what_was_learned(checkerboard):
    customers = Customers.from_training(checkerboard, np.array([0]))
    both = build_recommender("ease", {"half_life_days": 50.0}).fit(checkerboard, 0)
    apart = build_recommender("ease", {"half_life_days": 50.0, "profile_half_life_days": 1.0}).fit(
        checkerboard, 0
    )
    assert np.array_equal(both.weights, apart.weights)
    assert not np.array_equal(both.score(customers), apart.score(customers))


def test_lists_of_a_test_are_those_that_its_scores_give(shop):
    """Of the same customers, `list_test_items` and `measure` with the scores agree in every figure."""
    past = shop.before(52)
    allowed, consumable = np.arange(30) % 7 != 0, np.arange(30) % 2 == 0
    test = build_holdout_case(past.behaviour, shop.behaviour.since(52), allowed)
    parts = [build_recommender(name).fit(past, 1) for name in ("item_knn", "own_history")]
    blend = WeightedBlend(parts, {"item_knn": 1.0, "own_history": 0.5})
    customers = Customers.from_training(past, test.customers)
    excluded = test.seen.multiply(~consumable).tocsr()
    by_scores = evaluate_scores(blend.score(customers), test, allowed, EvaluationOptions(excluded=excluded))
    by_lists = evaluate_lists(
        blend.list_test_items(customers, allowed, consumable, 10), test, int(allowed.sum())
    )
    assert by_scores.lists == by_lists.lists
    for task, figures in by_scores.figures.items():
        for name, values in figures.items():
            np.testing.assert_array_equal(values, by_lists.figures[task][name])
