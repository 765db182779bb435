"""Bridges and their two sides are what is left when each link in turn is taken away."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from spark_jobs.identify.review.bridges import find_bridges

N = 12
PAIRS = st.tuples(st.integers(0, N - 1), st.integers(0, N - 1)).filter(lambda pair: pair[0] != pair[1])
# Each pair once, in either direction.
GRAPHS = st.lists(PAIRS, max_size=18, unique_by=frozenset)


def reach(pairs: list[tuple[int, int]], n: int) -> np.ndarray:
    a, b = np.array(pairs, dtype=int).reshape(-1, 2).T
    return connected_components(coo_matrix((np.ones(len(a)), (a, b)), shape=(n, n)), directed=False)[1]


def without_each(pairs: list[tuple[int, int]], marks: np.ndarray) -> list[tuple]:
    """(link, marks on a's side, on b's, links on a's side, on b's) of each link whose removal
    parts its ends.
    """
    found = []
    for link, (a, b) in enumerate(pairs):
        rest = pairs[:link] + pairs[link + 1 :]
        label = reach(rest, len(marks))
        if label[a] != label[b]:
            sides = [label == label[end] for end in (a, b)]
            links = [sum(label[x] == label[end] for x, _ in rest) for end in (a, b)]
            found.append((link, *(marks[side].sum(axis=0).tolist() for side in sides), *links))
    return found


def rows(pairs: list[tuple[int, int]], marks: np.ndarray) -> list[tuple]:
    a, b = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    found = find_bridges(a, b, marks)
    return [tuple(column[i].tolist() for column in vars(found).values()) for i in range(len(found.link))]


@settings(max_examples=300, deadline=None, derandomize=True)
@given(pairs=GRAPHS, seed=st.integers(0, 99))
def test_bridges_equal_removal_of_each_link(pairs, seed):
    marks = np.random.default_rng(seed).integers(0, 4, (N, 3))
    assert rows(pairs, marks) == without_each(pairs, marks)


@pytest.mark.parametrize(
    ("pairs", "n", "expected"),
    [
        pytest.param([], 0, [], id="nothing"),
        pytest.param([(0, 1), (1, 2), (2, 0)], 3, [], id="a triangle"),
        pytest.param(
            [(4, 3), (0, 1), (1, 2), (3, 2), (2, 0), (4, 5), (3, 5)],
            6,
            [(3, [3], [3], 3, 3)],
            id="two triangles",
        ),
    ],
)
def test_bridges_by_hand(pairs, n, expected):
    assert rows(pairs, np.ones((n, 1), dtype=int)) == expected


def test_a_chain_of_200_000_links_is_200_000_bridges():
    n = 200_001  # a recursive search would have died at a thousand
    found = find_bridges(np.arange(n - 1), np.arange(1, n), np.ones((n, 1), dtype=int))
    assert found.marks_a[:, 0].tolist() == list(range(1, n))
    assert found.links_b.tolist() == list(range(n - 2, -1, -1))
