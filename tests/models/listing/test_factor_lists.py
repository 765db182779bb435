"""Lists by factors alone, against the rules read item by item over the whole matrix of scores."""

from dataclasses import replace

import numpy as np
import pytest

from models.listing import lists
from models.listing.factor_lists import VectorListBuilder
from models.listing.retrieval import ItemIndex, build_item_index
from models.recommenders import build_recommender
from models.training_data import Customers


@pytest.fixture(scope="module")
def part(checkerboard):
    return build_recommender("lightfm", {"components": 6, "epochs": 10}).fit(checkerboard, seed=2)


def plain(scores, bought, allowed, consumable, n):
    """A customer's list: no forbidden item, repeats only of consumables and at most half of it, nothing below
    an average item.
    """
    shown = [i for i in range(len(scores)) if allowed[i]]
    top, floor = max(scores[i] for i in shown), scores.mean()
    share = {i: round(float((scores[i] - floor) / (top - floor)), lists.DECIMALS) for i in shown}
    order = sorted((i for i in shown if share[i] > 0), key=lambda i: (-share[i], i))
    fresh = [i for i in order if not bought[i]][:n]
    repeats = [i for i in order if bought[i] and consumable[i]][: n // 2]
    held = sorted(fresh + repeats, key=lambda i: (-share[i], i))[:n]
    return held, [share[i] for i in held]


@pytest.mark.parametrize("n", [4, 7, 100])
@pytest.mark.parametrize("shown", ["most", "few"])
def test_lists_follow_the_rules(part, checkerboard, n, shown):
    allowed, consumable = (
        np.arange(20) % 5 != 0 if shown == "most" else np.isin(np.arange(20), [3, 8]),
        np.arange(20) % 3 == 0,
    )
    customers = Customers.from_training(checkerboard, np.arange(40))
    found = VectorListBuilder.from_recommender(part, allowed).lists(
        part.vectors(customers), customers, consumable, n
    )
    scores, bought = part.score(customers).astype(np.float64), checkerboard.behaviour.matrix().toarray() > 0
    for row in range(40):
        held, shares = plain(scores[row], bought[row], allowed, consumable, n)
        assert found.items[row][found.items[row] >= 0].tolist() == held
        np.testing.assert_allclose(found.scores[row][: len(held)], shares, atol=2e-6)
        assert (found.sources[row] == 1).all() and found.names == ("lightfm",)


def test_where_nothing_may_be_shown_lists_are_empty(part, checkerboard):
    customers = Customers.from_training(checkerboard, np.arange(3))
    found = VectorListBuilder.from_recommender(part, np.zeros(20, bool)).lists(
        part.vectors(customers), customers, np.ones(20, bool)
    )
    assert not (found.items >= 0).any()


def test_with_an_index_that_looks_everywhere_the_lists_are_nearly_the_same(part, checkerboard):
    customers, allowed = Customers.from_training(checkerboard, np.arange(40)), np.arange(20) != 7
    vectors, exact = part.vectors(customers), VectorListBuilder.from_recommender(part, allowed)
    index = build_item_index(exact.item_vectors, vectors, n=5)
    near = replace(exact, index=ItemIndex(index.packed, 1_000, 1.0))
    found, wanted = (one.lists(vectors, customers, np.ones(20, bool), 5) for one in (near, exact))
    assert (np.sort(found.items, axis=1) == np.sort(wanted.items, axis=1)).mean() > 0.98
    assert not (found.items == 7).any()
