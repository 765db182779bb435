"""One owner's memberships as events come and time passes, and how they are stored between batches. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

import msgpack

from segments.calendar import DAY
from segments.evaluation.measures import Context
from segments.evaluation.state import SegmentState
from segments.evaluation.windows import NEVER
from segments.events import Event
from segments.standing import EVENT, Standing, Turn, pass_time, take_event
from spark_jobs.stream.night_base import NightBase

MOST_KEPT = 5_000  # events of one state; more are a robot's, and left to the night
PRUNED_AFTER = 2 * DAY


class Received(NamedTuple):
    """What came: an event, or a word on analytics alone; when, microseconds since 1970."""

    received_at: int
    consent: bool | None
    event: Event | None


class OwnerState:
    """One owner between two batches. `turns` is what turned since it was opened."""

    def __init__(self, night: NightBase, owner: str, stored: bytes | None) -> None:
        """
        Args:
            stored: what `pack` gave; None of an owner who has none yet.
        """
        self._night, self._owner = night, owner
        self.turns: list[Turn] = []
        # Whether nothing is counted until a yes to analytics, and when the newest no came: what happened
        # before it is never counted again.
        self.is_denied, self._no_at = False, 0
        self.state: SegmentState
        self.context: Context
        self.standing: Standing
        if stored:
            packed, members, changes_at, decided_at, self.is_denied, self._no_at = msgpack.unpackb(stored)
            self.state = night.live.packer.unpack(packed) if packed else night.live.program.make_state()
            self.context = night.make_context(owner)
            self.standing = Standing(members, changes_at, decided_at)
        else:
            self.state, self.context, self.standing = night.begin(owner)

    @property
    def due_at(self) -> int | None:
        """The moment at which membership can change without an event; None: never."""
        if self.is_denied or self.standing.decided_at == 0 or self.standing.changes_at >= NEVER:
            return None
        return self.standing.changes_at

    def take(self, received: Iterable[Received], now: int | None = None) -> None:
        """Take in what came, in order of receipt.

        Args:
            now: the moment of all of it; None: each that of its receipt.
        """
        for one in sorted(received, key=find_order):
            moment = max(one.received_at if now is None else now, self.standing.decided_at)
            if one.consent is False:
                self._deny(one.received_at, moment)
            elif one.event is not None and self._may_count(one.event, one.consent):
                self.is_denied = False
                if len(self.state.events) < MOST_KEPT:
                    self.standing, turns = take_event(
                        self._night.live, self.state, self.context, self.standing, one.event, moment
                    )
                    self.turns += turns

    def pass_time(self, now: int) -> None:
        """Go through what time alone has changed by a moment."""
        if not self.is_denied and self.due_at is not None:
            self.standing, turns = pass_time(self._night.live, self.state, self.context, self.standing, now)
            self.turns += turns

    def pack(self) -> bytes:
        """What to store."""
        if self.is_denied:  # not what was counted before, which no yes brings back
            return msgpack.packb((b"", *self.standing, True, self._no_at))
        if self.standing.decided_at - self.state.pruned_at > PRUNED_AFTER:
            self._night.live.program.prune(self.state, self.standing.decided_at)
        return msgpack.packb((self._night.live.packer.pack(self.state), *self.standing, False, self._no_at))

    def _may_count(self, event: Event, consent: bool | None) -> bool:
        return event.at > self._no_at and (consent is True or not self.is_denied)

    def _deny(self, no_at: int, moment: int) -> None:
        self.turns += [Turn(name, False, moment, EVENT) for name in sorted(self.standing.members)]
        self.state = self._night.live.program.make_state()
        self.standing = Standing({}, NEVER, moment)
        self.is_denied, self._no_at = True, max(no_at, self._no_at)


def find_order(one: Received) -> tuple:
    """The order in which what came counts: by receipt, then as it happened."""
    return (one.received_at, *(one.event[:2] if one.event else (0, "")))
