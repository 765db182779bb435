"""Sessions as arrays, and the moments in them at which a list could have been steered."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from models.steering.events import TouchedItem, collect_touched_items

IDLE_SECONDS = 1800  # a session ends after half an hour without an event, as web analytics count it


@dataclass(frozen=True)
class Sessions:
    """Events by session and in time, of sessions in the order in which they began.

    Attributes:
        n_items: how many items there are.
        session: int, ascending, from 0.
        customer: int, whose session it is; -1 for nobody known.
        item: int.
        kind: int8, its place in `KINDS`.
        second: int64, on the shop's clock.
    """

    n_items: int
    session: np.ndarray
    customer: np.ndarray
    item: np.ndarray
    kind: np.ndarray
    second: np.ndarray

    def __len__(self) -> int:
        return int(self.session[-1]) + 1 if len(self.session) else 0

    def where(self, mask: np.ndarray) -> "Sessions":
        """The events that the boolean mask keeps, sessions numbered anew."""
        session = np.unique(self.session[mask], return_inverse=True)[1]
        columns = {name: getattr(self, name)[mask] for name in ("customer", "item", "kind", "second")}
        return replace(self, session=session, **columns)

    @property
    def began(self) -> np.ndarray:
        """int64 [sessions]: the second of each one's first event."""
        return self.second[np.flatnonzero(np.diff(self.session, prepend=-1))]


class Moment(NamedTuple):
    """A moment in a session: right before it went on to an item that was new to it.

    Attributes:
        session: its number.
        customer: whose it is; -1 for nobody known.
        second: of the newest event so far.
        touched: what was touched so far, newest first.
        wanted: the new items of the next second (an order has several), each with the strongest kind of what
            the session then did with it.
    """

    session: int
    customer: int
    second: int
    touched: list[TouchedItem]
    wanted: dict[int, int]


def group_sessions(
    customer: np.ndarray, item: np.ndarray, kind: np.ndarray, second: np.ndarray, n_items: int
) -> Sessions:
    """The sessions of events that come in any order. Of one second, the lower item and kind come first."""
    order = np.lexsort((kind, item, second, customer))
    customer, item, kind, second = (one[order] for one in (customer, item, kind, second))
    begins = (np.diff(customer, prepend=-2) != 0) | (np.diff(second, prepend=0) > IDLE_SECONDS)
    if len(begins):
        begins[0] = True
    session = np.cumsum(begins) - 1
    first = second[begins]
    place = np.empty(len(first), np.int64)
    place[np.lexsort((customer[begins], first))] = np.arange(len(first))
    moved = place[session] if len(session) else session
    by_time = np.argsort(moved, kind="stable")
    return Sessions(
        n_items, moved[by_time], *(one[by_time] for one in (customer, item, kind.astype(np.int8), second))
    )


def draw_sessions(sessions: Sessions, most: int, seed: int) -> Sessions:
    """Sessions with at least two items, at most so many, drawn by the seed."""
    pairs = np.unique(sessions.session.astype(np.int64) * sessions.n_items + sessions.item)
    n_of = np.bincount(pairs // max(sessions.n_items, 1), minlength=len(sessions))
    telling = np.flatnonzero(n_of > 1)
    if len(telling) > most:
        telling = np.random.default_rng(seed).choice(telling, most, replace=False)
    return sessions.where(np.isin(sessions.session, telling))


def iterate_moments(sessions: Sessions) -> Iterator[Moment]:
    """Every moment of the sessions, in their order. What happened in one second happened at once: the lines
    of an order say nothing of each other.
    """
    bounds = np.flatnonzero(np.diff(sessions.session, prepend=-1, append=-1))
    if not len(sessions):
        return
    for start, end in pairwise(bounds.tolist()):
        item, kind, second = (
            getattr(sessions, name)[start:end].tolist() for name in ("item", "kind", "second")
        )
        strongest: dict[int, int] = {}
        for one, its_kind in zip(item, kind, strict=True):
            strongest[one] = max(strongest.get(one, 0), its_kind)
        past: set[int] = set()
        for at in range(1, end - start):
            past.add(item[at - 1])
            if second[at] == second[at - 1]:
                continue
            together = range(at, bisect_right(second, second[at]))
            wanted = {item[n]: strongest[item[n]] for n in together if item[n] not in past}
            if wanted:
                yield Moment(
                    int(sessions.session[start]),
                    int(sessions.customer[start]),
                    second[at - 1],
                    collect_touched_items(zip(item[:at], kind[:at], map(float, second[:at]), strict=True)),
                    wanted,
                )
