"""One owner's memberships as events come and time passes, and how they are stored between batches. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

import msgpack

from segments.calendar import DAY
from segments.evaluation.measures import Context
from segments.evaluation.state import SegmentState
from segments.evaluation.windows import NEVER
from segments.events import Event
from segments.standing import EVENT, NOBODY_YET, Standing, Turn, pass_time, take_event
from segments.told import MERGE
from spark_jobs.stream.aliases import Aliases
from spark_jobs.stream.night_base import NightBase
from spark_jobs.stream.notes import Kind, Note

MOST_KEPT = 5_000  # events of one state; more are a robot's, and left to the night
PRUNED_AFTER = 2 * DAY
# Why nothing of an owner is counted: until a yes to analytics; until something comes that may be counted
# again; since they turned out to be somebody else.
OPEN, DENIED, FORGOTTEN, MOVED = "", "denied", "forgotten", "moved"


class Received(NamedTuple):
    """What came: an event, a word on analytics alone, or a note; when, microseconds since 1970.

    Attributes:
        browser: in which an event was done that names no user.
    """

    received_at: int
    consent: bool | None
    event: Event | None
    browser: str | None = None
    note: Note | None = None


class Said(NamedTuple):
    """What an owner says when they are asked.

    Attributes:
        since: the moment of it.
        members: of the live segments, since when.
        closed: why nothing is counted; empty: it is.
    """

    since: int
    members: dict[str, int]
    closed: str


class OwnerState:
    """One owner between two batches.

    Attributes:
        turns: what turned since it was opened; among them `Said` where they were asked.
        notes: to other owners.
    """

    def __init__(self, night: NightBase, owner: str, stored: bytes | None) -> None:
        """
        Args:
            stored: what `pack` gave; None of an owner who has none yet.
        """
        self._night, self._owner = night, owner
        self.turns: list[Turn | Said] = []
        self.notes: list[Note] = []
        # When the newest no came: what happened before it is never counted again.
        self._closed, self._no_at = OPEN, 0
        self._aliases = Aliases()
        self.state: SegmentState
        self.context: Context
        self.standing: Standing
        if stored:
            packed, members, changes_at, decided_at, self._closed, self._no_at, aliases = msgpack.unpackb(
                stored, use_list=False
            )
            self.state = night.live.packer.unpack(packed) if packed else night.live.program.make_state()
            self.context = night.make_context(owner)
            self.standing, self._aliases = Standing(members, changes_at, decided_at), Aliases.unpack(aliases)
        else:
            self.state, self.context, self.standing = night.begin(owner)

    @property
    def is_denied(self) -> bool:
        """Whether nothing is counted until a yes to analytics."""
        return self._closed == DENIED

    @property
    def due_at(self) -> int | None:
        """The moment at which membership can change without an event; None: never."""
        if self._closed or self.standing.decided_at == 0 or self.standing.changes_at >= NEVER:
            return None
        return self.standing.changes_at

    def take(self, received: Iterable[Received], now: int | None = None) -> None:
        """Take in what came, in order of receipt.

        Args:
            now: the moment of all of it; None: each that of its receipt.
        """
        for one in sorted(received, key=find_order):
            moment = max(one.received_at if now is None else now, self.standing.decided_at)
            if one.note is not None:
                self._take_note(one.note, moment)
            elif one.consent is False:
                self._close(DENIED, one.received_at, moment, EVENT)
            elif one.event is not None:
                self._take_event(one, moment)

    def pass_time(self, now: int) -> None:
        """Go through what time alone has changed by a moment."""
        if self.due_at is not None:
            self.standing, turns = pass_time(self._night.live, self.state, self.context, self.standing, now)
            self.turns += turns

    def pack(self) -> bytes:
        """What to store."""
        state = b""  # of who is closed not what was counted before, which no yes brings back
        if not self._closed:
            if self.standing.decided_at - self.state.pruned_at > PRUNED_AFTER:
                self._night.live.program.prune(self.state, self.standing.decided_at)
            state = self._night.live.packer.pack(self.state)
        return msgpack.packb((state, *self.standing, self._closed, self._no_at, self._aliases.pack()))

    def _take_event(self, one: Received, moment: int) -> None:
        heir = self._aliases.find_heir(one.browser, one.event.at) if one.browser else None
        if heir and heir != self._owner:
            body = (one.browser, one.consent, tuple(one.event))
            self.notes.append(Note(self._night.tag, Kind.EVENT, heir, one.received_at, body))
            return
        if one.event.at <= self._no_at or (self._closed == DENIED and one.consent is not True):
            return
        self._reopen()
        if len(self.state.events) < MOST_KEPT:
            self.standing, turns = take_event(
                self._night.live, self.state, self.context, self.standing, one.event, moment
            )
            self.turns += turns

    def _take_note(self, note: Note, moment: int) -> None:
        if note.kind is Kind.SETTLE:
            self.pass_time(moment)
            self.turns.append(Said(moment, dict(self.standing.members), self._closed))
        elif note.kind is Kind.FORGET:
            self._close(FORGOTTEN, note.received_at, moment, EVENT)
            self.turns.append(Said(moment, {}, self._closed))
        elif note.kind is Kind.ALIAS:
            browser, heir, at, takes_history = note.body
            if self._aliases.add(browser, heir, at) and takes_history and heir != self._owner:
                self._move(browser, heir, moment)
        elif self._night.is_unmeasured(self._owner) or not self._aliases.accept(note.body[0], moment):
            return
        elif note.kind is Kind.EVENT:
            _, consent, event = note.body
            self._take_event(Received(note.received_at, consent, Event(*event)), moment)
        else:
            self._join(note.body, moment)

    def _move(self, browser: str, heir: str, moment: int) -> None:
        """Let what was counted be another's."""
        if self._closed in (MOVED, FORGOTTEN):
            return
        state = None if self._closed else self._night.live.packer.pack(self.state)
        body = (browser, f"{self._owner}@{moment}", state, self._no_at)
        self.notes.append(Note(self._night.tag, Kind.JOIN, heir, moment, body))
        if not self._closed:
            self._close(MOVED, 0, moment, MERGE)

    def _join(self, body: tuple, moment: int) -> None:
        """Count what was another's until now, once."""
        _, join_id, packed, no_at = body
        if not self._aliases.add_join(join_id):
            return
        if packed is None:
            self._close(DENIED, no_at, moment, MERGE)
        elif self._closed in (OPEN, MOVED):
            self._reopen()
            self.pass_time(moment)
            live = self._night.live
            self.state = live.program.merge(self.state, live.packer.unpack(packed))
            before = (self.standing if self.standing.decided_at else NOBODY_YET)._replace(
                changes_at=moment + 1
            )
            self.standing, turns = pass_time(live, self.state, self.context, before, moment + 1)
            self.turns += [turn._replace(reason=MERGE) for turn in turns]

    def _reopen(self) -> None:
        """Count again, after a no only what comes from now on."""
        if self._closed == MOVED:
            self.state, self.context, self.standing = self._night.begin(self._owner)
        self._closed = OPEN

    def _close(self, closed: str, no_at: int, moment: int, reason: str) -> None:
        self.turns += [Turn(name, False, moment, reason) for name in sorted(self.standing.members)]
        self.state = self._night.live.program.make_state()
        self.standing = Standing({}, NEVER, moment)
        self._closed, self._no_at = closed, max(no_at, self._no_at)


def find_order(one: Received) -> tuple:
    """The order in which what came counts: by receipt, then as it happened."""
    return (one.received_at, *(one.event[:2] if one.event else (0, "")))
