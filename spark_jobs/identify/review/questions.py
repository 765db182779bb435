"""The questions about merges that a person should answer: giants, bridges, likeness in doubt; most harmful
first.

An answer is a decision in force about the question's pair, and takes it off the queue for good: nothing is
asked twice. Nothing here names a person: `because` holds kinds, counts, rules and probabilities.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from math import floor

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from expectations.contracts.lake import CORE_IDENTITY_REVIEWS
from spark_jobs.identify.review.numbering import NumberedGraph, find_numbers, number_graph
from spark_jobs.identify.review.suspicion import OWN_BITS, SuspiciousBridges, rank_suspicious_bridges
from spark_jobs.lake.arrow_types import build_arrow_schema

ANSWERING_DECISIONS = ("split", "refuse", "join")
TO_RELEASE = "served again when join says it is one customer, or split or refuse leave no more than that"
KIND_NAMES = {
    "user_id": ("user id", "user ids"),
    "crm_id": ("CRM id", "CRM ids"),
    "email": ("e-mail", "e-mails"),
    "phone": ("phone", "phones"),
    "anonymous_id": ("browser", "browsers"),
}


@dataclass(frozen=True)
class ReviewLimits:
    """When something is asked.

    Attributes:
        giant: a customer of more identifiers is asked about and held back.
        review, link: probabilities; a pair of records from `review` up is asked about, from `link` up it
        should be one person. least_bits: a bridge whose score is not above is not asked about; at 0 its sides
        are as likely one person as two. most: questions of one kind, the first of them; of giants all, for
        the queue is what holds them back.
    """

    giant: int
    review: float
    link: float
    least_bits: float = 0.0
    most: int = 200


@dataclass(frozen=True)
class ReviewQuestions:
    """`rows` of `core_identity_reviews` in the order to answer them; `n_found`: kind → how many there are,
    asked or not.
    """

    rows: pa.Table
    n_found: Mapping[str, int]


def build_review_questions(
    identifiers: pa.Table,
    links: pa.Table,
    identities: pa.Table,
    likeness: pa.Table,
    records: pa.Table,
    decisions: pa.Table,
    limits: ReviewLimits,
) -> ReviewQuestions:
    """Tonight's questions. Same tables in any order of rows, same questions.

    Args:
        identifiers: `core_identifiers`: `identifier_id, kind, source`.
        links: `core_identity_links`.
        identities: `core_identities`, one row for each of the identifiers.
        likeness: `core_identity_likeness`.
        records: `source, record_id, identifier_id`: the identifier by which a person's record is linked when
            alike.
        decisions: `core_identity_decisions`; a split, refusal or join in force answers what is asked about
            its pair, and a split every question of likeness between the two customers.
    """
    graph = number_graph(identifiers, links, identities)
    answered, parted = read_answers(graph, decisions)
    found = rank_suspicious_bridges(graph)
    giants = [row for row in find_giants(graph, found, limits) if get_pair(row) not in answered]
    n_bridges, parts = find_suspicious_bridges(
        graph, found, links, answered, {row["customer_id"] for row in giants}, limits
    )
    n_likeness, pairs = find_doubtful_likeness(graph, likeness, records, links, answered, parted, limits)
    rows = [
        {
            "review_id": hash_review_id(kind, *get_pair(row)),
            "kind": kind,
            "is_held_back": kind == "giant",
            **row,
        }
        for kind, of_kind in (("giant", giants), ("bridge", parts), ("likeness", pairs))
        for row in of_kind
    ]
    return ReviewQuestions(
        pa.Table.from_pylist(rows, schema=build_arrow_schema(CORE_IDENTITY_REVIEWS)),
        {"giant": len(giants), "bridge": n_bridges, "likeness": n_likeness},
    )


def hash_review_id(kind: str, a: str, b: str) -> str:
    """The same for the same question for ever."""
    return f"r_{hashlib.sha256(f'{kind}|{a}|{b}'.encode()).hexdigest()[:24]}"


def get_pair(row: Mapping) -> tuple[str, str]:
    return row["identifier_id_a"], row["identifier_id_b"]


def read_answers(
    graph: NumberedGraph, decisions: pa.Table
) -> tuple[set[tuple[str, str]], set[tuple[int, int]]]:
    """The pairs of identifiers someone decided on, a < b; and the pairs of customers that were told apart, by
    number.
    """
    answered, parted = set(), set()
    in_force = decisions.filter(
        pc.and_(decisions["is_in_force"], pc.is_in(decisions["decision"], pa.array(ANSWERING_DECISIONS)))
    )
    ends = [in_force[f"identifier_id_{end}"] for end in "ab"]
    numbered_ends = zip(*(find_numbers(end, graph.ids).tolist() for end in ends), strict=True)
    for word, a, b, (i, j) in zip(
        in_force["decision"].to_pylist(), *(e.to_pylist() for e in ends), numbered_ends, strict=True
    ):
        answered.add((min(a, b), max(a, b)))
        if word == "split" and i >= 0 and j >= 0:
            parted.add(tuple(sorted((int(graph.customer[i]), int(graph.customer[j])))))
    return answered, parted


def find_giants(graph: NumberedGraph, found: SuspiciousBridges, limits: ReviewLimits) -> list[dict]:
    """A row per customer of more than `limits.giant` identifiers, the largest first.

    Its pair is its most suspicious bridge; without one the weakest of its links, the earliest of equals.
    Either stays the same while the customer grows, unless something more suspicious comes up: then it is
    asked anew.
    """
    size = np.bincount(graph.customer, minlength=len(graph.customers))
    giants = np.flatnonzero(size > limits.giant)
    by_doubt = np.r_[found.pair, np.lexsort((graph.first_seen, graph.bits))]
    by_doubt = by_doubt[np.isin(graph.customer[graph.a[by_doubt]], giants)]
    holders, first = np.unique(graph.customer[graph.a[by_doubt]], return_index=True)
    pair = dict(zip(holders.tolist(), by_doubt[first].tolist(), strict=True))
    rows = []
    for who in sorted(giants.tolist(), key=lambda who: (-size[who], who)):
        held = np.bincount(graph.sort_of[graph.customer == who], minlength=len(graph.sorts))
        rows.append(
            {
                **describe_ends(graph, pair[who]),
                "score": float(size[who]),
                "n_identifiers": int(size[who]),
                "because": (
                    f"{size[who]:,} identifiers, more than {limits.giant:,}: {describe_counts(graph, held)};"
                    f" {TO_RELEASE}"
                ),
            }
        )
    return rows


def find_suspicious_bridges(
    graph: NumberedGraph,
    found: SuspiciousBridges,
    links: pa.Table,
    answered: set,
    giants: set[str],
    limits: ReviewLimits,
) -> tuple[int, list[dict]]:
    """How many bridges are suspicious and not decided on, and the rows of the first: of each customer the
    worst.

    One of a customer at a time, a giant's with the giant: where that one is cut, what the others hold
    together has changed.
    """
    n_open, first = 0, {}
    for i in np.flatnonzero(found.score > limits.least_bits).tolist():
        row = describe_ends(graph, found.pair[i])
        if get_pair(row) not in answered:
            n_open += 1
            if row["customer_id"] not in giants:
                first.setdefault(row["customer_id"], i)
    first = list(first.values())[: limits.most]
    said = describe_links(graph, links, [(graph.a[p], graph.b[p]) for p in found.pair[first]])
    rows = []
    for i in first:
        row, sides = describe_ends(graph, found.pair[i]), (found.held_a[i], found.held_b[i])
        both = [
            kind for (kind, _), a, b in zip(graph.sorts, *sides, strict=True) if a and b and kind in OWN_BITS
        ]
        own = (
            "; each side has its own " + ", ".join(KIND_NAMES[kind][0] for kind in sorted(set(both)))
            if both
            else ""
        )
        n_links = (found.links_a[i], found.links_b[i])
        counts = [
            f"{describe_counts(graph, s)} ({n:,} link{'' if n == 1 else 's'})"
            for s, n in zip(sides, n_links, strict=True)
        ]
        rows.append(
            {
                **row,
                "score": float(found.score[i]),
                "n_identifiers": int(sum(side.sum() for side in sides)),
                "because": (
                    f"one link ({said[get_pair(row)]}) holds together {counts[0]} and {counts[1]}{own}"
                ),
            }
        )
    return n_open, rows


def find_doubtful_likeness(
    graph: NumberedGraph,
    likeness: pa.Table,
    records: pa.Table,
    links: pa.Table,
    answered: set,
    parted: set,
    limits: ReviewLimits,
) -> tuple[int, list[dict]]:
    """How many pairs of customers are alike enough to ask about, and the rows of the first, each by its
    likest pair of records.

    Whoever is one customer already is not asked about, be it by another way.
    """
    likely = likeness.filter(pc.greater_equal(likeness["probability"], limits.review))
    known = pc.binary_join_element_wise(records["source"], records["record_id"], "\x1f")
    known = known.combine_chunks() if isinstance(known, pa.ChunkedArray) else known
    stands_for = np.append(find_numbers(records["identifier_id"], graph.ids), -1)
    i, j = (
        stands_for[
            find_numbers(
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
        if customers not in parted and (graph.ids[a[row]].as_py(), graph.ids[b[row]].as_py()) not in answered:
            best.setdefault(customers, row)
    size = np.bincount(graph.customer, minlength=len(graph.customers))
    first = list(best.items())[: limits.most]
    said = describe_links(graph, links, [(a[row], b[row]) for _, row in first])
    rows = []
    for customers, row in first:
        ids = {"identifier_id_a": graph.ids[a[row]].as_py(), "identifier_id_b": graph.ids[b[row]].as_py()}
        held = said.get(get_pair(ids), "the records around them say otherwise")
        where = (
            f"below the {limits.link:g} that joins"
            if probability[row] < limits.link
            else f"and not joined: {held}"
        )
        agree = ", ".join(
            f"{name} {level}" for name, level in sorted(likely["agreements"][row].as_py() or ())
        )
        rows.append(
            {
                "customer_id": graph.customers[graph.customer[a[row]]].as_py(),
                **ids,
                "score": float(probability[row]),
                "n_identifiers": int(sum(size[who] for who in customers)),
                "because": (
                    f"{format_probability(probability[row])} likely one person, {where}"
                    + (f"; {agree}" if agree else "")
                ),
            }
        )
    return len(best), rows


def describe_ends(graph: NumberedGraph, pair: int) -> dict[str, str]:
    """The customer and the two ends of a followed pair, as a question names them."""
    a, b = int(graph.a[pair]), int(graph.b[pair])
    return {
        "customer_id": graph.customers[graph.customer[a]].as_py(),
        "identifier_id_a": graph.ids[a].as_py(),
        "identifier_id_b": graph.ids[b].as_py(),
    }


def describe_counts(graph: NumberedGraph, held: np.ndarray) -> str:
    """`2 e-mails, 1 user id`: identifiers of each sort in words."""
    of_kind: dict[str, int] = {}
    for (kind, _), n in zip(graph.sorts, held.tolist(), strict=True):
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
    wanted = {(graph.ids[int(a)].as_py(), graph.ids[int(b)].as_py()) for a, b in pairs}
    near = links.filter(
        pc.is_in(links["identifier_id_a"], pa.array(sorted({a for a, _ in wanted}), pa.string()))
    )
    said: dict[tuple[str, str], list[str]] = {}
    for link in near.to_pylist():
        if get_pair(link) in wanted:
            held = f", held by {link['held_by']}" if link["held_by"] else ""
            said.setdefault(get_pair(link), []).append(
                f"{link['rule']} {format_probability(link['weight'])}{held}"
            )
    return {pair: " and ".join(sorted(words)) for pair, words in said.items()}
