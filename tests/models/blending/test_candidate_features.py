"""Columns of a shop of two customers and three items, worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest

from models.blending.candidate_features import FeatureInputs, build_feature_table
from models.blending.candidates import propose_candidates
from models.blending.item_facts import compute_item_facts
from models.training_data import KINDS, PURCHASE, Customers
from tests.models.conftest import training

INF = -np.inf
VIEW, CART = KINDS.index("view"), KINDS.index("cart")


@pytest.fixture(scope="module")
def found():
    past = training(
        [(0, 0, 0), (0, 0, 10), (0, 1, 10), (0, 2, 20), (1, 1, 70)],
        2,
        3,
        until=80,
        price=np.array([1.0, np.e, np.nan], np.float32),
        category=np.array([0, 0, 1], np.int32),
    )
    scores = {
        "plain": np.array([[4.0, 2.0, INF], [1.0, 3.0, 2.0]]),
        "signed": np.array([[-1.0, 1.0, 3.0], [0.0, 0.0, -3.0]]),
    }
    moment = FeatureInputs(Customers.from_training(past, np.array([0, 1])), compute_item_facts(past), scores)
    at = propose_candidates(scores, np.zeros((2, 3), bool), 3)
    names, table = build_feature_table(moment, at)
    assert table.dtype == np.float32
    assert at.item.tolist() == [0, 1, 2, 0, 1, 2]
    return {name: table[:, n].tolist() for n, name in enumerate(names)}


NAN = float("nan")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("plain.share", [1, 0.5, NAN, 1 / 3, 1, 2 / 3]),
        ("plain.place", [0, 1, 32767, 2, 0, 1]),
        ("signed.share", [-1, 0, 1, 1, 1, -2]),  # means are 1 and -1
        ("item.customers", [1, 2, 1, 1, 2, 1]),
        ("item.share_14", [0, 1, 0, 0, 1, 0]),
        ("item.age", [80, 70, 60, 80, 70, 60]),
        ("item.idle", [70, 10, 60, 70, 10, 60]),
        ("item.newcomers_14", [0, 1, 0, 0, 1, 0]),
        ("customer.n_days", [3, 3, 3, 1, 1, 1]),
        ("customer.n_items", [3, 3, 3, 1, 1, 1]),
        ("customer.since", [60, 60, 60, 10, 10, 10]),
        ("customer.gap", [10, 10, 10, NAN, NAN, NAN]),
        ("customer.repeats", [0.25, 0.25, 0.25, 0, 0, 0]),
        ("customer.last_basket", [1, 1, 1, 1, 1, 1]),
        ("pair.times", [2, 1, 1, 0, 1, 0]),
        ("pair.since", [70, 70, 60, NAN, 10, NAN]),
        ("pair.gap", [10, NAN, NAN, NAN, NAN, NAN]),
        ("pair.due", [7, NAN, NAN, NAN, NAN, NAN]),
        ("pair.passed_over", [1, 1, 0, NAN, 0, NAN]),
        ("price.distance", [-1 / 3, 2 / 3, NAN, -1, 0, NAN]),
        ("category.affinity", [0.75, 0.75, 0.25, 1, 1, 0]),
        ("agreement.parts", [2, 2, 1, 2, 2, 2]),
    ],
)
def test_by_hand(found, name, expected):
    assert found[name] == pytest.approx(expected, abs=1e-6, nan_ok=True)


def test_somebody_without_any_history_has_columns():
    past = training([(0, 0, 0), (0, 1, 9)], 2, 3)
    scores = {"plain": np.ones((1, 3), np.float32)}
    moment = FeatureInputs(Customers.from_training(past, np.array([1])), compute_item_facts(past), scores)
    names, table = build_feature_table(moment, propose_candidates(scores, np.zeros((1, 3), bool), 3))
    held = dict(zip(names, table[0].tolist(), strict=True))
    assert held["customer.n_days"] == 0
    assert (
        np.isnan(held["customer.since"]) and np.isnan(held["pair.since"]) and np.isnan(held["price.distance"])
    )


def test_what_was_looked_at_and_put_into_a_cart():
    """Three items: the first seen on days 5 and 7, the second in a cart and bought on day 6, the third never
    met.
    """
    past = training([(0, 1, 6)], 1, 3, until=10)
    held = past.behaviour
    seen = replace(
        held,
        customer=np.zeros(4, np.int32),
        item=np.array([0, 0, 1, 1], np.int32),
        day=np.array([5, 7, 6, 6], np.int32),
        kind=np.array([VIEW, VIEW, CART, PURCHASE], np.int8),
    )
    past = replace(past, behaviour=seen)
    scores = {"plain": np.ones((1, 3), np.float32)}
    at = propose_candidates(scores, np.zeros((1, 3), bool), 3)
    names, table = build_feature_table(
        FeatureInputs(Customers.from_training(past, np.array([0])), compute_item_facts(past), scores), at
    )
    held = {name: table[:, n].tolist() for n, name in enumerate(names)}
    assert (
        held["view.times"] == [2, 0, 0]
        and held["cart.times"] == [0, 1, 0]
        and held["pair.times"] == [0, 1, 0]
    )
    assert held["view.since"] == pytest.approx([3, NAN, NAN], nan_ok=True)
    assert held["cart.since"] == pytest.approx([NAN, 4, NAN], nan_ok=True)
