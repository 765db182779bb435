"""The fold-in of candidates against `FactorSpace`, and what steers of a visitor's events."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.factor_space import FactorSpace
from models.steering.events import TouchedItem, collect_touched_items
from models.steering.fold_in import FactorScorer
from models.steering.weights import KINDS, MOST_EVENTS
from models.training_data import KIND_WEIGHTS
from models.training_data import KINDS as TRAINED_KINDS


def build_space(n_items=40, n_components=12, seed=0):
    factors = np.random.default_rng(seed).normal(0, 0.3, (n_items, n_components)).astype(np.float32)
    wide = factors.astype(np.float64)
    return FactorSpace(factors, wide.T @ wide, 10.0, 15.0, 45.0, KIND_WEIGHTS)


@given(
    st.lists(st.integers(0, 39), unique=True, min_size=1, max_size=MOST_EVENTS),
    st.data(),
    st.sampled_from([0.25, 1.0]),
)
def test_candidates_score_as_in_the_factor_space(items, data, trust):
    space, items = build_space(), np.array(items)
    kinds = np.array([data.draw(st.integers(0, 2)) for _ in items])
    days = np.array([data.draw(st.floats(0, 3)) for _ in items])
    expected = space.score(space.fold_in(items, space.weigh_events(kinds, days))) * trust
    score = FactorScorer(space, [(MOST_EVENTS, trust)]).fold_in(items, kinds, days)
    assert score(np.arange(40)) == pytest.approx(expected, abs=2e-5)


def test_an_item_without_a_place_neither_counts_nor_scores():
    space, nothing = build_space(), np.zeros(2)
    scorer = FactorScorer(space, [(10, 1.0)])
    score = scorer.fold_in(np.array([3, -1]), nothing.astype(int), nothing)
    alone = scorer.fold_in(np.array([3]), nothing[:1].astype(int), nothing[:1])
    assert score(np.array([7, -1])).tolist() == pytest.approx([alone(np.array([7]))[0], 0.0])
    assert scorer.fold_in(np.array([-1]), nothing[:1].astype(int), nothing[:1]) is None


@pytest.mark.parametrize("trust", [[], [(2, 0.0), (5, 1.0)]])
def test_what_is_not_trusted_is_not_scored(trust):
    nothing = np.zeros(2)
    assert FactorScorer(build_space(), trust).fold_in(np.array([1, 2]), nothing.astype(int), nothing) is None


def test_of_more_events_than_were_measured_the_last_trust_counts():
    items, nothing = np.arange(9), np.zeros(9)
    scores = [
        FactorScorer(build_space(), [(2, 1.0), (5, trust)]).fold_in(items, nothing.astype(int), nothing)
        for trust in (0.5, 1.0)
    ]
    assert scores[0](items) == pytest.approx(scores[1](items) * 0.5)


def test_kinds_are_those_of_training():
    assert KINDS == TRAINED_KINDS


def test_an_item_is_touched_once_by_the_strongest_of_its_events():
    events = [("a", 0, 1.0), ("b", 0, 2.0), ("a", 2, 3.0), ("c", 1, 4.0), ("a", 0, 5.0)]
    assert collect_touched_items(events) == [
        TouchedItem("a", 2, 5.0),
        TouchedItem("c", 1, 4.0),
        TouchedItem("b", 0, 2.0),
    ]


def test_the_newest_items_alone_steer():
    touched = collect_touched_items([(n, 0, float(n)) for n in range(40)])
    assert [one.item for one in touched] == list(range(39, 39 - MOST_EVENTS, -1))
    assert collect_touched_items([]) == []
