"""Why two identifiers are one customer's, or what keeps them apart: pure functions of the links, without a store or the web.

The best path between two identifiers is the one whose weakest link is strongest; of those the one of fewest links; of those
the one whose identifiers come first in the order of their ids. So everyone who asks is told the same one.
"""

import heapq
from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NamedTuple

from expectations.contracts.snapshot import Link, Linked

Graph = Callable[[str], Linked | None]  # an identifier's links; None for one that is not known
Hops = tuple[tuple[str, Link], ...]  # from which identifier, by which link
MAX_HELD = 20  # held links told: two that share a placeholder with everyone need not hear of all of it


class Explanation(NamedTuple):
    """What is known of two identifiers.

    Attributes:
        path: from the first to the second, when they are one customer.
        held: when they are not: the links that would join their customers, or both with one identifier, were they followed;
            strongest first, at most `MAX_HELD`.
    """

    a: str
    b: str
    is_one_customer: bool
    path: Hops
    held: Hops


def explain(graph: Graph, a: str, b: str, until: datetime | None = None) -> Explanation:
    """Whether two known identifiers are one customer's, and why.

    Args:
        until: look only at links first seen by then; which of those are followed is what the rules of the snapshot say.
    """
    mine = reach(graph, a, until)
    if b in mine:
        return Explanation(a, b, True, best_path(graph, a, b, until), ())
    return Explanation(a, b, False, (), held_between(graph, mine, reach(graph, b, until), until))


def seen(graph: Graph, identifier: str, until: datetime | None) -> Iterator[Link]:
    """An identifier's links first seen by a moment, to identifiers that are known."""
    found = graph(identifier)
    for link in found.links if found else ():
        if (until is None or link.first_seen_at <= until) and graph(link.other):
            yield link


def followed(graph: Graph, identifier: str, until: datetime | None) -> dict[str, Link]:
    """The identifiers it is joined with, each by the strongest link; of equal ones by the earliest, then by the rule's name."""
    best: dict[str, Link] = {}
    for link in seen(graph, identifier, until):
        if link.is_followed and (link.other not in best or _rank(link) < _rank(best[link.other])):
            best[link.other] = link
    return best


def _rank(link: Link) -> tuple:
    return -link.weight, link.first_seen_at, link.rule


def reach(graph: Graph, start: str, until: datetime | None) -> set[str]:
    """Every identifier that links followed lead to, the first included: a customer's identifiers."""
    found, waiting = {start}, [start]
    while waiting:
        for other in followed(graph, waiting.pop(), until):
            if other not in found:
                found.add(other)
                waiting.append(other)
    return found


def best_path(graph: Graph, a: str, b: str, until: datetime | None) -> Hops:
    """The best path of followed links from `a` to `b`, which one leads to."""
    least = _strongest_weakest(graph, a, b, until)
    # Distances from the end, then forwards by the first identifier that is one nearer: the first of the shortest paths by ids.
    away, waiting = {b: 0}, deque([b])
    while a not in away:
        here = waiting.popleft()
        for other, link in followed(graph, here, until).items():
            if link.weight >= least and other not in away:
                away[other] = away[here] + 1
                waiting.append(other)
    hops, here = [], a
    while here != b:
        nearer = (
            (other, link)
            for other, link in followed(graph, here, until).items()
            if link.weight >= least and away.get(other) == away[here] - 1
        )
        other, link = min(nearer)
        hops.append((here, link))
        here = other
    return tuple(hops)


def _strongest_weakest(graph: Graph, a: str, b: str, until: datetime | None) -> float:
    """The weight of the weakest link on the path where it is strongest."""
    waiting, done = [(-float("inf"), a)], set()
    while waiting:
        minus_least, here = heapq.heappop(waiting)
        if here == b:
            return -minus_least
        if here in done:
            continue
        done.add(here)
        for other, link in followed(graph, here, until).items():
            if other not in done:
                heapq.heappush(waiting, (max(minus_least, -link.weight), other))
    raise ValueError("no path of followed links leads there")


def held_between(graph: Graph, mine: set[str], theirs: set[str], until: datetime | None) -> Hops:
    """Links that are not followed between two customers; where there is none, those of both to one identifier of neither.

    The second is how a shared device or a family's phone looks: it is a customer of its own, next to both.
    """
    out = [_held_out(graph, side, until) for side in (mine, theirs)]
    between = [hop for hop in out[0] if hop[1].other in theirs]
    if not between:
        shared = {link.other for _, link in out[0]} & {link.other for _, link in out[1]}
        between = [hop for hop in (*out[0], *out[1]) if hop[1].other in shared]
    return tuple(sorted(between, key=lambda hop: (*_rank(hop[1]), hop[0], hop[1].other))[:MAX_HELD])


def _held_out(graph: Graph, side: set[str], until: datetime | None) -> list[tuple[str, Link]]:
    return [
        (one, link)
        for one in side
        for link in seen(graph, one, until)
        if link.other not in side  # one that is followed leads nowhere else
    ]  # fmt: skip
