"""Sparse matrices and attributes, against plain Python."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from models import features
from models.recommenders.neighbours import (
    matrix_from_arrays,
    matrix_to_arrays,
    select_best_per_row,
    zero_own_column,
)
from models.training_data import Behaviour

CELLS = st.lists(
    st.lists(st.sampled_from([0.0, 0.5, 1.0, 2.0, -1.0]), min_size=6, max_size=6), min_size=1, max_size=5
)


@settings(max_examples=80, deadline=None)
@given(CELLS, st.integers(1, 7))
def test_best_per_row_equals_sorting(cells, n):
    found = select_best_per_row(sparse.csr_matrix(np.array(cells)), n).toarray()
    for row, kept in zip(cells, found, strict=True):
        best = sorted(
            (column for column in range(6) if row[column] > 0), key=lambda column: (-row[column], column)
        )[:n]
        assert kept.tolist() == [row[column] if column in best else 0.0 for column in range(6)]


@settings(max_examples=30, deadline=None)
@given(CELLS)
def test_a_matrix_survives_being_taken_apart(cells):
    matrix = sparse.csr_matrix(np.array(cells))
    assert np.array_equal(matrix_from_arrays("m", matrix_to_arrays("m", matrix)).toarray(), matrix.toarray())


def test_without_self_clears_one_column_a_row():
    found = zero_own_column(sparse.csr_matrix(np.ones((3, 3))), np.array([2, -1, 0]))
    assert found.toarray().tolist() == [[1, 1, 0], [1, 1, 1], [0, 1, 1]]


def test_rare_tokens_have_no_column_and_repeats_count_once():
    rows = [["a", "b", "a"], ["b"], ["b", "c"], []]
    columns = features.build_vocabulary(rows, min_rows=1)
    assert columns == {"a": 0, "b": 1, "c": 2}
    assert features.build_vocabulary(rows, min_rows=2) == {"b": 0}
    assert features.encode_tokens([["c", "a", "c", "z"], []], columns).toarray().tolist() == [
        [1, 0, 1],
        [0, 0, 0],
    ]


def test_a_day_fades_by_half_each_half_life():
    behaviour = Behaviour(
        1,
        3,
        np.zeros(3, np.int32),
        np.arange(3, dtype=np.int32),
        np.array([99, 89, 79], np.int32),
        np.array([2, 2, 0], np.int8),
        until=100,
    )
    assert behaviour.matrix(10).toarray().tolist() == [[5.0, 2.5, 0.25]]  # purchases weigh 5, a view 1
    assert behaviour.matrix().toarray().tolist() == [[5.0, 5.0, 1.0]]


def test_customers_are_renumbered_in_the_order_asked():
    behaviour = Behaviour(
        3,
        2,
        np.array([0, 1, 2], np.int32),
        np.array([0, 1, 0], np.int32),
        np.array([1, 2, 3], np.int32),
        np.array([2, 2, 2], np.int8),
        until=4,
    )
    found = behaviour.select_customers(np.array([2, 0]))
    assert list(zip(found.customer.tolist(), found.day.tolist(), strict=True)) == [(0, 3), (1, 1)]
    assert found.n_customers == 2
