"""The scoring of steered lists against a reader's own arithmetic."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.steering.scoring import EventLists, RelatedItems, relate_items, steer, weigh_places
from models.steering.weights import CohortWeights, SteeringWeights, find_most_events

HALF_LIFE = 2.0


def score_by_hand(base, events, weights):
    """Every candidate's score and the event that speaks most for it, item by item; what was touched gains
    nothing by the session, and is a candidate of the list alone.
    """
    scores, speaking, touched = {}, {}, {event.item for event in events}
    for place, item in enumerate(base):
        scores[item] = weights.base * (1 - np.log(1 + place) / np.log(1 + len(base)))
    for place, event in enumerate(events):
        for related, weight in (
            (event.neighbours, weights.neighbours[event.kind]),
            (event.transitions, weights.transitions[event.kind]),
        ):
            for item, share in zip(related.items.tolist(), related.weights.tolist(), strict=True):
                if weight and item not in touched:
                    gain = weight * 0.5 ** (place / HALF_LIFE) * share
                    scores[item] = scores.get(item, 0.0) + gain
                    speaking.setdefault(item, {}).setdefault(place, 0.0)
                    speaking[item][place] += gain
    return scores, speaking


@st.composite
def related_lists(draw):
    items = draw(st.lists(st.integers(0, 30), unique=True, max_size=8))
    weights = draw(st.lists(st.floats(0, 1), min_size=len(items), max_size=len(items)))
    return RelatedItems(np.array(items, np.int64), np.array(weights))


WEIGHTS = st.builds(
    CohortWeights,
    st.booleans(),
    st.just(10),
    st.floats(0, 5),
    st.tuples(*[st.floats(0, 5)] * 3),
    st.tuples(*[st.floats(0, 5)] * 3),
    st.just(0.0),
)
EVENTS = st.lists(
    st.builds(EventLists, st.integers(0, 2), related_lists(), related_lists(), st.integers(-1, 30)),
    max_size=5,
)


@given(st.lists(st.integers(0, 30), unique=True, max_size=12), EVENTS, WEIGHTS)
def test_scores_are_the_sums_and_the_order_is_theirs(base, events, weights):
    steered = steer(np.array(base, np.int64), events, weights, HALF_LIFE)
    expected, speaking = score_by_hand(base, events, weights)
    items = steered.items.tolist()
    assert sorted(items) == sorted(expected), "each candidate once, and nothing that no list holds"
    assert steered.scores.tolist() == pytest.approx([expected[item] for item in items])
    assert (np.diff(steered.scores) <= 0).all()
    for item, event in zip(items, steered.events.tolist(), strict=True):
        gains = speaking.get(item, {})
        if event < 0:
            assert not any(gains.values())
        else:
            assert gains[event] == pytest.approx(max(gains.values())) and gains[event] > 0


@given(st.lists(st.integers(0, 30), unique=True, min_size=1, max_size=12), EVENTS)
def test_without_a_weight_the_list_is_as_it_was(base, events):
    weights = CohortWeights(True, 10, 1.0, (0.0,) * 3, (0.0,) * 3, 0.0)
    steered = steer(np.array(base), events, weights, HALF_LIFE)
    assert steered.items.tolist() == base and set(steered.events.tolist()) == {-1}


@given(st.lists(st.integers(0, 30), unique=True, min_size=2, max_size=12), EVENTS, WEIGHTS)
def test_one_more_event_for_an_item_never_lowers_it(base, events, weights):
    item = base[-1]
    events = [event._replace(item=-1) for event in events]
    spoken_for = EventLists(0, RelatedItems(np.array([item]), np.array([1.0])))
    before = steer(np.array(base), events, weights, HALF_LIFE).items.tolist().index(item)
    after = steer(np.array(base), [*events, spoken_for], weights, HALF_LIFE).items.tolist().index(item)
    assert after <= before


def test_equal_scores_keep_the_place_in_the_list_then_the_number():
    weights = CohortWeights(False, 1, 0.0, (1.0,) * 3, (0.0,) * 3, 0.0)
    event = EventLists(0, RelatedItems(np.array([9, 4, 7]), np.array([1.0, 1.0, 1.0])))
    assert steer(np.array([8, 7]), [event], weights, HALF_LIFE).items.tolist() == [7, 4, 9, 8]


def test_factor_scores_are_added_by_their_weight():
    weights = CohortWeights(False, 1, 1.0, (0.0,) * 3, (0.0,) * 3, 2.0)
    steered = steer(np.array([5, 6]), [EventLists(0)], weights, HALF_LIFE, lambda items: items == 6)
    assert steered.items.tolist() == [6, 5]
    # the second of two places: 1 - ln 2 / ln 3 = 0.36907
    assert steered.scores.tolist() == pytest.approx([2.36907, 1.0], abs=1e-5)
    assert steered.events.tolist() == [-1, -1], "factors are made of all events: none speaks alone"


def test_what_was_touched_keeps_its_place_in_the_list_and_gains_nothing():
    weights = CohortWeights(False, 2, 1.0, (1.0,) * 3, (0.0,) * 3, 1.0)
    likes = RelatedItems(np.array([5, 6, 7, 9]), np.ones(4))  # an item's neighbours may name it itself
    events = [EventLists(0, likes, item=6), EventLists(0, likes, item=9)]
    steered = steer(np.array([5, 6, 8]), events, weights, HALF_LIFE, lambda items: np.full(len(items), 0.1))
    # two events: 1 + 1/2^(1/2). Of the list 6 holds the second place of three, 8 the third
    gained = 1 + 0.5**0.5 + 0.1
    expected = {5: 1 + gained, 7: gained, 6: 0.5, 8: 1 - np.log(3) / np.log(4) + 0.1}
    assert dict(zip(steered.items.tolist(), steered.scores.tolist(), strict=True)) == pytest.approx(expected)
    assert steered.items.tolist() == [5, 7, 6, 8], "9 stands in no list but the session's"
    assert steered.events.tolist() == [0, 0, -1, -1]


def test_places_weigh_less_by_the_logarithm():
    assert weigh_places(3).tolist() == pytest.approx([1.0, 0.5, 1 - np.log(3) / np.log(4)])
    assert weigh_places(0).tolist() == []


def test_related_weights_are_shares_of_the_best():
    related = relate_items([3, 1, 2], [0.5, 0.25, -1.0])
    assert related.items.tolist() == [3, 1, 2] and related.weights.tolist() == [1.0, 0.5, 0.0]
    assert relate_items([], []).weights.tolist() == []


@pytest.mark.parametrize(("n", "most"), [(0, None), (1, 1), (2, 2), (3, 5), (5, 5), (6, 10), (40, 10)])
def test_the_cohort_of_so_many_events(n, most):
    assert find_most_events(n) == most


def test_weights_come_back_from_their_rows():
    cohorts = (
        CohortWeights(True, 1, 1.5, (0.1, 0.2, 0.3), (0.4, 0.5, 0.6), 0.7),
        CohortWeights(False, 10, 1.0, (0.0,) * 3, (1.0,) * 3, 0.0),
    )
    weights = SteeringWeights(2.0, cohorts)
    assert SteeringWeights.from_rows(2.0, weights.as_rows()) == weights
    assert weights.find_cohort(1, True) is cohorts[0]
    assert weights.find_cohort(7, False) is cohorts[1]
    assert weights.find_cohort(1, False) is None and weights.find_cohort(0, True) is None
