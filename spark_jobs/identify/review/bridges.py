"""Bridges of a graph, single links that hold two groups together, and what stands on either side of each."""

from dataclasses import dataclass

import numpy as np
import rustworkx
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import breadth_first_order, connected_components


@dataclass(frozen=True)
class Bridges:
    """One row per bridge.

    Attributes:
        link: its row among the links given, ascending.
        marks_a, marks_b: (n_bridges, k) sums of the nodes' marks on the side of end a and of end b.
        links_a, links_b: links inside either side.
    """

    link: np.ndarray
    marks_a: np.ndarray
    marks_b: np.ndarray
    links_a: np.ndarray
    links_b: np.ndarray


def find_bridges(a: np.ndarray, b: np.ndarray, marks: np.ndarray) -> Bridges:
    """Every link whose removal parts its component in two, with the two sides added up.

    A bridge stands in every spanning tree, and cutting it leaves one whole subtree on its lower side: so one
    walk up a tree adds up all sides. The links inside a side are half its sum of degrees, less the bridge's
    one.

    Args:
        a, b: ends of the links, node numbers below len(marks); no loops, each pair once.
        marks: (n_nodes, k) whole numbers to add up.
    """
    n = len(marks)
    graph = rustworkx.PyGraph(multigraph=False)
    graph.add_nodes_from(range(n))
    graph.extend_from_edge_list(list(zip(a.tolist(), b.tolist(), strict=True)))
    cut = np.array(
        sorted((min(pair), max(pair)) for pair in rustworkx.bridges(graph)), dtype=np.int64
    ).reshape(-1, 2)
    link = np.sort(find_key_rows(cut[:, 0] * n + cut[:, 1], np.minimum(a, b) * n + np.maximum(a, b)))
    a_cut, b_cut = a[link], b[link]

    parent, order, component = build_spanning_forest(a, b, n)
    degree = np.bincount(a, minlength=n) + np.bincount(b, minlength=n)
    below = sum_subtrees(parent, order, np.column_stack([marks, degree]))
    whole = np.zeros((component.max(initial=-1) + 1, below.shape[1]), dtype=np.int64)
    roots = parent < 0
    whole[component[roots]] = below[roots]

    b_is_lower = (parent[b_cut] == a_cut)[:, None]
    lower = below[np.where(b_is_lower[:, 0], b_cut, a_cut)]
    upper = whole[component[a_cut]] - lower
    side_a, side_b = np.where(b_is_lower, upper, lower), np.where(b_is_lower, lower, upper)
    return Bridges(link, side_a[:, :-1], side_b[:, :-1], (side_a[:, -1] - 1) // 2, (side_b[:, -1] - 1) // 2)


def find_key_rows(wanted_keys: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """Where each wanted key stands among unique keys."""
    order = np.argsort(keys)
    return order[np.searchsorted(keys, wanted_keys, sorter=order)]


def build_spanning_forest(a: np.ndarray, b: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Per node its parent (-1 for a root) and component; and the nodes in breadth-first order, roots first.

    One search does for all components: it starts at a node of its own, beside one node of each.
    """
    ones = np.ones(len(a), dtype=np.int8)
    _, component = connected_components(coo_matrix((ones, (a, b)), shape=(n, n)), directed=False)
    roots = np.unique(component, return_index=True)[1]
    tail, head = np.r_[a, b, np.full(len(roots), n)], np.r_[b, a, roots]
    graph = coo_matrix((np.ones(len(tail), dtype=np.int8), (tail, head)), shape=(n + 1, n + 1)).tocsr()
    order, parent = breadth_first_order(graph, n, directed=True)
    parent = parent[:n].astype(np.int64)
    return np.where(parent == n, -1, parent), order[1:].astype(np.int64), component


def sum_subtrees(parent: np.ndarray, order: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Per node the sum of `values` over its subtree, shape as `values`; level by level, the deepest first."""
    sums = values.astype(np.int64)
    place = np.empty(len(order) + 1, dtype=np.int64)  # the last for the parent that roots do not have
    place[order], place[-1] = np.arange(len(order)), -1
    above = place[parent[order]]  # ascending: breadth first
    level = [0, int(np.searchsorted(above, 0))]
    while level[-1] < len(order):
        level.append(int(np.searchsorted(above, level[-1])))
    for start, end in zip(level[-2:0:-1], level[:1:-1], strict=True):
        nodes = order[start:end]
        np.add.at(sums, parent[nodes], sums[nodes])
    return sums
