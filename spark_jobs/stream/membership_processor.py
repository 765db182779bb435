"""Decides memberships in Spark's state: one owner a key, their packed state, a timer for the next change."""

from collections.abc import Iterator
from typing import Any

import msgpack
from pyspark.sql import Row
from pyspark.sql.streaming import StatefulProcessor, StatefulProcessorHandle

from segments.events import Event
from spark_jobs.stream.night_base import open_night
from spark_jobs.stream.notes import pack_note, unpack_note
from spark_jobs.stream.owner_state import OwnerState, Received, Said

# Of each row either a turn, or in `body` what the owner says when asked, or a note to another.
TURN_DDL = (
    "owner string, segment_id string, is_entered boolean, since long, reason string, received_at long,"
    " kind string, body binary"
)
TURN, SAID, NOTE = "turn", "said", "note"
STATE_DDL = "packed binary, timer long"
MICROSECONDS = 1_000  # of a millisecond, Spark's unit of timers


class MembershipProcessor(StatefulProcessor):
    """Takes rows of `event_rows.OWNED_FIELDS`, gives rows of `TURN_DDL`."""

    def __init__(self, snapshot: str, is_replay: bool = False) -> None:
        """
        Args:
            snapshot: the folder of the published one, the same on every worker.
            is_replay: whether each event comes at the moment of its receipt; else now.
        """
        self._snapshot, self._is_replay = snapshot, is_replay

    def init(self, handle: StatefulProcessorHandle) -> None:
        self._handle = handle
        self._stored = handle.getValueState("owner", STATE_DDL)

    def handleInputRows(self, key: Any, rows: Iterator[Row], timerValues: Any) -> Iterator[Row]:  # noqa: N802, N803
        stored = self._stored.get() or (None, None)
        owner = OwnerState(open_night(self._snapshot), key[0], stored[0])
        received = [read_row(row) for row in rows]
        now = None if self._is_replay else timerValues.getCurrentProcessingTimeInMs() * MICROSECONDS
        owner.take([one for one in received if one.event or one.note or one.consent is not None], now)
        yield from self._store(key[0], owner, stored[1], max(one.received_at for one in received))

    def handleExpiredTimer(self, key: Any, timerValues: Any, expiredTimerInfo: Any) -> Iterator[Row]:  # noqa: N802, N803
        stored = self._stored.get()
        if stored is None:
            return
        owner = OwnerState(open_night(self._snapshot), key[0], stored[0])
        owner.pass_time(timerValues.getCurrentProcessingTimeInMs() * MICROSECONDS)
        yield from self._store(key[0], owner, None, 0)

    def handleInitialState(self, key: Any, initialState: Row, timerValues: Any) -> None:  # noqa: N802, N803
        """A customer of the night whose membership changes without an event: their timer."""
        owner = OwnerState(open_night(self._snapshot), key[0], None)
        list(self._store(key[0], owner, None, 0))  # without a turn

    def close(self) -> None:
        pass

    def _store(self, name: str, owner: OwnerState, timer: int | None, received_at: int) -> Iterator[Row]:
        due_at = owner.due_at
        # Rounded up: a timer that fires before its moment would change nothing.
        wanted = None if due_at is None or self._is_replay else -(-due_at // MICROSECONDS)
        if timer != wanted:
            if timer is not None:
                self._handle.deleteTimer(timer)
            if wanted is not None:
                self._handle.registerTimer(wanted)
        self._stored.update((owner.pack(), wanted))
        for turn in owner.turns:
            if isinstance(turn, Said):
                body = msgpack.packb((turn.members, turn.closed))
                yield make_row(name, received_at, SAID, since=turn.since, body=body)
            else:
                yield make_row(name, received_at, TURN, **turn._asdict())
        for note in owner.notes:
            yield make_row(note.owner, received_at, NOTE, body=pack_note(note))


def make_row(owner: str, received_at: int, kind: str, **fields: Any) -> Row:
    """A row of `TURN_DDL`."""
    nothing = {"segment_id": "", "is_entered": False, "since": 0, "reason": "", "body": None}
    return Row(owner=owner, received_at=received_at, kind=kind, **(nothing | fields))


def read_row(row: Row) -> Received:
    """What came, of a row."""
    note = unpack_note(bytes(row.note)) if row.note else None
    return Received(row.received_at, row.consent, unpack_event(row.event), row.browser, note)


def unpack_event(packed: bytes | None) -> Event | None:
    """The event of a row."""
    return Event(*msgpack.unpackb(packed)) if packed else None
