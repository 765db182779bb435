"""What review questions are built from: tables, limits, and the answers already given."""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from spark_jobs.identify.graph.positions import find_positions
from spark_jobs.identify.review.numbering import NumberedGraph

ANSWERING_DECISIONS = ("split", "refuse", "join")


@dataclass(frozen=True)
class ReviewTables:
    """The tables of one run.

    Attributes:
        identifiers: `core_identifiers`: `identifier_id, kind, source`.
        links: `core_identity_links`.
        identities: `core_identities`, one row for each of the identifiers.
        likeness: `core_identity_likeness`.
        records: `source, record_id, identifier_id`: the identifier by which a person's record is linked when
            alike.
        decisions: `core_identity_decisions`; a split, refusal or join in force answers what is asked about
            its pair, and a split every question of likeness between the two customers.
    """

    identifiers: pa.Table
    links: pa.Table
    identities: pa.Table
    likeness: pa.Table
    records: pa.Table
    decisions: pa.Table


@dataclass(frozen=True)
class ReviewLimits:
    """When something is asked.

    Attributes:
        giant: a customer of more identifiers is asked about and held back.
        review, link: probabilities; a pair of records from `review` up is asked about, from `link` up it
            should be one person.
        least_bits: a bridge whose score is not above is not asked about; at 0 its sides are as likely one
            person as two.
        most: questions of one kind, the first of them; of giants all, for the queue is what holds them back.
    """

    giant: int
    review: float
    link: float
    least_bits: float = 0.0
    most: int = 200


@dataclass(frozen=True)
class DecidedPairs:
    """What people have decided already.

    Attributes:
        pairs: of identifiers, a < b, that a decision is about.
        split_customers: pairs of customers, by number, that a decision split.
    """

    pairs: set[tuple[str, str]]
    split_customers: set[tuple[int, int]]


def read_decided_pairs(graph: NumberedGraph, decisions: pa.Table) -> DecidedPairs:
    """The answers among `core_identity_decisions`: splits, refusals and joins in force."""
    pairs, split_customers = set(), set()
    in_force = decisions.filter(
        pc.and_(decisions["is_in_force"], pc.is_in(decisions["decision"], pa.array(ANSWERING_DECISIONS)))
    )
    ends = [in_force[f"identifier_id_{end}"] for end in "ab"]
    numbered_ends = zip(*(find_positions(end, graph.ids).tolist() for end in ends), strict=True)
    for word, a, b, (i, j) in zip(
        in_force["decision"].to_pylist(), *(e.to_pylist() for e in ends), numbered_ends, strict=True
    ):
        pairs.add((min(a, b), max(a, b)))
        if word == "split" and i >= 0 and j >= 0:
            split_customers.add(tuple(sorted((int(graph.customer[i]), int(graph.customer[j])))))
    return DecidedPairs(pairs, split_customers)
