"""The questions about merges that a person should answer: giants, bridges, likeness in doubt; most harmful
first.

An answer is a decision in force about the question's pair, and takes it off the queue for good: nothing is
asked twice. Nothing here names a person: `because` holds kinds, counts, rules and probabilities.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from expectations.contracts.lake import CORE_IDENTITY_REVIEWS
from spark_jobs.identify.review.bridge_questions import find_giants, find_suspicious_bridges
from spark_jobs.identify.review.inputs import ReviewLimits, ReviewTables, read_decided_pairs
from spark_jobs.identify.review.likeness_questions import find_doubtful_likeness
from spark_jobs.identify.review.numbering import number_graph
from spark_jobs.identify.review.suspicion import rank_suspicious_bridges
from spark_jobs.identify.review.wording import get_identifier_pair
from spark_jobs.lake.arrow_types import build_arrow_schema


@dataclass(frozen=True)
class ReviewQuestions:
    """`rows` of `core_identity_reviews` in the order to answer them; `n_found`: kind → how many there are,
    asked or not.
    """

    rows: pa.Table
    n_found: Mapping[str, int]


def build_review_questions(tables: ReviewTables, limits: ReviewLimits) -> ReviewQuestions:
    """The questions of a run. Same tables in any order of rows, same questions."""
    graph = number_graph(tables.identifiers, tables.links, tables.identities)
    answers, bridges = read_decided_pairs(graph, tables.decisions), rank_suspicious_bridges(graph)
    giants = [
        row for row in find_giants(graph, bridges, limits) if get_identifier_pair(row) not in answers.pairs
    ]
    giant_ids = {row["customer_id"] for row in giants}
    n_bridges, bridge_rows = find_suspicious_bridges(graph, bridges, tables.links, answers, giant_ids, limits)
    n_likeness, likeness_rows = find_doubtful_likeness(graph, tables, answers, limits)
    rows = [
        {
            "review_id": hash_review_id(kind, *get_identifier_pair(row)),
            "kind": kind,
            "is_held_back": kind == "giant",
            **row,
        }
        for kind, of_kind in (("giant", giants), ("bridge", bridge_rows), ("likeness", likeness_rows))
        for row in of_kind
    ]
    return ReviewQuestions(
        pa.Table.from_pylist(rows, schema=build_arrow_schema(CORE_IDENTITY_REVIEWS)),
        {"giant": len(giants), "bridge": n_bridges, "likeness": n_likeness},
    )


def hash_review_id(kind: str, a: str, b: str) -> str:
    """The id of a question: the same for the same question for ever."""
    return f"r_{hashlib.sha256(f'{kind}|{a}|{b}'.encode()).hexdigest()[:24]}"
