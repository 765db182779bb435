"""The graph that identity is timed on has the shape its page says, and a wrong answer to it is noticed."""

import numpy as np
import pyarrow as pa
import pytest

from benchmarks.identity_graph import draw_shop_like_graph, matches_components


def test_a_graph_like_a_shops():
    graph = draw_shop_like_graph(50_000, 250_000)
    assert (graph.n, len(graph.a)) == (50_000, 250_000) and (graph.a != graph.b).all()
    assert {graph.a.min(), graph.b.min()} == {0} and max(graph.a.max(), graph.b.max()) < 50_000
    labels = graph.labels()
    sizes = np.bincount(labels)
    assert sizes.sum() == 50_000 and np.median(sizes) < 6
    assert (sizes == 200).sum() == 15, "3,000 identifiers in giants"
    assert (sizes == 1_000).sum() == 2 and sizes.max() == 1_000, "2,000 in chains"
    degree = np.bincount(np.concatenate([graph.a, graph.b]), minlength=50_000)
    for chain in np.flatnonzero(sizes == 1_000):
        assert np.bincount(degree[labels == chain]).tolist() == [0, 2, 998], (
            "two ends, and nothing that cuts it short"
        )
    again = draw_shop_like_graph(50_000, 250_000)
    assert (again.a == graph.a).all() and (again.b == graph.b).all()
    with pytest.raises(ValueError, match="need"):
        draw_shop_like_graph(50_000, 1_000)


@pytest.mark.parametrize(
    ("customers", "expected"),
    [
        pytest.param({"i1": "x", "i2": "x", "i3": "y"}, True, id="the components under other names"),
        pytest.param({"i3": "y", "i1": "x", "i2": "x"}, True, id="in another order"),
        pytest.param({"i1": "x", "i2": "x", "i3": "x"}, False, id="two joined"),
        pytest.param({"i1": "x", "i2": "z", "i3": "y"}, False, id="one split"),
        pytest.param({"i1": "x", "i2": "y", "i3": "y"}, False, id="one moved"),
        pytest.param({"i1": "x", "i3": "y"}, False, id="one missing"),
        pytest.param({"i1": "x", "i2": "x", "i4": "y"}, False, id="another identifier"),
    ],
)
def test_a_wrong_answer_is_noticed(customers, expected):
    table = pa.table({"identifier_id": list(customers), "customer_id": list(customers.values())})
    assert matches_components(table, pa.array(["i2", "i1", "i3"]), np.array([1, 1, 0])) is expected


@pytest.mark.parametrize(
    ("customers", "expected"),
    [
        pytest.param(["x", "x", "y", "z"], True, id="a component beyond the limit in parts"),
        pytest.param(["x", "x", "x", "z"], False, id="a customer beyond the limit"),
        pytest.param(["x", "x", "y", "x"], False, id="a part joined to another component"),
    ],
)
def test_nobody_holds_more_than_the_limit(customers, expected):
    names = ["i1", "i2", "i3", "i4"]
    table = pa.table({"identifier_id": names, "customer_id": customers})
    assert matches_components(table, pa.array(names), np.array([0, 0, 0, 1]), most=2) is expected
