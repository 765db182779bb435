"""The index against comparing with all: what it promises exactly, and what it was measured to find."""

import numpy as np
import pytest

from models.inference import select_top_items_by_vectors
from models.listing.retrieval import ItemIndex, build_item_index, compute_recall


@pytest.fixture(scope="module")
def shop():
    """4,000 items around 40 tastes, and 50 customers."""
    draw = np.random.default_rng(1)
    tastes = draw.standard_normal((40, 16)).astype(np.float32)
    items = tastes[draw.integers(0, 40, 4000)] + 0.5 * draw.standard_normal((4000, 16)).astype(np.float32)
    asking = tastes[draw.integers(0, 40, 50)] + 0.5 * draw.standard_normal((50, 16)).astype(np.float32)
    return items.astype(np.float32), asking.astype(np.float32)


@pytest.fixture(scope="module")
def index(shop) -> ItemIndex:
    return build_item_index(*shop, n=20, least_recall=0.9)


def test_it_finds_what_it_says_and_looks_into_more_cells_for_more(shop, index):
    items, asking = shop
    exact = select_top_items_by_vectors(asking, items, 20)[0]
    assert index.recall == compute_recall(index.best(asking, items, 20)[0], exact) >= 0.9
    thorough = build_item_index(items, asking, n=20, least_recall=0.99)
    assert thorough.n_probes > index.n_probes and thorough.recall >= 0.99
    assert ItemIndex(index.packed, 1, 0.0).best(asking, items, 20)[0].shape == (50, 20)
    assert compute_recall(ItemIndex(index.packed, 1, 0.0).best(asking, items, 20)[0], exact) < index.recall


def test_all_cells_are_the_exact_list_but_for_halves_precision(shop, index):
    items, asking = shop
    everything = ItemIndex(index.packed, 10_000, 0.0)
    found, score, _ = everything.best(asking, items, 20)
    exact, exact_score, _ = select_top_items_by_vectors(asking, items, 20)
    assert compute_recall(found, exact) > 0.995
    np.testing.assert_allclose(score, exact_score, rtol=1e-3)  # a half holds 11 bits


def test_what_is_excluded_is_scored_and_not_given(shop, index):
    items, asking = shop
    before = index.best(asking, items, 20)[0]
    rows, columns = np.repeat(np.arange(50), 5), before[:, :5].ravel()
    found, score, of_excluded = index.best(asking, items, 20, (rows, columns))
    assert (found[:, :15] == before[:, 5:]).all() and (found >= 0).all()
    assert (np.diff(score, axis=1) <= 0).all()
    np.testing.assert_allclose(of_excluded, (asking[rows] * items[columns]).sum(axis=1), rtol=2e-2, atol=2e-2)


def test_a_list_does_not_depend_on_who_is_beside(shop, index):
    items, asking = shop
    alone = np.concatenate([index.best(asking[n : n + 1], items, 20)[0] for n in range(50)])
    assert (alone == index.best(asking, items, 20)[0]).all()


def test_the_same_vectors_give_the_same_bytes_and_none_recalls_everything_of_noise(shop, index):
    items, asking = shop
    again = build_item_index(items, asking, n=20, least_recall=0.9)
    assert (again.packed == index.packed).all() and again.n_probes == index.n_probes
    noise = np.random.default_rng(2).standard_normal((2000, 60)).astype(np.float32)
    assert build_item_index(noise, noise[:40], n=20, least_recall=0.999) is None
