"""How well a sample shop's home knows who is who, by the shop's own truth, and what the same links would say
unprotected:

    python -m benchmarks.identity --home FOLDER --as-of 2026-02-18

Pairs of identifiers behind each of which stands one person: precision, of the pairs that share a customer;
recall, of the pairs that share a person. Placeholders and shared identifiers are nobody's and in no pair.
*Unprotected* follows every link of `core_identity_links`, held or not: no blocked value, no limit, no shared
device.

A pair is within reach when both of its ends are. An identifier is, when it was seen with another that is no
placeholder, or stands in a person's record. A browser that nobody ever logged in on, or only under a broken
id, no evidence can link.
"""

import argparse
from collections import Counter
from dataclasses import dataclass
from datetime import date
from itertools import combinations_with_replacement
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from benchmarks.linkage.cluster_metrics import score_pairwise
from expectations.contracts.home import HomePaths
from expectations.contracts.identifiers import KINDS, hash_identifier
from expectations.contracts.lake import CORE_IDENTIFIERS, CORE_IDENTITIES, CORE_IDENTITY_LINKS, CORE_PEOPLE
from sample_shop.judge import Judge
from spark_jobs.lake.tables import Lake
from spark_jobs.settings import Settings

SOURCE = "sample_shop"
ENDS = ("identifier_id_a", "identifier_id_b")
RECORD = tuple(name for name in CORE_PEOPLE.columns if name.endswith("_identifier_id"))
WORST = 10


@dataclass(frozen=True)
class IdentifierTruth:
    """What is true of the identifiers of a lake, one entry each, in the order of `core_identifiers`.

    Attributes:
        person: number of the one person behind it; -1: several, or nobody.
        kind: place in `KINDS`; anything where `person` is -1.
        is_placeholder: typed or sent in the place of an identifier.
        in_reach: see the page's beginning.
    """

    person: np.ndarray
    kind: np.ndarray
    is_placeholder: np.ndarray
    in_reach: np.ndarray


def find_places(column: pa.ChunkedArray, identifiers: pa.Array) -> np.ndarray:
    """Place of each value among the identifiers, -1 for null and for one that is not among them."""
    return pc.fill_null(pc.index_in(column, value_set=identifiers), -1).to_numpy().astype(np.int64)


def find_link_ends(links: pa.Table, identifiers: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Places of the two ends of each link.

    Raises:
        ValueError: an end is not among the identifiers.
    """
    a, b = (find_places(links[end], identifiers) for end in ENDS)
    if min(a.min(initial=0), b.min(initial=0)) < 0:
        raise ValueError(
            "core_identity_links names an identifier that core_identifiers does not: identify was cut off"
        )
    return a, b


def find_identifiers_in_reach(
    identifiers: pa.Array, links: pa.Table, people: pa.Table, is_placeholder: np.ndarray
) -> np.ndarray:
    """Whether each identifier was seen with another that is no placeholder, or stands in a
    person's record.
    """
    is_reached = np.zeros(len(identifiers), dtype=bool)
    a, b = find_link_ends(links, identifiers)
    is_reached[a[~is_placeholder[b]]] = True
    is_reached[b[~is_placeholder[a]]] = True
    for name in people.column_names:
        at = find_places(people[name], identifiers)
        is_reached[at[at >= 0]] = True
    return is_reached


def read_identifier_truth(
    identifiers: pa.Array,
    links: pa.Table,
    people: pa.Table,
    persons: dict[str, tuple[str, set[str]]],
    nobodys: set[str],
) -> IdentifierTruth:
    """What is true of the identifiers.

    Args:
        identifiers: every identifier of the lake, each once.
        links: `identifier_id_a`, `identifier_id_b`.
        people: the columns of `core_people` that hold identifiers.
        persons: identifier → its kind, and who truly stands behind it.
        nobodys: identifiers that are placeholders.
    """
    number: dict[str, int] = {}
    person, kind = np.full(len(identifiers), -1), np.zeros(len(identifiers), dtype=np.int64)
    for k, identifier in enumerate(identifiers.to_pylist()):
        its_kind, found = persons.get(identifier, ("", set()))
        if len(found) == 1 and identifier not in nobodys:
            person[k], kind[k] = number.setdefault(next(iter(found)), len(number)), KINDS.index(its_kind)
    is_placeholder = pc.is_in(identifiers, value_set=pa.array(sorted(nobodys), pa.string())).to_numpy(
        zero_copy_only=False
    )
    return IdentifierTruth(
        person, kind, is_placeholder, find_identifiers_in_reach(identifiers, links, people, is_placeholder)
    )


def cluster_by_all_links(identifiers: pa.Array, links: pa.Table) -> np.ndarray:
    """The number of each identifier's customer when every link is followed."""
    a, b = find_link_ends(links, identifiers)
    graph = coo_matrix((np.ones(len(a), dtype=np.int8), (a, b)), shape=(len(identifiers), len(identifiers)))
    return connected_components(graph, directed=False)[1]


def measure_customers(customer: np.ndarray, known: IdentifierTruth) -> dict[str, float]:
    """Pairwise figures of customers, one number an identifier, against the truth; and their
    largest customer.
    """
    judged = known.person >= 0
    near = judged & known.in_reach
    every = score_pairwise(customer[judged], known.person[judged])
    return {
        "precision": every["precision"],
        "recall": every["recall"],
        "recall within reach": score_pairwise(customer[near], known.person[near])["recall"],
        "largest customer": int(np.bincount(customer).max()),
        "customers": len(np.unique(customer[~known.is_placeholder])),
    }


def count_pairs_by_kinds(known: IdentifierTruth, customer: np.ndarray | None = None) -> np.ndarray:
    """Pairs of one person (and of one customer, where customers are given), by the kinds of the two: upper
    triangle of KINDS².
    """
    judged = np.flatnonzero(known.person >= 0)
    owner = (
        known.person[judged]
        if customer is None
        else known.person[judged] * (customer.max() + 1) + customer[judged]
    )
    _, group = np.unique(owner, return_inverse=True)
    counts = np.zeros((group.max() + 1 if len(group) else 0, len(KINDS)), dtype=np.int64)
    np.add.at(counts, (group, known.kind[judged]), 1)
    both = counts.T @ counts
    np.fill_diagonal(both, (counts * (counts - 1) // 2).sum(axis=0))
    return np.triu(both)


def list_missed_pairs(customer: np.ndarray, known: IdentifierTruth) -> list[tuple[str, str, int, int, int]]:
    """Kinds of the two ends; pairs of one person: not one customer's, those of them within reach, all. Most
    missed first.
    """
    near = IdentifierTruth(
        np.where(known.in_reach, known.person, -1), known.kind, known.is_placeholder, known.in_reach
    )
    true, lost = (
        count_pairs_by_kinds(known),
        count_pairs_by_kinds(known) - count_pairs_by_kinds(known, customer),
    )
    lost_near = count_pairs_by_kinds(near) - count_pairs_by_kinds(near, customer)
    rows = [
        (KINDS[k], KINDS[m], int(lost[k, m]), int(lost_near[k, m]), int(true[k, m]))
        for k, m in combinations_with_replacement(range(len(KINDS)), 2)
    ]
    return sorted((row for row in rows if row[2]), key=lambda row: -row[2])


def count_held_links(links: pa.Table) -> Counter:
    """How many links are followed, and what holds the others; a lake from before `held_by` knows only that
    they are held.
    """
    if "held_by" in links.column_names:
        return Counter(why or "followed" for why in links["held_by"].to_pylist())
    return Counter("followed" if weight > 0 else "held" for weight in links["weight"].to_pylist())


def print_comparison(
    customer: np.ndarray, identifiers: pa.Array, links: pa.Table, known: IdentifierTruth, shared: int
) -> None:
    """Print the comparison."""
    print(
        f"{(known.person >= 0).sum():,} identifiers of one person,"
        f" {known.in_reach[known.person >= 0].sum():,} of them within reach; {shared:,} shared,"
        f" {known.is_placeholder.sum():,} placeholders"
    )
    print("links: " + ", ".join(f"{why} {n:,}" for why, n in count_held_links(links).most_common()))
    sides = {
        "protected": measure_customers(customer, known),
        "unprotected": measure_customers(cluster_by_all_links(identifiers, links), known),
    }
    print(f"{'':<22}" + "".join(f"{side:>14}" for side in sides))
    for name in sides["protected"]:
        figures = (side[name] for side in sides.values())
        print(
            f"{name:<22}" + "".join(f"{x:>14,.4f}" if isinstance(x, float) else f"{x:>14,}" for x in figures)
        )
    print("pairs missed, by kinds   missed  within reach   of all")
    for one, other, lost, near, true in list_missed_pairs(customer, known)[:WORST]:
        print(f"{f'{one} {other}':<24} {lost:>6,} {near:>13,} {true:>8,}")


def read_links(lake: Lake) -> pa.Table:
    """Every link, with what there is about its being followed."""
    there = lake.scan(CORE_IDENTITY_LINKS).schema.names
    return lake.read_arrow(
        CORE_IDENTITY_LINKS, [name for name in (*ENDS, "weight", "held_by") if name in there]
    )


def main() -> None:
    """Judge one home whose last landing day is `--as-of`."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--as-of", type=date.fromisoformat, required=True)
    args = parser.parse_args()
    lake, judge = Lake(HomePaths(args.home).lake), Judge(HomePaths(args.home).truth, args.as_of)
    key = Settings.from_environment().identity_key
    rows, links = lake.read_arrow(CORE_IDENTITIES), read_links(lake)
    identifiers = lake.read_arrow(CORE_IDENTIFIERS, ["identifier_id"])["identifier_id"].combine_chunks()
    whose = rows["customer_id"].take(
        pc.index_in(identifiers, value_set=rows["identifier_id"].combine_chunks())
    )
    # One that is blocked has no customer, and so shares none.
    customer = np.unique(pc.coalesce(whose, identifiers).to_numpy(zero_copy_only=False), return_inverse=True)[
        1
    ]
    persons = {
        hash_identifier(key, kind, SOURCE, value): (kind, found)
        for (kind, value), found in judge.list_identifiers().items()
    }
    nobodys = {hash_identifier(key, kind, SOURCE, value) for kind, value in judge.list_placeholders()}
    known = read_identifier_truth(identifiers, links, lake.read_arrow(CORE_PEOPLE, RECORD), persons, nobodys)
    print_comparison(
        customer, identifiers, links, known, sum(len(found) > 1 for _, found in persons.values())
    )


if __name__ == "__main__":
    main()
