"""Questions about giants and bridges: customers that are too large, and single links that hold two groups
together.
"""

import numpy as np
import pyarrow as pa

from spark_jobs.identify.review.inputs import DecidedPairs, ReviewLimits
from spark_jobs.identify.review.numbering import NumberedGraph
from spark_jobs.identify.review.suspicion import OWN_BITS, SuspiciousBridges
from spark_jobs.identify.review.wording import (
    KIND_NAMES,
    build_pair_fields,
    describe_identifier_counts,
    describe_links,
    get_identifier_pair,
)

TO_RELEASE = "served again when join says it is one customer, or split or refuse leave no more than that"


def find_giants(graph: NumberedGraph, bridges: SuspiciousBridges, limits: ReviewLimits) -> list[dict]:
    """A row per customer of more than `limits.giant` identifiers, the largest first.

    Its pair is its most suspicious bridge; without one the weakest of its links, the earliest of equals.
    Either stays the same while the customer grows, unless something more suspicious comes up: then it is
    asked anew.
    """
    size = np.bincount(graph.customer, minlength=len(graph.customers))
    giants = np.flatnonzero(size > limits.giant)
    by_doubt = np.r_[bridges.pair, np.lexsort((graph.first_seen, graph.bits))]
    by_doubt = by_doubt[np.isin(graph.customer[graph.a[by_doubt]], giants)]
    holders, first = np.unique(graph.customer[graph.a[by_doubt]], return_index=True)
    pair = dict(zip(holders.tolist(), by_doubt[first].tolist(), strict=True))
    rows = []
    for customer in sorted(giants.tolist(), key=lambda number: (-size[number], number)):
        n_of_sort = np.bincount(graph.sort_of[graph.customer == customer], minlength=len(graph.sorts))
        rows.append(
            {
                **build_pair_fields(graph, pair[customer]),
                "score": float(size[customer]),
                "n_identifiers": int(size[customer]),
                "because": (
                    f"{size[customer]:,} identifiers, more than {limits.giant:,}:"
                    f" {describe_identifier_counts(graph, n_of_sort)}; {TO_RELEASE}"
                ),
            }
        )
    return rows


def find_suspicious_bridges(
    graph: NumberedGraph,
    bridges: SuspiciousBridges,
    links: pa.Table,
    answers: DecidedPairs,
    giants: set[str],
    limits: ReviewLimits,
) -> tuple[int, list[dict]]:
    """How many bridges are suspicious and not decided on, and the rows of the first: of each customer the
    worst.

    One of a customer at a time, a giant's with the giant: where that one is cut, what the others hold
    together has changed.
    """
    n_open, first = 0, {}
    for i in np.flatnonzero(bridges.score > limits.least_bits).tolist():
        row = build_pair_fields(graph, bridges.pair[i])
        if get_identifier_pair(row) not in answers.pairs:
            n_open += 1
            if row["customer_id"] not in giants:
                first.setdefault(row["customer_id"], i)
    most_suspicious = list(first.values())[: limits.most]
    links_of = describe_links(graph, links, [(graph.a[p], graph.b[p]) for p in bridges.pair[most_suspicious]])
    rows = []
    for i in most_suspicious:
        row, sides = build_pair_fields(graph, bridges.pair[i]), (bridges.held_a[i], bridges.held_b[i])
        both = [
            kind for (kind, _), a, b in zip(graph.sorts, *sides, strict=True) if a and b and kind in OWN_BITS
        ]
        own = (
            "; each side has its own " + ", ".join(KIND_NAMES[kind][0] for kind in sorted(set(both)))
            if both
            else ""
        )
        n_links = (bridges.links_a[i], bridges.links_b[i])
        counts = [
            f"{describe_identifier_counts(graph, s)} ({n:,} link{'' if n == 1 else 's'})"
            for s, n in zip(sides, n_links, strict=True)
        ]
        rows.append(
            {
                **row,
                "score": float(bridges.score[i]),
                "n_identifiers": int(sum(side.sum() for side in sides)),
                "because": (
                    f"one link ({links_of[get_identifier_pair(row)]}) holds together {counts[0]} and"
                    f" {counts[1]}{own}"
                ),
            }
        )
    return n_open, rows
