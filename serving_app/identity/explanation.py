"""Why two identifiers are one customer's, or what keeps them apart: pure functions of the links, without a
store or the web.

The best path between two identifiers is the one whose weakest link is strongest; of those the one of fewest
links; of those the one whose identifiers come first in the order of their ids. So every request for the same
two gets the same path.

What is read for one answer is limited: a customer of 100,000 identifiers and 500,000 links took a worker 8
seconds.
"""

import heapq
from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import count
from typing import NamedTuple

from expectations.contracts.snapshot import IdentifierLinks, Link

Graph = Callable[[str], IdentifierLinks | None]  # an identifier's links; None for one that is not known
Hops = tuple[tuple[str, Link], ...]  # from which identifier, by which link
MAX_HELD = 20  # held links in an answer: two that share a placeholder with everyone may have very many
# identifiers and ends of links read for an answer: 20,000 identifiers of five links each, two seconds' work
MAX_READ = 120_000


class GraphTooLarge(Exception):  # noqa: N818 - reads as what it says
    """More would have to be read for the answer than `MAX_READ`."""


class Explanation(NamedTuple):
    """What is known of two identifiers.

    Attributes:
        path: from the first to the second, when they are one customer.
        held: when they are not: the links that would join their customers, or both with one third, were they
            followed; strongest first, at most `MAX_HELD`.
        is_direct: whether those lead from one to the other, not to a third.
    """

    a: str
    b: str
    is_one_customer: bool
    path: Hops
    held: Hops
    is_direct: bool = True


def limit_graph_reads(graph: Graph, most: int | None = None) -> Graph:
    """The graph, each identifier read once, and no more than `most` (`MAX_READ`) entries in all.

    Raises, when called:
        GraphTooLarge: that many are read.
    """
    cached: dict[str, IdentifierLinks | None] = {}
    n_read, most = 0, MAX_READ if most is None else most

    def read(identifier: str) -> IdentifierLinks | None:
        nonlocal n_read
        if identifier not in cached:
            if n_read >= most:
                raise GraphTooLarge
            cached[identifier] = linked = graph(identifier)
            n_read += 1 + len(linked.links if linked else ())
        return cached[identifier]

    return read


def explain_identity(graph: Graph, a: str, b: str, as_of: datetime | None = None) -> Explanation:
    """Whether two known identifiers are one customer's, and why.

    Args:
        graph: links of known identifiers alone; `publish` writes no others.
        as_of: look only at links first seen by then; which of those are followed is what the identity rules
            of the snapshot say.
    """
    if a == b:
        return Explanation(a, b, graph(a).customer_id is not None, (), ())
    weakest, mine = _find_widest(graph, a, b, as_of)
    if weakest is not None:
        return Explanation(a, b, True, _find_shortest(graph, a, b, weakest, as_of), ())
    held_links, is_direct = find_held_links(graph, mine, list_identifiers_of_customer(graph, b, as_of), as_of)
    return Explanation(a, b, False, (), held_links, is_direct)


def select_seen_links(graph: Graph, identifier: str, as_of: datetime | None) -> Iterator[Link]:
    """An identifier's links first seen by a moment."""
    linked = graph(identifier)
    for link in linked.links if linked else ():
        if as_of is None or link.first_seen_at <= as_of:
            yield link


def select_followed_links(graph: Graph, identifier: str, as_of: datetime | None) -> dict[str, Link]:
    """The strongest followed link to each neighbour of an identifier; of equal ones the earliest, then the
    first by its rule's name.
    """
    best: dict[str, Link] = {}
    for link in select_seen_links(graph, identifier, as_of):
        if link.is_followed and (link.other not in best or _order_of(link) < _order_of(best[link.other])):
            best[link.other] = link
    return best


def _order_of(link: Link) -> tuple:
    """What sorts links: strongest, then earliest, then by rule."""
    return -link.weight, link.first_seen_at, link.rule


def list_identifiers_of_customer(graph: Graph, start: str, as_of: datetime | None) -> set[str]:
    """Every identifier that followed links lead to, the first included: a customer's identifiers."""
    return _find_widest(graph, start, None, as_of)[1]


def find_best_path(graph: Graph, a: str, b: str, as_of: datetime | None) -> Hops:
    """The best path of followed links from `a` to `b`, which one leads to."""
    weakest, _ = _find_widest(graph, a, b, as_of)
    if weakest is None:
        raise ValueError("no path of followed links leads there")
    return _find_shortest(graph, a, b, weakest, as_of)


def _find_shortest(graph: Graph, a: str, b: str, weakest: float, as_of: datetime | None) -> Hops:
    """The shortest path of followed links of at least the weight `weakest`, the first by ids of equals."""
    # Distances from the end, then forwards by the first identifier that is one nearer: the first of the
    # shortest paths by ids.
    distances, waiting = {b: 0}, deque([b])
    while a not in distances:
        here = waiting.popleft()
        for other, link in select_followed_links(graph, here, as_of).items():
            if link.weight >= weakest and other not in distances:
                distances[other] = distances[here] + 1
                waiting.append(other)
    hops, here = [], a
    while here != b:
        next_hops = (
            (other, link)
            for other, link in select_followed_links(graph, here, as_of).items()
            if link.weight >= weakest and distances.get(other) == distances[here] - 1
        )
        other, link = min(next_hops)
        hops.append((here, link))
        here = other
    return tuple(hops)


def _find_widest(
    graph: Graph, a: str, b: str | None, as_of: datetime | None
) -> tuple[float | None, set[str]]:
    """The weight of the weakest link on the widest path, None where there is no path; and the identifiers
    visited.

    Strongest first, and nearest first among equals. The search ends as soon as `b` is reached by a link as
    strong as the path so far, since nothing that still waits is stronger: two neighbours in a large customer
    are found without reading all of it.
    """
    waiting, done, order = [(-float("inf"), 0, a)], set(), count(1)
    while waiting:
        minus_weakest, _, here = heapq.heappop(waiting)
        if here == b:
            return -minus_weakest, done
        if here in done:
            continue
        done.add(here)
        for other, link in select_followed_links(graph, here, as_of).items():
            if other not in done:
                minus = max(minus_weakest, -link.weight)
                if other == b and minus == minus_weakest:
                    return -minus, done
                heapq.heappush(waiting, (minus, next(order), other))
    return None, done


def find_held_links(
    graph: Graph, mine: set[str], theirs: set[str], as_of: datetime | None
) -> tuple[Hops, bool]:
    """Links that are not followed between two customers, and True; where there is none, those of both to one
    third, and False.

    The second is how a shared device or a family's phone looks: it is a customer of its own, next to both.
    """
    out = [_list_outward_links(graph, side, as_of) for side in (mine, theirs)]
    between = _select_direct(*out, mine, theirs)
    is_direct = bool(between)
    for third in (lambda other: other, lambda other: _find_owner(graph, other, as_of)):
        if not between:
            shared = set.intersection(*({third(link.other) for _, link in side} for side in out))
            between = [hop for hop in (*out[0], *out[1]) if third(hop[1].other) in shared]
    return tuple(
        sorted(between, key=lambda hop: (*_order_of(hop[1]), hop[0], hop[1].other))[:MAX_HELD]
    ), is_direct


def _select_direct(out: list, back: list, mine: set[str], theirs: set[str]) -> list[tuple[str, Link]]:
    """Links from the first customer to the second. Those that a hub's record leaves out are in that of the
    other end.
    """
    direct = {(one, link.other, link.rule): (one, link) for one, link in out if link.other in theirs}
    for one, link in back:
        if link.other in mine:
            direct.setdefault((link.other, one, link.rule), (link.other, link._replace(other=one)))
    return list(direct.values())


def _find_owner(graph: Graph, identifier: str, as_of: datetime | None) -> str:
    """The customer of an identifier today. Of an earlier moment that is not known: then each identifier
    stands for itself.
    """
    return (as_of is None and graph(identifier).customer_id) or identifier


def _list_outward_links(graph: Graph, side: set[str], as_of: datetime | None) -> list[tuple[str, Link]]:
    """Links from a customer's identifiers to those of others."""
    return [
        (one, link)
        for one in side
        for link in select_seen_links(graph, one, as_of)
        if link.other not in side  # one that is followed leads nowhere else
    ]
