"""Contributions add up to the score; evidence is the customer's own and the strongest, against a plain
reading.
"""

import numpy as np
import pytest

from models.blending.explain import HALF_LIFE_DAYS, explain_scores, find_reason_items
from models.recommenders import build_blend, build_recommender
from models.training_data import Customers
from tests.models.conftest import training

CONFIGURATION = {
    "parts": {"item_knn": {}, "own_history": {}, "popularity": {}},
    "ranker": {"windows": 2, "rounds": 10, "leaves": 7, "seeds": 2},
}


@pytest.fixture(scope="module")
def blend(shop):
    return build_blend(CONFIGURATION).fit(shop, 1)


def test_contributions_add_up_to_the_score(shop, blend):
    customers = Customers.from_training(shop, np.arange(6))
    found = explain_scores(blend, customers)
    assert {"item_knn", "own_history", "popularity", "pair", "item", "customer", "base"} <= set(
        found.by_group
    )
    total = np.sum(list(found.by_group.values()), axis=0)
    assert total == pytest.approx(found.score, abs=1e-9)
    at, scores = blend.score_candidates(customers)
    assert found.item.tolist() == at.item.tolist()
    assert found.score == pytest.approx(scores, abs=1e-6)
    # Negative control: without one group that says something they do not.
    assert total - found.by_group["pair"] != pytest.approx(found.score, abs=1e-3)


def plain(part, behaviour, row, item, until):
    """(item, day) that speaks most for an item, by going through the customer's history."""
    own = behaviour.customer == row
    last = {}
    for held, day in zip(behaviour.item[own], behaviour.day[own], strict=True):
        last[int(held)] = max(int(day), last.get(int(held), -1))
    if item in last:
        return item, last[item]
    likeness = part.likeness_matrix.toarray()
    worth = {
        held: likeness[held, item] * 0.5 ** ((until - 1 - day) / HALF_LIFE_DAYS) for held, day in last.items()
    }
    best = max(sorted(worth), key=lambda held: worth[held])
    return (best, last[best]) if worth[best] > 0 else (-1, -1)


@pytest.mark.parametrize("name", ["item_knn", "transitions", "rp3beta", "content"])
def test_evidence_is_the_strongest_of_the_customers_own(shop, name):
    past = shop.before(12)  # few days, so that most items are new to everybody
    part = build_recommender(name).fit(past, 1)
    customers = np.array([3, 10, 41, 59])
    items = np.tile(np.append(np.arange(29), -1), (4, 1))
    because, day = find_reason_items(
        [build_recommender("popularity"), part], Customers.from_training(past, customers), items
    )
    own = past.behaviour.select_customers(customers)
    assert (because[:, -1] == -1).all() and (day[:, -1] == -1).all()
    for row in range(4):
        for place in range(29):
            assert (because[row, place], day[row, place]) == plain(part, own, row, place, 12), (
                f"{row} {place}"
            )


def test_who_did_nothing_has_no_evidence():
    past = training([(0, 0, 0), (0, 1, 1)], 2, 3)
    part = build_recommender("item_knn").fit(past, 1)
    because, day = find_reason_items(
        [part], Customers.from_training(past, np.array([1])), np.array([[0, 1, 2]])
    )
    assert (because == -1).all() and (day == -1).all()


def test_without_a_part_that_compares_only_repeats_have_evidence(shop):
    because, day = find_reason_items(
        [build_recommender("popularity")],
        Customers.from_training(shop.before(4), np.array([0])),
        np.arange(30)[None],
    )
    held = shop.before(4).behaviour.select_customers(np.array([0]))
    assert set(because[because >= 0].tolist()) == set(held.item.tolist())
    assert (because[0, held.item] == held.item).all() and (day[because >= 0] >= 0).all()
