"""The part of the identity graph that one picture shows: few enough nodes to read, no personal values."""

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

# the nearest; of what then hangs alone on a node much is drawn as one, twice
MOST_LOOKED_AT, MOST_NODES = (
    120,
    24,
)
MOST_READ = 20_000
MOST_LEAVES = 3  # leaves of one kind on one node beyond this are drawn as one


@dataclass(frozen=True)
class DrawnNode:
    """One identifier, or `n` of one kind that hang on the same one."""

    name: str
    kind: str
    n: int = 1


@dataclass(frozen=True)
class DrawnLink:
    """One link between nodes a < b; `held_by` None: it is followed. `is_asked`: it is what the question is
    about.
    """

    a: int
    b: int
    rule: str
    weight: float
    held_by: str | None
    is_asked: bool = False


@dataclass(frozen=True)
class DrawnGraph:
    """What one picture shows; `n_left_out`: identifiers of its customers that it does not."""

    nodes: list[DrawnNode]
    lines: list[DrawnLink]
    n_left_out: int


@dataclass(frozen=True)
class Neighbourhood:
    """Identifiers of some customers, the links between them, and how many each customer has, read or not."""

    kind: dict[str, str]
    customer: dict[str, str]
    links: list[dict]
    n_identifiers: dict[str, int]


def read_neighbourhood(
    identifiers: pa.Table,
    links: pa.Table,
    identities: pa.Table,
    customers: Collection[str],
    ends_asked: Collection[str] = (),
) -> Neighbourhood:
    """Identifiers and links around some customers, for all pictures of a run, in one pass over the tables.

    Of customers with more than `MOST_READ` identifiers in all, only what lies near those that are asked
    about: a placeholder that joined half a shop must not cost the night the memory of Python objects for it.
    """
    theirs = identities.filter(pc.is_in(identities["customer_id"], pa.array(sorted(customers), pa.string())))
    n_identifiers = {
        row["values"]: row["counts"] for row in pc.value_counts(theirs["customer_id"]).to_pylist()
    }
    ids = theirs["identifier_id"].combine_chunks()
    between = _between(links, ids)
    if theirs.num_rows > MOST_READ:
        ids = _reached(between, ends_asked)
        between, theirs = _between(between, ids), theirs.filter(pc.is_in(theirs["identifier_id"], ids))
    nodes = identifiers.filter(pc.is_in(identifiers["identifier_id"], ids))
    columns = ["identifier_id_a", "identifier_id_b", "rule", "weight", "held_by"]
    return Neighbourhood(
        dict(zip(nodes["identifier_id"].to_pylist(), nodes["kind"].to_pylist(), strict=True)),
        dict(zip(theirs["identifier_id"].to_pylist(), theirs["customer_id"].to_pylist(), strict=True)),
        sorted(between.select(columns).to_pylist(), key=lambda row: tuple(map(str, row.values()))),
        n_identifiers,
    )


def _between(links: pa.Table, ids: pa.Array) -> pa.Table:
    return links.filter(pc.and_(*(pc.is_in(links[f"identifier_id_{end}"], ids) for end in "ab")))


def _reached(links: pa.Table, start: Collection[str]) -> pa.Array:
    """Some `MOST_LOOKED_AT` identifiers, or as many as there are, step by step from the start; of a step too
    many the first.
    """
    reached = sorted(start)
    while len(reached) < MOST_LOOKED_AT * max(len(start), 1):
        here = pa.array(reached, pa.string())
        touched = links.filter(pc.or_(*(pc.is_in(links[f"identifier_id_{end}"], here) for end in "ab")))
        ends = pa.concat_arrays([touched[f"identifier_id_{end}"].combine_chunks() for end in "ab"])
        new = sorted(set(pc.unique(ends).to_pylist()) - set(reached))[: MOST_LOOKED_AT * max(len(start), 1)]
        if not new:
            break
        reached = sorted([*reached, *new])
    return pa.array(reached, pa.string())


def shorten_id(identifier_id: str) -> str:
    """Enough of an id to find it by."""
    return identifier_id.removeprefix("i_")[:6]


def build_drawn_graph(
    neighbourhood: Neighbourhood,
    customers: Collection[str],
    pair_asked: tuple[str, str] | None = None,
    probability: float | None = None,
) -> DrawnGraph:
    """The graph of these customers: many leaves of one kind drawn as one, and of what is left the nodes
    nearest the question.

    Args:
        neighbourhood: as `read_neighbourhood` gives it.
        customers: one, or the two that a question of likeness is about.
        pair_asked: the pair of identifiers in question; None: the picture is of the customer as such.
        probability: the probability of a pair in question that has no link; it is drawn as one that nothing
            follows.
    """
    ids = sorted(each for each, who in neighbourhood.customer.items() if who in customers)
    links = [
        row
        for row in neighbourhood.links
        if row["identifier_id_a"] in set(ids) and row["identifier_id_b"] in set(ids)
    ]
    if (
        pair_asked
        and probability is not None
        and pair_asked not in {(row["identifier_id_a"], row["identifier_id_b"]) for row in links}
    ):
        unsure = {"rule": "alike", "weight": probability, "held_by": "not sure enough"}
        links.append({"identifier_id_a": pair_asked[0], "identifier_id_b": pair_asked[1], **unsure})
    beside: dict[str, set[str]] = {each: set() for each in ids}
    for row in links:
        beside[row["identifier_id_a"]].add(row["identifier_id_b"])
        beside[row["identifier_id_b"]].add(row["identifier_id_a"])

    start = pair_asked or (max(ids, key=lambda each: (len(beside[each]), each)),)
    stands_for = dict.fromkeys(ids, 1)
    for most in (MOST_LOOKED_AT, MOST_NODES):
        stands_for = {each: stands_for[each] for each in _nearest(beside, start, stands_for)[:most]}
        beside = {each: beside[each] & stands_for.keys() for each in stands_for}
        for first, *others in _leaves(beside, neighbourhood.kind, pair_asked or ()):
            stands_for[first] += sum(stands_for.pop(each) for each in others)
    row_of = {each: row for row, each in enumerate(sorted(stands_for))}
    lines = [
        DrawnLink(
            row_of[row["identifier_id_a"]],
            row_of[row["identifier_id_b"]],
            row["rule"],
            row["weight"],
            row["held_by"],
            (row["identifier_id_a"], row["identifier_id_b"]) == pair_asked,
        )
        for row in links
        if row["identifier_id_a"] in row_of and row["identifier_id_b"] in row_of
    ]
    nodes = [DrawnNode(shorten_id(each), neighbourhood.kind[each], stands_for[each]) for each in row_of]
    n = sum(neighbourhood.n_identifiers[who] for who in customers)
    return DrawnGraph(nodes, lines, n - sum(node.n for node in nodes))


def _leaves(
    beside: dict[str, set[str]], kind: dict[str, str], pair_asked: Collection[str]
) -> list[list[str]]:
    """Groups of more than `MOST_LEAVES` leaves of one kind on one node; an end of the question is never in
    one.
    """
    groups: dict[tuple[str, str], list[str]] = {}
    for each, others in beside.items():
        if len(others) == 1 and each not in pair_asked:
            groups.setdefault((next(iter(others)), kind[each]), []).append(each)
    return [leaves for leaves in groups.values() if len(leaves) > MOST_LEAVES]


def _nearest(beside: dict[str, set[str]], start: Collection[str], among: Collection[str]) -> list[str]:
    """Those of `among` that can be reached from `start`, nearest first, then the others."""
    among, reached, waiting = set(among), dict.fromkeys(start), deque(start)
    while waiting:
        for other in sorted(beside[waiting.popleft()]):
            if other not in reached and other in among:
                reached[other] = None
                waiting.append(other)
    return [*reached, *sorted(among - set(reached))]
