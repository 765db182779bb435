"""Content neighbours against cosines counted by hand."""

import math
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from models.recommenders import build_recommender
from models.recommenders.content import compute_tfidf_directions, find_nearest_items
from models.training_data import Customers

TOKENS = st.lists(st.lists(st.booleans(), min_size=5, max_size=5), min_size=2, max_size=7)


def cosine_by_hand(rows, a, b):
    """TF-IDF cosine of two items by its textbook definition."""
    df = [sum(row[t] for row in rows) for t in range(len(rows[0]))]
    idf = [1 + math.log((1 + len(rows)) / (1 + df[t])) for t in range(len(df))]
    dot = sum(idf[t] ** 2 for t in range(len(df)) if rows[a][t] and rows[b][t])
    norms = [math.sqrt(sum(idf[t] ** 2 for t in range(len(df)) if rows[item][t])) for item in (a, b)]
    return dot / (norms[0] * norms[1]) if all(norms) else 0.0


@settings(max_examples=60, deadline=None)
@given(TOKENS)
def test_likeness_is_the_cosine_of_rare_attributes(rows):
    held = sparse.csr_matrix(np.array(rows, np.float32))
    found = find_nearest_items(compute_tfidf_directions(held), n=len(rows), power=2.0).toarray()
    expected = [[cosine_by_hand(rows, a, b) ** 2 for b in range(len(rows))] for a in range(len(rows))]
    assert np.allclose(found, expected, atol=1e-5)


def test_an_item_nobody_touched_stands_beside_what_it_resembles(checkerboard):
    """Items 20 (even) and 21 (odd) are new; without attributes, the negative control, they have no place."""
    grown = replace(
        checkerboard,
        behaviour=replace(checkerboard.behaviour, n_items=22),
        item_features=sparse.vstack([checkerboard.item_features, checkerboard.item_features[:2]]).tocsr(),
    )
    everybody = np.arange(40)
    scores = build_recommender("content").fit(grown, seed=0).score(Customers.from_training(grown, everybody))
    assert (scores[::2, 20] > scores[::2, 21]).all() and (scores[1::2, 21] > scores[1::2, 20]).all()
    bare = replace(
        grown, item_features=sparse.vstack([checkerboard.item_features, sparse.csr_matrix((2, 2))]).tocsr()
    )
    assert np.isneginf(
        build_recommender("content").fit(bare, seed=0).score(Customers.from_training(bare, everybody))[:, 20:]
    ).all()
