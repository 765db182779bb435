"""Why each identifier is whose, for operators: the links and the review queue of a snapshot.

Of everyone, who refused personalization and who is held back too: nothing that a visitor is answered with is
read from here.
"""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from expectations.contracts import snapshot
from expectations.contracts.lake import CORE_IDENTITY_DECISIONS, CORE_IDENTITY_LINKS, CORE_IDENTITY_REVIEWS
from spark_jobs.lake.tables import Lake

ENDS = ("identifier_id_a", "identifier_id_b")
LINK_COLUMNS = ("rule", "evidence", "weight", "first_seen_at", "held_by")
REVIEW_KINDS = ("giant", "bridge", "likeness")  # kinds of review; scores compare within a kind only
MAX_UNFOLLOWED_LINKS = (
    200  # links of one identifier that are not followed; `null` may have stood beside everyone
)
CHUNK = (
    20_000  # identifiers at a time: a million of them with their links as Python objects would be gigabytes
)


def read_links(lake: Lake) -> pa.Table | None:
    """Read `core_identity_links`; None where its rows do not say which links are followed."""
    stored_columns = set(lake.scan(CORE_IDENTITY_LINKS).schema.names)
    return (
        lake.read_arrow(CORE_IDENTITY_LINKS) if stored_columns >= set(CORE_IDENTITY_LINKS.columns) else None
    )


def read_reviews(lake: Lake) -> list[snapshot.Review]:
    """Read the review queue, giants first, then by score; empty where there are no questions."""
    rows = lake.read_arrow(CORE_IDENTITY_REVIEWS).to_pylist()
    rows.sort(key=lambda row: (rank_review_kind(row["kind"]), -row["score"], row["review_id"]))
    return [
        snapshot.Review(
            row["review_id"],
            row["kind"],
            row["customer_id"],
            row["identifier_id_a"],
            row["identifier_id_b"],
            row["score"],
            row["n_identifiers"],
            row["is_held_back"],
            row["because"],
        )
        for row in rows
    ]


def read_applied_decision_ids(lake: Lake) -> list[str]:
    """Ids of the decisions that the last `identify` applied."""
    rows = lake.read_arrow(CORE_IDENTITY_DECISIONS, ["decision_id", "is_in_force"])
    return rows.filter(rows["is_in_force"])["decision_id"].to_pylist()


def rank_review_kind(kind: str) -> int:
    return REVIEW_KINDS.index(kind) if kind in REVIEW_KINDS else len(REVIEW_KINDS)


def group_links_by_identifier(
    identifiers: pa.Table, known: pa.Table
) -> Iterator[tuple[str, snapshot.IdentifierLinks]]:
    """Each identifier with its links.

    Args:
        identifiers: `identifier_id, kind, customer_id`, unique by id.
        known: as `read_links` gives them; a link with an end that is no identifier is left out.

    Of the links of an identifier that are not followed the earliest `MAX_UNFOLLOWED_LINKS` are kept, and how
    many are not is said.
    """
    identifiers = identifiers.sort_by("identifier_id")
    ids = identifiers["identifier_id"].combine_chunks()
    a, b = (find_positions(known[name], ids) for name in ENDS)
    here, other = np.concatenate([a, b]), np.concatenate([b, a])
    # By numbers, not by texts: ten million ends of links are sorted in the room of their numbers, and read
    # chunk by chunk.
    order = np.lexsort([np.tile(rank_texts(known["rule"]), 2), other, here])
    order = order[(here[order] >= 0) & (other[order] >= 0)]
    order, left_out = limit_unfollowed_links(order, here, known, len(ids))
    starts = np.searchsorted(here[order], np.arange(len(ids) + 1))
    for first in range(0, len(ids), CHUNK):
        last = min(first + CHUNK, len(ids))
        ends = order[starts[first] : starts[last]]
        part = known.select(LINK_COLUMNS).take(pa.array(ends % max(len(known), 1)))
        columns = (ids.take(pa.array(other[ends])), *part.columns)
        rows = [snapshot.Link(*row) for row in zip(*(column.to_pylist() for column in columns), strict=True)]
        begins = starts[first : last + 1] - starts[first]
        people = identifiers.slice(first, last - first).to_pylist()
        omitted = left_out[first:last].tolist()
        for row, start, end, n in zip(people, begins[:-1], begins[1:], omitted, strict=True):
            yield (
                row["identifier_id"],
                snapshot.IdentifierLinks(row["kind"], row["customer_id"], tuple(rows[start:end]), n),
            )


def limit_unfollowed_links(
    order: np.ndarray, here: np.ndarray, known: pa.Table, n_identifiers: int
) -> tuple[np.ndarray, np.ndarray]:
    """Ends of links with no more than `MAX_UNFOLLOWED_LINKS` of an identifier that are not followed, the
    earliest; and how many each lost.

    Args:
        order: the ends, by number, in an order that is the same for the same links; it is kept, and decides
            between equals.
        here: the identifier of each end, by number.
    """
    is_held = np.tile(pc.is_valid(known["held_by"]).to_numpy(), 2)
    since = np.tile(pc.cast(known["first_seen_at"], pa.int64()).to_numpy(), 2)
    held_order = order[is_held[order]]
    left_out = np.maximum(np.bincount(here[held_order], minlength=n_identifiers) - MAX_UNFOLLOWED_LINKS, 0)
    crowd = held_order[left_out[here[held_order]] > 0]
    crowd = crowd[np.lexsort((since[crowd], here[crowd]))]  # stable: equals stay in `order`
    place_of = np.arange(len(crowd)) - np.searchsorted(here[crowd], here[crowd])
    is_kept = np.ones(len(here), dtype=bool)
    is_kept[crowd[place_of >= MAX_UNFOLLOWED_LINKS]] = False
    return order[is_kept[order]], left_out


def find_positions(texts: pa.ChunkedArray, among: pa.Array) -> np.ndarray:
    """The position of each text in `among`; -1 where it is not there."""
    return pc.fill_null(pc.index_in(texts, value_set=among), -1).to_numpy().astype(np.int64)


def rank_texts(texts: pa.ChunkedArray) -> np.ndarray:
    """The rank of each text among all distinct texts, in alphabetical order from 0."""
    different = pc.unique(texts)
    return find_positions(texts, different.take(pc.sort_indices(different)))


def join_identifiers_with_customers(kinds: pa.Table, identities: pa.Table) -> pa.Table:
    """`identifier_id, kind, customer_id` of every identifier; of those that nobody stands behind without a
    customer.

    Args:
        kinds: `identifier_id, kind` of `core_identifiers`.
        identities: `core_identities`.
    """
    at = pc.index_in(kinds["identifier_id"], value_set=identities["identifier_id"].combine_chunks())
    whose = identities["customer_id"].combine_chunks().take(at.combine_chunks())
    return kinds.select(["identifier_id", "kind"]).append_column("customer_id", whose)
