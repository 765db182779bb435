"""What is new: items by what they resemble, customers by what those alike want; against formulas
written out.
"""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from benchmarks.cold_start import score_cold_items
from benchmarks.leaderboard.datasets.window import TestWindow
from models import features
from models.recommenders import build_recommender
from models.recommenders.by_attributes import AttributeRegression, build_item_directions
from models.recommenders.cold_items import standardise_scores
from models.time_split import HoldoutCase
from models.training_data import Customers, Training


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.3, 1.0, 4.0]))
def test_the_dual_weights_are_those_of_ridge_in_its_textbook_form(seed, regularisation):
    """(X'X + λI)⁻¹ X'y in attributes, asked of other items, equals y by the weights."""
    generator = np.random.default_rng(seed)
    known, other = generator.normal(size=(7, 4)), generator.normal(size=(3, 4))
    y = generator.normal(size=(7, 2))
    primal = other @ np.linalg.solve(known.T @ known + regularisation * np.eye(4), known.T @ y)
    for rows, weights in AttributeRegression(sparse.csr_matrix(known), regularisation).blocks(
        sparse.csr_matrix(other)
    ):
        assert np.allclose(weights.T @ y, primal[rows], atol=1e-8)


def test_letters_find_what_words_miss():
    words = [["red", "lantern"], ["red", "lanterns"], ["doormat"], []]
    runs = [features.extract_letter_runs(named) for named in words]
    assert (
        runs[3] == [] and "letters=lant" in runs[0] and "letters= re" in runs[0] and "letters=d la" in runs[0]
    )
    nothing = sparse.csr_matrix((4, 0), dtype=np.float32)
    training = Training(
        None, nothing, nothing, item_letters=features.encode_tokens(runs, features.build_vocabulary(runs, 1))
    )
    near = (build_item_directions(training) @ build_item_directions(training).T).toarray()
    assert near[0, 1] > 0.6 and near[0, 2] < 0.1 and not near[3].any()
    assert np.allclose(np.diag(near)[:3], 1.0)


def grown(training, content):
    """Two more items at the end, with this content, that nobody touched."""
    return replace(
        training,
        behaviour=replace(training.behaviour, n_items=22),
        item_features=sparse.vstack([training.item_features, content]).tocsr(),
    )


def test_a_new_item_is_ranked_with_the_others_by_what_it_resembles(checkerboard):
    more = grown(checkerboard, checkerboard.item_features[:2])
    scores = (
        build_recommender("cold_items", {"components": 4})
        .fit(more, seed=3)
        .score(Customers.from_training(more, np.arange(40)))
    )
    assert (scores[::2, 20] > scores[::2, 21]).all() and (scores[1::2, 21] > scores[1::2, 20]).all()
    wrong_colour = scores[::2, 1:20:2].max(axis=1)
    assert (scores[::2, 20] > wrong_colour).all(), (
        "an even newcomer is before every odd item for those who buy even ones"
    )
    bare = grown(checkerboard, sparse.csr_matrix((2, 2), dtype=np.float32))
    nowhere = (
        build_recommender("cold_items", {"components": 4})
        .fit(bare, seed=3)
        .score(Customers.from_training(bare, np.arange(40)))
    )
    assert np.isneginf(nowhere[:, 20:]).all(), "negative control: without attributes it has no place"


def test_an_item_few_had_is_placed_by_attributes_when_asked_so(checkerboard):
    by_few = build_recommender("cold_items", {"components": 4, "least_customers": 1000}).fit(
        checkerboard, seed=3
    )
    assert not by_few.old.any()
    assert build_recommender("cold_items", {"components": 4}).fit(checkerboard, seed=3).old.all()


def test_one_scale_for_opinions():
    found = standardise_scores(
        np.array([[1.0, 3.0, 10.0]]), np.array([[1.0, 3.0]]), np.array([1.0, 1.0, 2.0])
    )
    assert found.tolist() == [[-1.0, 1.0, 6.0]]  # mean 2, deviation 1; of the last twice the mean
    assert not standardise_scores(np.ones((1, 3)), np.ones((1, 2)), np.ones(3)).any()


def test_shares_among_those_alike_by_hand(checkerboard):
    """Purchases of day 29 weigh 1: counted in Python, then drawn to everybody's by the prior."""
    fitted = build_recommender("attribute_popularity", {"half_life_days": 1e9, "prior": 10.0}).fit(
        checkerboard, seed=0
    )
    behaviour = checkerboard.behaviour
    pairs = set(zip(behaviour.customer.tolist(), behaviour.item.tolist(), strict=True))
    total = len(pairs)
    everybody = [sum(1 for _, i in pairs if i == item) / total for item in range(20)]
    even = [sum(1 for c, i in pairs if i == item and c % 2 == 0) for item in range(20)]
    expected = [(even[item] + 10 * everybody[item]) / (sum(even) + 10) for item in range(20)]
    stranger = Customers(
        np.array([-1], np.int32),
        behaviour.select_customers(np.array([], np.int64)),
        checkerboard.customer_features[:1],
    )
    assert fitted.score(stranger)[0] == pytest.approx(expected, rel=1e-4)
    nobody = replace(stranger, features=sparse.csr_matrix((1, 2), dtype=np.float32))
    assert fitted.score(nobody)[0] == pytest.approx(everybody, rel=1e-4), (
        "without attributes: what everybody wants"
    )


def test_the_benchmark_counts_as_by_hand():
    """Four items, of which 1, 2, 3 are hidden; the customer wants 2, which stands second of the hidden and
    behind 0.
    """
    wanted, seen = (sparse.csr_matrix(np.array([row], bool)) for row in ([0, 0, 1, 0], [0, 0, 1, 0]))
    asked = HoldoutCase(np.array([0]), seen, wanted, np.array([1]), np.ones(4))
    scores = np.array([[0.9, 0.8, 0.7, 0.1]], np.float32)
    found = score_cold_items(scores, TestWindow(None, asked, None), np.array([0]), np.array([1, 2, 3]))
    assert found["AUC"].tolist() == [0.5]
    assert found["NDCG@10 among cold"].tolist() == pytest.approx([1 / np.log2(3)])
    assert found["NDCG@10 among all"].tolist() == pytest.approx([1 / np.log2(4)]), (
        "a hidden item is not masked"
    )
