"""Follow links one by one, and hold those that would make a customer more than one person may be.

The specification of identity's limits, as a pure function of sets: the order in which links or nights arrived
does not matter, since they are followed in the order of what they say (`build_link_order_key`). Where no
limit and no decision is touched the answer is the connected components, which is how most of a graph is
worked out (`clustering.py`); here stands what is left.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from expectations.contracts.identity_rules import IdentifierLimit, IdentityRules
from spark_jobs.identify.graph.links import ALIKE_RULE, DECISION_RULE

SPLIT = "decision/split"


@dataclass(frozen=True)
class IdentifierNode:
    """What is known of an identifier."""

    kind: str
    source: str | None
    first_seen_at: datetime


@dataclass(frozen=True)
class Link:
    """One row of `core_identity_links` that no other rule holds."""

    a: str
    b: str
    rule: str
    evidence: str
    weight: float
    first_seen_at: datetime


@dataclass(frozen=True)
class ReplayResult:
    """Which links are held, and by what; and for each identifier the smallest one it can still reach."""

    held: Mapping[Link, str]
    roots: Mapping[str, str]


def build_link_order_key(link: Link, nodes: Mapping[str, IdentifierNode], rules: IdentityRules) -> tuple:
    """The key by which links are followed: decisions, then what was seen by time, of one record the better
    priorities first; then likeness.

    Segment's rule, which demotes an event's identifier of the lowest priority and tries the others, in terms
    of pairs.
    """
    priorities = (rules.limit_of(nodes[end].kind).priority for end in (link.a, link.b))
    worse, better = sorted(priorities, reverse=True)
    tier = 0 if link.rule == DECISION_RULE else 2 if link.rule == ALIKE_RULE else 1
    surest_first = -link.weight if tier == 2 else 0.0
    return tier, surest_first, link.first_seen_at, link.evidence, worse, better, link.rule, link.a, link.b


class _Group:
    """One customer so far: its members, when those of limited kinds were first seen, and the sides of
    decisions it holds.
    """

    def __init__(self, name: str, node: IdentifierNode) -> None:
        self.members = [name]
        self.seen: dict[tuple[str, str | None], list[datetime]] = {
            (node.kind, node.source): [node.first_seen_at]
        }
        self.sides: set[tuple[int, str]] = set()

    def absorb(self, other: "_Group") -> None:
        self.members += other.members
        self.sides |= other.sides
        for key, times in other.seen.items():
            mine = self.seen.setdefault(key, [])
            for at in times:
                insort(mine, at)


def exceeds_limit(one: Sequence[datetime], other: Sequence[datetime], limit: IdentifierLimit) -> bool:
    """Whether first sightings of two groups, each sorted, are together more than one customer may have.

    Over a window only those windows are counted that hold a sighting of the smaller group: a robot's ten
    thousand cookies are not looked through again for each that is added.
    """
    if len(one) + len(other) <= limit.at_most:
        return False
    if limit.within_days is None:
        return True
    window, (few, many) = timedelta(days=limit.within_days), sorted((one, other), key=len)

    def begun(times: Sequence[datetime], until: datetime) -> Sequence[datetime]:
        return times[bisect_left(times, until - window) : bisect_right(times, until)]

    def within(times: Sequence[datetime], first: datetime) -> int:
        return bisect_right(times, first + window) - bisect_left(times, first)

    firsts = {first for each in few for times in (few, many) for first in begun(times, each)}
    return any(within(few, first) + within(many, first) > limit.at_most for first in firsts)


def find_broken_limit(one: _Group, other: _Group, rules: IdentityRules) -> str | None:
    """The limit that two groups would break together and not alone, as `limits/<kind>`; None: none."""
    for kind, source in sorted(one.seen.keys() & other.seen.keys(), key=str):
        if exceeds_limit(one.seen[kind, source], other.seen[kind, source], rules.limit_of(kind)):
            return f"limits/{kind}"
    return None


def are_split_by_decision(one: _Group, other: _Group) -> bool:
    """Whether a decision splits somebody in the one from somebody in the other."""
    few, many = sorted((one.sides, other.sides), key=len)
    return any((number, "a" if side == "b" else "b") in many for number, side in few)


def replay_links(
    links: Iterable[Link],
    nodes: Mapping[str, IdentifierNode],
    rules: IdentityRules,
    splits: Iterable[tuple[str, str]] = (),
) -> ReplayResult:
    """Follow all links in their order.

    Args:
        links: in any order; both ends stand in `nodes`.
        nodes: every identifier, linked or not.
        splits: pairs of identifiers that a decision splits. A split is stronger than a join, and a join is
            stronger than limits.
    """
    group = {name: _Group(name, node) for name, node in nodes.items()}
    for number, ends in enumerate(sorted(splits)):
        for side, name in zip("ab", ends, strict=True):
            if name in group:
                group[name].sides.add((number, side))
    held_by: dict[Link, str] = {}
    for link in sorted(set(links), key=lambda each: build_link_order_key(each, nodes, rules)):
        one, other = group[link.a], group[link.b]
        if one is other:
            continue
        limit = (
            SPLIT
            if are_split_by_decision(one, other)
            else None
            if link.rule == DECISION_RULE
            else find_broken_limit(one, other, rules)
        )
        if limit:
            held_by[link] = limit
            continue
        if len(one.members) < len(other.members):
            one, other = other, one
        one.absorb(other)
        for name in other.members:
            group[name] = one
    roots = {}
    for one in {id(each): each for each in group.values()}.values():
        roots.update(dict.fromkeys(one.members, min(one.members)))
    return ReplayResult(held_by, roots)
