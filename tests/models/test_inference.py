"""The best of each row: against sorting it whole, whatever the ties, the size of blocks, and what is beside
it.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import inference
from models.inference import iterate_products, select_top_items, select_top_items_by_vectors


def sorted_whole(scores, n, allowed=None):
    """The list of one row by sorting all of it."""
    held = [i for i, score in enumerate(scores) if np.isfinite(score) and (allowed is None or allowed[i])]
    return sorted(held, key=lambda i: (-scores[i], i))[:n]


@pytest.mark.parametrize("n_columns", [3, 60, 5000])
@pytest.mark.parametrize("kind", ["float32", "float64", "few values", "one value", "mostly none"])
def test_equals_sorting(n_columns, kind):
    """5,000 columns are looked at by groups, 60 are not; 'few values' has hundreds of ties at the end of a
    list.
    """
    draw = np.random.default_rng(5)
    scores = draw.standard_normal((9, n_columns)).astype("float64" if kind == "float64" else "float32")
    if kind == "few values":
        scores = np.round(scores)
    if kind == "one value":
        scores[:] = 0.25
    if kind == "mostly none":
        scores[draw.random(scores.shape) < 0.999] = -np.inf
    for allowed in (None, draw.random(n_columns) < 0.5, draw.random(scores.shape) < 0.5):
        items, best = select_top_items(scores, 20, allowed)
        for row in range(9):
            own = allowed if allowed is None or allowed.ndim == 1 else allowed[row]
            expected = sorted_whole(scores[row], 20, own)
            assert items[row].tolist() == expected + [-1] * (items.shape[1] - len(expected))
            assert best[row][: len(expected)].tolist() == scores[row][expected].astype(np.float32).tolist()
            assert (best[row][len(expected) :] == -np.inf).all()


@given(
    st.lists(
        st.lists(st.sampled_from([-np.inf, -1.0, 0.0, 0.5, 0.5000001, 2.0]), min_size=40, max_size=40),
        max_size=6,
    ),
    st.data(),
)
def test_equals_sorting_in_blocks_of_any_size(rows, data):
    scores, n = np.array(rows, np.float32).reshape(-1, 40), data.draw(st.integers(0, 45))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inference, "SCORES_AT_ONCE", data.draw(st.integers(1, 200)))
        patch.setattr(inference, "GROUPS", data.draw(st.integers(1, 8)))
        items, _ = select_top_items(scores, n)
    assert items.shape == (len(scores), min(n, 40))
    assert [[i for i in row if i >= 0] for row in items.tolist()] == [sorted_whole(row, n) for row in scores]


def test_what_is_no_number_is_listed_nowhere():
    scores = np.tile(np.linspace(0, 1, 4000, dtype=np.float32), (2, 1))
    scores[0, [3999, 7]] = np.nan, np.inf
    items, _ = select_top_items(scores, 3)
    assert items.tolist() == [[3998, 3997, 3996], [3999, 3998, 3997]]


def test_products_equal_the_whole_matrix_and_leave_out_what_is_excluded():
    draw = np.random.default_rng(2)
    vectors, items = (draw.standard_normal((n, 16)).astype(np.float32) for n in (300, 2500))
    rows = np.sort(draw.integers(0, 300, 4000))
    columns = draw.integers(0, 2500, 4000)
    scores = np.concatenate([block.copy() for _, block in iterate_products(vectors, items)])
    np.testing.assert_allclose(scores, vectors @ items.T, rtol=1e-4, atol=1e-5)
    found, _, of_excluded = select_top_items_by_vectors(vectors, items, 30, (rows, columns))
    assert of_excluded.tolist() == scores[rows, columns].tolist()
    scores[rows, columns] = -np.inf
    assert found.tolist() == [sorted_whole(row, 30) for row in scores]


@pytest.mark.parametrize("n_items", [41, 3000])
def test_a_list_does_not_depend_on_who_is_beside(n_items):
    """BLAS adds in another order for small blocks: alone, a row of 41 items would differ in its last bit."""
    draw = np.random.default_rng(3)
    vectors, items = (draw.standard_normal((n, 64)).astype(np.float32) for n in (200, n_items))
    together = select_top_items_by_vectors(vectors, items, 20)
    for some in (np.array([17]), draw.permutation(200)[:131], np.arange(199, -1, -1)):
        alone = select_top_items_by_vectors(vectors[some], items, 20)
        assert (alone[0] == together[0][some]).all() and (alone[1] == together[1][some]).all()
