"""Variety against a plain greedy reading; caps that are never broken; what is not asked for
changes nothing.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from models.listing.diversity import CONTENDERS, TOP, Diversification, diversify_lists

N = 60


def lists(seed, rows=4, n=50, ended=10):
    """Lists of different items with falling scores, the last one ended early; likeness and
    categories drawn.
    """
    generator = np.random.default_rng(seed)
    items = np.stack([generator.permutation(N)[:n] for _ in range(rows)]).astype(np.int32)
    scores = -np.sort(-generator.normal(size=(rows, n)), axis=1)
    items[-1, n - ended :], scores[-1, n - ended :] = -1, -np.inf
    near = np.where(generator.random((N, N)) < 0.3, generator.random((N, N)), 0.0)
    return items, scores, sparse.csr_matrix(np.maximum(near, near.T)), generator.integers(-1, 6, N)


def plain(items, scores, variety, near, category):
    """One list, place by place."""
    held = [place for place in range(len(items)) if items[place] >= 0]
    contenders = held if variety.most_per_category else [place for place in held if place < CONTENDERS]
    low, top = min(scores[c] for c in contenders), max(scores[c] for c in contenders)
    chosen = []
    while len(chosen) < TOP:
        best = None
        for one in contenders:
            own = category[items[one]]
            same = sum(category[items[other]] == own for other in chosen)
            if one in chosen or (
                variety.most_per_category and own >= 0 and same >= variety.most_per_category
            ):
                continue
            alike = max((near[items[one], items[other]] for other in chosen), default=0.0)
            worth = (1 - variety.weight) * (scores[one] - low) / (top - low) - variety.weight * alike
            if best is None or worth > best[0] + 1e-9:
                best = (worth, one)
        if best is None:
            return [items[c] for c in chosen]
        chosen.append(best[1])
    return [items[c] for c in [*chosen, *(c for c in held if c not in chosen)]]


@pytest.mark.parametrize(
    "variety", [Diversification(0.3), Diversification(0.7), Diversification(0.3, 2), Diversification(0.0, 1)]
)
@pytest.mark.parametrize("seed", [1, 2])
def test_place_by_place(variety, seed):
    items, scores, near, category = lists(seed)
    found = diversify_lists(items, scores, variety, near, category)
    for row in range(len(items)):
        held = found[row][found[row] >= 0].tolist()
        assert held == plain(items[row], scores[row], variety, near.toarray(), category)
        assert (found[row][len(held) :] == -1).all()


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), weight=st.floats(0, 1), most=st.integers(1, 4))
def test_a_cap_is_never_broken(seed, weight, most):
    items, scores, near, category = lists(seed)
    found = diversify_lists(items, scores, Diversification(weight, most), near, category)
    for before, after in zip(items, found, strict=True):
        held = after[after >= 0]
        assert len(set(held.tolist())) == len(held) and set(held.tolist()) <= set(before.tolist())
        kinds = category[held[:TOP]]
        assert all((kinds == kind).sum() <= most for kind in set(kinds.tolist()) - {-1})


def test_without_weight_and_cap_nothing_moves():
    items, scores, near, category = lists(3)
    assert diversify_lists(items, scores, Diversification(), near, category).tolist() == items.tolist()
    assert not Diversification() and Diversification(0.1) and Diversification(0, 3)


def test_likeness_within_the_top_falls_as_the_weight_grows():
    items, scores, near, category = lists(4, rows=40, ended=0)
    alike = []
    for weight in (0.0, 0.2, 0.5, 0.9):
        top = diversify_lists(items, scores, Diversification(weight), near, category)[:, :TOP]
        alike.append(np.mean([near[own][:, own].toarray()[np.triu_indices(TOP, 1)].mean() for own in top]))
    assert (np.diff(alike) < 0).all()
