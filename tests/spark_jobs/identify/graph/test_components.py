"""Connected components on Spark give what scipy gives."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from spark_jobs.identify.graph.components import find_components

GRAPHS = st.lists(
    st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=14), min_size=30, max_size=30
)
CHAIN = list(pairwise(np.random.default_rng(5).permutation(600).tolist()))


def oracle(pairs: list[tuple[int, int]]) -> dict[int, int]:
    """Node → smallest node of its component, for nodes that touch an edge that is no loop."""
    pairs = [(a, b) for a, b in pairs if a != b]
    if not pairs:
        return {}
    a, b = np.array(pairs).T
    n = int(max(a.max(), b.max())) + 1
    _, label = connected_components(coo_matrix((np.ones(len(a)), (a, b)), shape=(n, n)), directed=False)
    smallest = {}
    for node in range(n - 1, -1, -1):
        smallest[label[node]] = node
    return {node: smallest[label[node]] for node in {*a.tolist(), *b.tolist()}}


def found(spark, pairs) -> dict:
    rows = find_components(spark.createDataFrame(pairs, "a long, b long")).collect()
    assert len({row["node"] for row in rows}) == len(rows), "a node has two roots"
    return {row["node"]: row["root"] for row in rows}


@settings(max_examples=3, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(graphs=GRAPHS)
def test_components_equal_scipys(spark, graphs):
    """Thirty random graphs side by side in one frame, so that three Spark runs try ninety."""
    pairs = [(100 * k + a, 100 * k + b) for k, graph in enumerate(graphs) for a, b in graph]
    assert found(spark, pairs) == oracle(pairs)


@pytest.mark.parametrize(
    "pairs",
    [
        pytest.param([], id="no edge"),
        pytest.param([(3, 3)], id="a loop alone"),
        pytest.param(CHAIN, id="a chain of 600 in no order"),
    ],
)
def test_components_of_awkward_graphs(spark, pairs):
    assert found(spark, pairs) == oracle(pairs)
