"""Questions about likeness in doubt: two customers of whom some records are alike, and not sure enough."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from spark_jobs.identify.graph.positions import find_positions
from spark_jobs.identify.review.inputs import DecidedPairs, ReviewLimits, ReviewTables
from spark_jobs.identify.review.numbering import NumberedGraph
from spark_jobs.identify.review.wording import describe_links, format_probability, get_identifier_pair


def find_doubtful_likeness(
    graph: NumberedGraph, tables: ReviewTables, answers: DecidedPairs, limits: ReviewLimits
) -> tuple[int, list[dict]]:
    """How many pairs of customers are alike enough to ask about, and the rows of the first, each by its
    likest pair of records.

    Whoever is one customer already is not asked about, be it by another way.
    """
    likely = tables.likeness.filter(pc.greater_equal(tables.likeness["probability"], limits.review))
    known = pc.binary_join_element_wise(tables.records["source"], tables.records["record_id"], "\x1f")
    known = known.combine_chunks() if isinstance(known, pa.ChunkedArray) else known
    stands_for = np.append(find_positions(tables.records["identifier_id"], graph.ids), -1)
    i, j = (
        stands_for[
            find_positions(
                pc.binary_join_element_wise(likely[f"source_{x}"], likely[f"record_id_{x}"], "\x1f"), known
            )
        ]
        for x in "ab"
    )
    probability = likely["probability"].to_numpy()
    a, b = np.minimum(i, j), np.maximum(i, j)
    order = np.lexsort((b, a, -probability))
    order = order[(a >= 0)[order]]
    order = order[(graph.customer[a] != graph.customer[b])[order]]
    best: dict[tuple[int, int], int] = {}
    for row in order.tolist():
        customers = tuple(sorted((int(graph.customer[a[row]]), int(graph.customer[b[row]]))))
        if (
            customers not in answers.split_customers
            and (graph.ids[a[row]].as_py(), graph.ids[b[row]].as_py()) not in answers.pairs
        ):
            best.setdefault(customers, row)
    size = np.bincount(graph.customer, minlength=len(graph.customers))
    first = list(best.items())[: limits.most]
    links_of = describe_links(graph, tables.links, [(a[row], b[row]) for _, row in first])
    rows = []
    for customers, row in first:
        ids = {"identifier_id_a": graph.ids[a[row]].as_py(), "identifier_id_b": graph.ids[b[row]].as_py()}
        reason = links_of.get(get_identifier_pair(ids), "the records around them say otherwise")
        where = (
            f"below the {limits.link:g} that joins"
            if probability[row] < limits.link
            else f"and not joined: {reason}"
        )
        agree = ", ".join(
            f"{name} {level}" for name, level in sorted(likely["agreements"][row].as_py() or ())
        )
        rows.append(
            {
                "customer_id": graph.customers[graph.customer[a[row]]].as_py(),
                **ids,
                "score": float(probability[row]),
                "n_identifiers": int(sum(size[number] for number in customers)),
                "because": (
                    f"{format_probability(probability[row])} likely one person, {where}"
                    + (f"; {agree}" if agree else "")
                ),
            }
        )
    return len(best), rows
