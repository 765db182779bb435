"""The identity tables as numbers: identifiers and customers in the order of their ids, links as pairs of
numbers.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from spark_jobs.identify.graph.links import DECISION_RULE
from spark_jobs.identify.graph.positions import find_positions, sort_values

MAX_BITS = 8.0  # one link says no more than a pair of records may (`ClusterThresholds.clip`)


@dataclass(frozen=True)
class NumberedGraph:
    """Arrays per identifier and per followed pair. Same tables in any order of rows, same numbers.

    Attributes:
        ids, customers: what the numbers stand for, ascending.
        sort_of: per identifier, a number of `sorts`: its kind and, for kinds local to a source, the source.
        customer: per identifier.
        a, b: per pair with a followed link, the smaller and the larger identifier; pairs ascend.
        bits: per pair, what its followed links say together; what somebody decided adds nothing to what was
            seen, or an answer would move the question to another link.
        first_seen: per pair, microseconds since 1970 of the earliest.
    """

    ids: pa.Array
    customers: pa.Array
    sorts: list[tuple[str, str | None]]
    sort_of: np.ndarray
    customer: np.ndarray
    a: np.ndarray
    b: np.ndarray
    bits: np.ndarray
    first_seen: np.ndarray


def number_graph(identifiers: pa.Table, links: pa.Table, identities: pa.Table) -> NumberedGraph:
    """Number what `core_identifiers`, `core_identity_links` and `core_identities` hold.

    Raises:
        ValueError: a followed link leads to an identifier that is not there.
    """
    ids = sort_values(identifiers["identifier_id"])
    rows = identifiers.select(["identifier_id", "kind", "source"]).take(
        pc.sort_indices(identifiers["identifier_id"])
    )
    kind, source = (
        pc.dictionary_encode(pc.fill_null(rows[name], "")).combine_chunks() for name in ("kind", "source")
    )
    both = kind.indices.to_numpy().astype(np.int64) * len(source.dictionary) + source.indices.to_numpy()
    codes, sort_of = np.unique(both, return_inverse=True)
    names = [divmod(code, len(source.dictionary)) for code in codes.tolist()]
    sorts = [(kind.dictionary[k].as_py(), source.dictionary[s].as_py() or None) for k, s in names]

    customers = sort_values(pc.unique(identities["customer_id"]))
    customer = np.full(len(ids), -1, dtype=np.int64)
    customer[find_positions(identities["identifier_id"], ids)] = find_positions(
        identities["customer_id"], customers
    )

    followed = links.filter(links["is_followed"])
    a, b = (find_positions(followed[f"identifier_id_{end}"], ids) for end in "ab")
    if len(a) and min(a.min(), b.min()) < 0:
        raise ValueError(
            "a followed link of core_identity_links leads to an identifier that core_identifiers does not"
            " hold"
        )
    pair, of_pair = np.unique(np.minimum(a, b) * len(ids) + np.maximum(a, b), return_inverse=True)
    first_seen = np.full(len(pair), np.iinfo(np.int64).max)
    np.minimum.at(first_seen, of_pair, convert_to_microseconds(followed["first_seen_at"]))
    is_seen = pc.not_equal(followed["rule"], DECISION_RULE).to_numpy(zero_copy_only=False)
    counts = is_seen | (np.bincount(of_pair, is_seen, minlength=len(pair)) == 0)[of_pair]
    bits = np.bincount(of_pair, convert_to_bits(followed["weight"].to_numpy()) * counts, minlength=len(pair))
    return NumberedGraph(
        ids, customers, sorts, sort_of, customer, *np.divmod(pair, max(len(ids), 1)), bits, first_seen
    )


def convert_to_microseconds(times: pa.ChunkedArray) -> np.ndarray:
    return times.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()).to_numpy()


def convert_to_bits(probability: np.ndarray) -> np.ndarray:
    """Log-odds to base 2, within ±MAX_BITS."""
    with np.errstate(divide="ignore"):
        return np.clip(np.log2(probability) - np.log2(1 - probability), -MAX_BITS, MAX_BITS)
