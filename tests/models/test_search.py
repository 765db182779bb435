"""A search as a list of trials: the order, who goes on, and what is refused for its size."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.data_shape import DataShape
from models.search import (
    Recipe,
    SearchRung,
    compute_mean_quality,
    estimate_trial_bytes,
    list_recipes,
    list_trials,
    list_validation_windows,
    select_promoted_recipes,
)
from models.time_split import split_into_windows

SPACE = {
    "popularity": [{}],
    "own_history": [{"half_life_days": 60}, {"half_life_days": 120}],
    "lightfm": [{"epochs": 12}],
}


def test_the_first_of_every_part_comes_first():
    assert [(recipe.part, dict(recipe.parameters)) for recipe in list_recipes(SPACE)] == [
        ("popularity", {}),
        ("own_history", {"half_life_days": 60}),
        ("lightfm", {"epochs": 12}),
        ("own_history", {"half_life_days": 120}),
    ]
    assert [recipe.place for recipe in list_recipes(SPACE)] == [0, 1, 2, 3]


@pytest.mark.parametrize("wrong", [{"no_such_part": [{}]}, {"own_history": [{"half_live_days": 60}]}])
def test_a_space_that_cannot_be_searched_is_refused_before_it_costs_anything(wrong):
    with pytest.raises(ValueError, match=r"no_such_part|half_live_days"):
        list_recipes(wrong)


def test_a_rung_asks_the_latest_window_first_and_shortens_epochs():
    found = list_trials(
        list_recipes(SPACE), SearchRung(windows=2, epochs_share=0.34, seeds=2), [(50, 57), (43, 50)], seed=7
    )
    told = [
        (one.recipe.part, one.seed, one.window, one.asked_from, one.parameters.get("epochs")) for one in found
    ]
    latest = [
        ("popularity", 7, 0, 50, None),
        ("own_history", 7, 0, 50, None),
        ("lightfm", 7, 0, 50, 4),
        ("own_history", 7, 0, 50, None),
    ]
    assert told[:5] == [*latest, ("lightfm", 8, 0, 50, 4)], (
        "a second seed for what is drawn, and for nothing else"
    )
    assert [one[2:4] for one in told[5:]] == [(1, 43)] * 5
    assert [one.is_weighed for one in found] == [True] * 4 + [False] * 6
    assert list_trials(list_recipes(SPACE), SearchRung(windows=3), [(50, 57)], seed=7)[-1].window == 0, (
        "history is too short for more"
    )


def test_windows_of_a_search_end_where_the_test_begins_and_leave_history_before():
    cut = split_into_windows(0, 45)  # seven days each: the test is 38 to 44, the days before it 31 to 37
    assert list_validation_windows(cut, 0, 9) == [(31, 38), (24, 31), (17, 24), (10, 17)]
    assert list_validation_windows(cut, 0, 2) == [(31, 38), (24, 31)]
    assert list_validation_windows(split_into_windows(0, 6), 0, 9) == [(4, 5), (3, 4), (2, 3), (1, 2)]


@given(first=st.integers(0, 100), days=st.integers(6, 800), most=st.integers(0, 12))
def test_no_window_of_a_search_touches_the_test(first, days, most):
    cut = split_into_windows(first, first + days)
    found = list_validation_windows(cut, first, most)
    assert all(until <= cut.test_from for _, until in found)
    assert all(later[0] == earlier[1] for later, earlier in pairwise(found)), "side by side"
    assert min(since for since, _ in found) > first


def test_the_better_half_of_each_part_goes_on():
    going = [Recipe(place, part, {}) for place, part in enumerate("abbbbab")]
    named = [Recipe(one.place, one.part, {"n": one.place}) for one in going]
    quality = {
        one.label: value for one, value in zip(named, (0.1, 0.5, 0.9, 0.5, 0.2, 0.0, 0.5), strict=True)
    }
    assert [one.place for one in select_promoted_recipes(named, quality, 0.5, 1)] == [0, 1, 2, 3], (
        "b: .9, then the first two of three with .5"
    )
    assert [one.place for one in select_promoted_recipes(named, quality, 0.0, 1)] == [0, 2]
    del quality[named[2].label]
    assert [one.place for one in select_promoted_recipes(named, quality, 0.0, 1)] == [0, 1], (
        "what was not judged does not go on"
    )


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 1)), min_size=1, max_size=20),
    st.floats(0, 1),
    st.integers(1, 3),
)
def test_whoever_goes_on_is_no_worse_than_whoever_does_not(drawn, keep, least):
    going = [Recipe(place, part, {"n": place}) for place, (part, _) in enumerate(drawn)]
    quality = {recipe.label: value for recipe, (_, value) in zip(going, drawn, strict=True)}
    kept = select_promoted_recipes(going, quality, keep, least)
    assert kept == [recipe for recipe in going if recipe in kept], "in the order of the space"
    for part in {part for part, _ in drawn}:
        stay = [quality[recipe.label] for recipe in kept if recipe.part == part]
        leave = [quality[recipe.label] for recipe in going if recipe.part == part and recipe not in kept]
        assert len(stay) >= min(least, len(stay) + len(leave))
        assert min(stay) >= max(leave, default=0.0)


def test_mean_quality_is_of_those_who_count():
    assert compute_mean_quality([np.array([1.0, np.nan, 0.0]), np.array([0.25, np.nan])]) == pytest.approx(
        (0.5 + 0.25) / 2
    )
    assert compute_mean_quality([np.array([np.nan])]) == 0.0


def test_the_size_of_a_trial_by_hand(checkerboard):
    entries = len(checkerboard.behaviour)
    scores = 4 * 4 * 10 * 20  # four float32 arrays of 10 customers × 20 items
    matrices = 6 * 16 * entries  # six sparse matrices of 16 bytes an entry

    def needed(part, **parameters):
        [recipe] = list_recipes({part: [parameters]})
        return estimate_trial_bytes(recipe, DataShape.from_training(checkerboard), 10)

    assert needed("own_history") == scores + matrices
    # Twice the five best of each of 20 items, 12 bytes each, and a block of all pairs with 8 bytes a cell.
    assert needed("item_knn", neighbours=5) == scores + matrices + 2 * 12 * 20 * 5 + 8 * 20 * 20
    # 40 customers and 20 items: three float32 a component.
    assert needed("lightfm", components=7) == scores + matrices + 3 * 4 * 7 * (40 + 20)
    # Dense float64 matrices of all pairs of the 20 items: the inverse and half of one, three.
    assert needed("ease") == scores + 1.5 * 8 * 20**2
    # And what follows what, all pairs of items, twice: 12 bytes each.
    assert needed("transition_ridge") == needed("ease") + 2 * 12 * 20**2
    assert needed("history_ridge") == scores + 3 * 8 * 20**2
