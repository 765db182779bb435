"""Why two identifiers are one customer's, or what keeps them apart: pure functions of the links, without a
store or the web.

The best path between two identifiers is the one whose weakest link is strongest; of those the one of fewest
links; of those the one whose identifiers come first in the order of their ids. So everyone who asks is told
the same one.

What is read for one answer is bounded: a customer of 100,000 identifiers and 500,000 links took a worker 8
seconds.
"""

import heapq
from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import count
from typing import NamedTuple

from expectations.contracts.snapshot import Link, Linked

Graph = Callable[[str], Linked | None]  # an identifier's links; None for one that is not known
Hops = tuple[tuple[str, Link], ...]  # from which identifier, by which link
MAX_HELD = 20  # held links told: two that share a placeholder with everyone need not hear of all of it
# identifiers and ends of links read for an answer: 20,000 identifiers of five links each, two seconds' work
MAX_READ = 120_000


class TooLarge(Exception):  # noqa: N818 - reads as what it says
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


def bounded(graph: Graph, most: int | None = None) -> Graph:
    """The graph, each identifier read once, and no more than `most` (`MAX_READ`) in all.

    Raises, when called:
        TooLarge: that is spent.
    """
    kept: dict[str, Linked | None] = {}
    n_read, most = 0, MAX_READ if most is None else most

    def read(identifier: str) -> Linked | None:
        nonlocal n_read
        if identifier not in kept:
            if n_read >= most:
                raise TooLarge
            kept[identifier] = found = graph(identifier)
            n_read += 1 + len(found.links if found else ())
        return kept[identifier]

    return read


def explain(graph: Graph, a: str, b: str, until: datetime | None = None) -> Explanation:
    """Whether two known identifiers are one customer's, and why.

    Args:
        graph: links of the known alone; `publish` writes no others.
        until: look only at links first seen by then; which of those are followed is what the rules of the
            snapshot say.
    """
    if a == b:
        return Explanation(a, b, graph(a).customer_id is not None, (), ())
    least, mine = _widest(graph, a, b, until)
    if least is not None:
        return Explanation(a, b, True, _shortest(graph, a, b, least, until), ())
    held, is_direct = held_between(graph, mine, reach(graph, b, until), until)
    return Explanation(a, b, False, (), held, is_direct)


def seen(graph: Graph, identifier: str, until: datetime | None) -> Iterator[Link]:
    """An identifier's links first seen by a moment."""
    found = graph(identifier)
    for link in found.links if found else ():
        if until is None or link.first_seen_at <= until:
            yield link


def followed(graph: Graph, identifier: str, until: datetime | None) -> dict[str, Link]:
    """The identifiers it is joined with, each by the strongest link; of equal ones by the earliest, then by
    the rule's name.
    """
    best: dict[str, Link] = {}
    for link in seen(graph, identifier, until):
        if link.is_followed and (link.other not in best or _rank(link) < _rank(best[link.other])):
            best[link.other] = link
    return best


def _rank(link: Link) -> tuple:
    return -link.weight, link.first_seen_at, link.rule


def reach(graph: Graph, start: str, until: datetime | None) -> set[str]:
    """Every identifier that links followed lead to, the first included: a customer's identifiers."""
    return _widest(graph, start, None, until)[1]


def best_path(graph: Graph, a: str, b: str, until: datetime | None) -> Hops:
    """The best path of followed links from `a` to `b`, which one leads to."""
    least, _ = _widest(graph, a, b, until)
    if least is None:
        raise ValueError("no path of followed links leads there")
    return _shortest(graph, a, b, least, until)


def _shortest(graph: Graph, a: str, b: str, least: float, until: datetime | None) -> Hops:
    """The shortest path of followed links that weigh at least so much, of equal ones the first by its ids."""
    # Distances from the end, then forwards by the first identifier that is one nearer: the first of the
    # shortest paths by ids.
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


def _widest(graph: Graph, a: str, b: str | None, until: datetime | None) -> tuple[float | None, set[str]]:
    """The weight of the weakest link on the path where it is strongest, None where no path is; and what was
    gone through.

    Strongest first, and nearest first among equals. `b` is reached for good once it is reached by a link as
    strong as what led here, since nothing that still waits is stronger: two near ones in a crowd are found
    without the crowd.
    """
    waiting, done, turn = [(-float("inf"), 0, a)], set(), count(1)
    while waiting:
        minus_least, _, here = heapq.heappop(waiting)
        if here == b:
            return -minus_least, done
        if here in done:
            continue
        done.add(here)
        for other, link in followed(graph, here, until).items():
            if other not in done:
                minus = max(minus_least, -link.weight)
                if other == b and minus == minus_least:
                    return -minus, done
                heapq.heappush(waiting, (minus, next(turn), other))
    return None, done


def held_between(graph: Graph, mine: set[str], theirs: set[str], until: datetime | None) -> tuple[Hops, bool]:
    """Links that are not followed between two customers, and True; where there is none, those of both to one
    third, and False.

    The second is how a shared device or a family's phone looks: it is a customer of its own, next to both.
    """
    out = [_held_out(graph, side, until) for side in (mine, theirs)]
    between = _direct(*out, mine, theirs)
    is_direct = bool(between)
    for third in (lambda other: other, lambda other: _whose(graph, other, until)):
        if not between:
            shared = set.intersection(*({third(link.other) for _, link in side} for side in out))
            between = [hop for hop in (*out[0], *out[1]) if third(hop[1].other) in shared]
    return tuple(
        sorted(between, key=lambda hop: (*_rank(hop[1]), hop[0], hop[1].other))[:MAX_HELD]
    ), is_direct


def _direct(out: list, back: list, mine: set[str], theirs: set[str]) -> list[tuple[str, Link]]:
    """From the first to the second; those that a hub does not keep are kept by the other end."""
    found = {(one, link.other, link.rule): (one, link) for one, link in out if link.other in theirs}
    for one, link in back:
        if link.other in mine:
            found.setdefault((link.other, one, link.rule), (link.other, link._replace(other=one)))
    return list(found.values())


def _whose(graph: Graph, identifier: str, until: datetime | None) -> str:
    """Whose it is today. What it was before is not asked: then each identifier is taken for itself."""
    return (until is None and graph(identifier).customer_id) or identifier


def _held_out(graph: Graph, side: set[str], until: datetime | None) -> list[tuple[str, Link]]:
    return [
        (one, link)
        for one in side
        for link in seen(graph, one, until)
        if link.other not in side  # one that is followed leads nowhere else
    ]
