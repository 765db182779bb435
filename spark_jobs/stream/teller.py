"""Tells transitions once: what the query gives is compared with what was told.

It is noted behind the topic's acknowledgement, so a batch that runs again may tell a transition twice, under
the same id; never another one in its place.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

import msgpack
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from expectations.contracts.transitions import Transition, encode_transition
from segments.told import OUT, NightView, Tellings, Told, Versions, list_corrections, select_untold
from spark_jobs.stream.owner_state import DENIED, OPEN
from spark_jobs.stream.refusals import IsRefused, nobody_refuses
from spark_jobs.stream.told import RedisTold

PATIENCE_SECONDS = 60.0


class TurnRow(NamedTuple):
    """A row as the query gives it, see `membership_processor`.

    Attributes:
        received_at: of the newest event behind it, microseconds since 1970; 0: time alone.
    """

    owner: str
    segment_id: str
    is_entered: bool
    since: int
    reason: str
    received_at: int = 0
    kind: str = "turn"
    body: bytes | None = None


class Night(Protocol):
    """What the teller asks of a night."""

    tag: str
    versions: Versions
    live_ids: frozenset[str]

    def view(self, owner: str) -> NightView:
        """What it says of an owner."""


class TransitionTeller:
    """Tells the turns of batches: to the topic, then to the store.

    Attributes:
        is_telling: False: another query tells still; of whom something turned is remembered.
        n_told: since it was made.
    """

    def __init__(
        self,
        producer: Producer,
        topics: tuple[str, str],
        store: RedisTold,
        night: Night,
        open_refused: Callable[[], AbstractContextManager[IsRefused]] = nobody_refuses,
    ) -> None:
        """
        Args:
            topics: of transitions, and of notes.
            open_refused: of whom nothing may be counted at the moment.
        """
        self._producer, (self._topic, self._notes_topic) = producer, topics
        self._store, self._night, self._open_refused = store, night, open_refused
        self._lock, self._is_ended = threading.Lock(), False
        self.is_telling, self.n_told = False, 0

    def tell(self, rows: Iterable[TurnRow], told_at: int) -> list[Transition]:
        """Write what was not told yet; these transitions, each owner's in order.

        Args:
            rows: each owner's as the query gave them. By their moments they would be in another order: what
                turned an owner who was asked just before may have happened before they were.

        Raises:
            TimeoutError, KafkaException: the broker did not take them. The batch runs again.
        """
        by_owner: dict[str, list[TurnRow]] = defaultdict(list)
        notes = []
        for row in rows:
            (notes if row.kind == "note" else by_owner[row.owner]).append(row)
        with self._lock:
            if self._is_ended:
                return []
            self._send((self._notes_topic, one.owner, one.body) for one in notes)
            if not self.is_telling:
                self._store.touch(self._night.tag, by_owner)
                return []
            return self._tell_owners(by_owner, told_at)

    def write_notes(self, notes: Iterable[tuple[str, bytes]]) -> None:
        """Write notes to owners; raises as `tell`."""
        self._send((self._notes_topic, owner, packed) for owner, packed in notes)

    def end(self) -> None:
        """Tell nothing more, whatever batch is at work."""
        with self._lock:
            self._is_ended = True

    def _tell_owners(self, by_owner: dict[str, list[TurnRow]], told_at: int) -> list[Transition]:
        owners, transitions, told = sorted(by_owner), [], {}
        with self._open_refused() as is_refused:
            refused = {owner for owner in owners if is_refused([owner])}
        for owner, before in zip(owners, self._store.read(owners), strict=True):
            new = self._select_new(owner, before or {}, by_owner[owner])
            new = [turn for turn in new if not (turn.is_entered and owner in refused)]
            transitions += [self._make_transition(owner, turn, told_at) for turn in new]
            if new:
                after = {turn.segment_id: Told(turn.is_entered, turn.since) for turn in new}
                told[owner] = (before or {}) | after
        self._send((self._topic, one.customer_id, encode_transition(one)) for one in transitions)
        self._store.write(told)
        self.n_told += len(transitions)
        return transitions

    def _select_new(self, owner: str, told: Tellings, rows: list[TurnRow]) -> list[TurnRow]:
        """The turns that say something else than was told. A batch that runs again goes once more through
        what it told: of turns of before the newest word on a segment only the last counts.
        """
        last = {row.segment_id: row for row in rows if row.kind == "turn"}
        now, new = dict(told), []
        for row in rows:
            if row.kind != "turn":
                turns = self._answer(owner, now, row)
            elif row is last[row.segment_id] or row.since > told.get(row.segment_id, OUT).since:
                turns = [row]
            else:
                continue
            fresh = select_untold(now, turns)
            new += fresh
            now |= {turn.segment_id: Told(turn.is_entered, turn.since) for turn in fresh}
        return new

    def _answer(self, owner: str, told: Tellings, said: TurnRow) -> list[TurnRow]:
        """What is to be told once an owner has said in what they are."""
        members, closed = msgpack.unpackb(said.body)
        view = self._night.view(owner)
        wanted = members
        if closed in (OPEN, DENIED):  # what the night alone knows stays
            rest = {name: at for name, at in view.members.items() if name not in self._night.live_ids}
            wanted = rest | members
        if closed:  # what ends, ends now
            view = view._replace(members={**view.members, **dict.fromkeys(told, 0)})
        return [
            TurnRow(owner, *turn, said.received_at)
            for turn in list_corrections(told, wanted, view, said.since)
        ]

    def _send(self, messages: Iterable[tuple[str, str, bytes]]) -> None:
        errors: list[KafkaError] = []

        def note(error: KafkaError | None, _: Message) -> None:
            if error:
                errors.append(error)

        is_empty = True
        for topic, key, value in messages:
            message, is_empty = {"value": value, "key": key, "on_delivery": note}, False
            try:
                self._producer.produce(topic, **message)
            except BufferError:  # more at once than the client lets wait
                self._flush(topic)
                self._producer.produce(topic, **message)
            self._producer.poll(0)
        if not is_empty:
            self._flush(topic)
        if errors:  # of a topic that is not there nothing waits: its lines are given up
            raise KafkaException(errors[0])

    def _flush(self, topic: str) -> None:
        if self._producer.flush(PATIENCE_SECONDS):
            raise TimeoutError(f"{topic}: the broker did not take all lines")

    def _make_transition(self, owner: str, turn: TurnRow, told_at: int) -> Transition:
        version = self._night.versions.get(turn.segment_id, "")
        return Transition(owner, turn.segment_id, turn.is_entered, turn.since, told_at, turn.reason, version)
