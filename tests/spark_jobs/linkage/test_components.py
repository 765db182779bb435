"""Connected components are those of a union-find in plain Python, under their smallest row."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_jobs.linkage.components import find_components

N = 12
CHAIN = list(pairwise(np.random.default_rng(5).permutation(600).tolist()))


def oracle(pairs: list[tuple[int, int]], n: int) -> list[int]:
    """Per row the smallest row it can reach."""
    parent = list(range(n))

    def root(row: int) -> int:
        while parent[row] != row:
            row = parent[row]
        return row

    for a, b in pairs:
        one, other = sorted((root(a), root(b)))
        parent[other] = one
    return [root(row) for row in range(n)]


def number_components(pairs: list[tuple[int, int]], n: int) -> list[int]:
    ends = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return find_components(ends[:, 0], ends[:, 1], n).tolist()


@given(st.lists(st.tuples(st.integers(0, N - 1), st.integers(0, N - 1)), max_size=14))
def test_components_are_those_of_union_find(pairs):
    assert number_components(pairs, N) == oracle(pairs, N)


@pytest.mark.parametrize(
    ("pairs", "n"),
    [
        pytest.param([], 3, id="no link"),
        pytest.param([], 0, id="nobody"),
        pytest.param([(2, 2)], 3, id="a loop alone"),
        pytest.param([(0, 1)] * 256, 2, id="said as often as a byte counts to nought"),
        pytest.param(CHAIN, 600, id="a chain of 600 in no order"),
    ],
)
def test_components_of_awkward_graphs(pairs, n):
    assert number_components(pairs, n) == oracle(pairs, n)
