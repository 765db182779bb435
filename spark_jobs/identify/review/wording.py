"""Review questions in words: pairs, counts, probabilities and links. No personal value is among them."""

from collections.abc import Mapping
from math import floor

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from spark_jobs.identify.review.numbering import NumberedGraph

KIND_NAMES = {
    "user_id": ("user id", "user ids"),
    "crm_id": ("CRM id", "CRM ids"),
    "email": ("e-mail", "e-mails"),
    "phone": ("phone", "phones"),
    "anonymous_id": ("browser", "browsers"),
}


def get_identifier_pair(row: Mapping) -> tuple[str, str]:
    """The two identifiers of a row of links, decisions or reviews."""
    return row["identifier_id_a"], row["identifier_id_b"]


def build_pair_fields(graph: NumberedGraph, pair: int) -> dict[str, str]:
    """The customer and the two ends of a followed pair, as a question names them."""
    a, b = int(graph.a[pair]), int(graph.b[pair])
    return {
        "customer_id": graph.customers[graph.customer[a]].as_py(),
        "identifier_id_a": graph.ids[a].as_py(),
        "identifier_id_b": graph.ids[b].as_py(),
    }


def describe_identifier_counts(graph: NumberedGraph, n_of_sort: np.ndarray) -> str:
    """`2 e-mails, 1 user id`: numbers of identifiers in words.

    Args:
        n_of_sort: (n_sorts,) how many of each sort.
    """
    of_kind: dict[str, int] = {}
    for (kind, _), n in zip(graph.sorts, n_of_sort.tolist(), strict=True):
        of_kind[kind] = of_kind.get(kind, 0) + n
    return ", ".join(
        f"{n:,} {KIND_NAMES.get(kind, (kind, kind))[n != 1]}" for kind, n in sorted(of_kind.items()) if n
    )


def format_probability(probability: float) -> str:
    """Cut off, not rounded: what is not certain, or below a threshold, must not read as if it were not."""
    return f"{floor(probability * 1000 + 1e-9) / 1000:.3f}" if probability < 1 else "1"


def describe_links(
    graph: NumberedGraph, links: pa.Table, pairs: list[tuple[int, int]]
) -> dict[tuple[str, str], str]:
    """Per pair of ids, its links in words: rule and weight, and what holds it. No row of `links`,
    no entry.
    """
    id_pairs = {(graph.ids[int(a)].as_py(), graph.ids[int(b)].as_py()) for a, b in pairs}
    near = links.filter(
        pc.is_in(links["identifier_id_a"], pa.array(sorted({a for a, _ in id_pairs}), pa.string()))
    )
    words: dict[tuple[str, str], list[str]] = {}
    for link in near.to_pylist():
        if get_identifier_pair(link) in id_pairs:
            held_text = f", held by {link['held_by']}" if link["held_by"] else ""
            words.setdefault(get_identifier_pair(link), []).append(
                f"{link['rule']} {format_probability(link['weight'])}{held_text}"
            )
    return {pair: " and ".join(sorted(links)) for pair, links in words.items()}
