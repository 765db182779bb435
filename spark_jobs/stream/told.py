"""What was told of each owner's memberships, in Redis, and the transitions that are told once.

A hash a shop's owner holds each segment's newest word: `1` or `0` for in or out, and since when. It is
written behind the topic's acknowledgement, so a batch that runs again may tell a transition twice, under the
same id; never another one in its place.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

import redis
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from expectations.contracts.transitions import Transition, encode_transition

HASHES = "concierge:told:"
PATIENCE_SECONDS = 60.0
FORGET_SECONDS = 30 * 86_400  # of owners who are in no segment: most are visitors who never come again


class Told(NamedTuple):
    """The newest that was told of one segment; `since` in microseconds since 1970."""

    is_entered: bool
    since: int


OUT = Told(False, 0)


class TurnRow(NamedTuple):
    """A turn as the stream gives it; `received_at` of the newest event behind it, 0: time alone."""

    owner: str
    segment_id: str
    is_entered: bool
    since: int
    reason: str
    received_at: int


class ToldStore(Protocol):
    """Where it is kept what was told."""

    def read(self, owners: Sequence[str]) -> list[dict[str, Told]]:
        """What was told of each owner, by segment."""

    def write(self, told: dict[str, dict[str, Told]]) -> None:
        """Add to what was told."""


class RedisTold:
    """A `ToldStore` in Redis."""

    def __init__(self, uri: str) -> None:
        self._redis = redis.Redis.from_url(uri, decode_responses=True)

    def read(self, owners: Sequence[str]) -> list[dict[str, Told]]:
        with self._redis.pipeline(transaction=False) as pipe:
            for owner in owners:
                pipe.hgetall(HASHES + owner)
            return [{name: parse_told(text) for name, text in each.items()} for each in pipe.execute()]

    def write(self, told: dict[str, dict[str, Told]]) -> None:
        with self._redis.pipeline(transaction=False) as pipe:
            for owner, segments in told.items():
                texts = {name: f"{int(each.is_entered)} {each.since}" for name, each in segments.items()}
                pipe.hset(HASHES + owner, mapping=texts)
                pipe.hvals(HASHES + owner)
            for owner, texts in zip(told, pipe.execute()[1::2], strict=True):
                if any(parse_told(text).is_entered for text in texts):
                    pipe.persist(HASHES + owner)
                else:
                    pipe.expire(HASHES + owner, FORGET_SECONDS)
            pipe.execute()


def parse_told(text: str) -> Told:
    """What a field of the hash says."""
    is_entered, _, since = text.partition(" ")
    return Told(is_entered == "1", int(since))


class TransitionTeller:
    """Tells the turns of a batch: to the topic, then to the store."""

    def __init__(self, producer: Producer, topic: str, store: ToldStore, versions: dict[str, str]) -> None:
        """
        Args:
            versions: of the definitions' texts, by segment.
        """
        self._producer, self._topic, self._store, self._versions = producer, topic, store, versions

    def tell(self, turns: Iterable[TurnRow], told_at: int) -> list[Transition]:
        """Write what was not told yet; these transitions, each owner's in order.

        Raises:
            TimeoutError, KafkaException: the broker did not take them. The batch runs again.
        """
        by_owner: dict[str, list[TurnRow]] = defaultdict(list)
        for turn in turns:
            by_owner[turn.owner].append(turn)
        owners = sorted(by_owner)
        transitions, told = [], {}
        for owner, before in zip(owners, self._store.read(owners), strict=True):
            new = select_untold(before, sorted(by_owner[owner], key=lambda turn: turn.since))
            transitions += [self._make_transition(turn, told_at) for turn in new]
            if new:
                told[owner] = {turn.segment_id: Told(turn.is_entered, turn.since) for turn in new}
        self._send(transitions)
        self._store.write(told)
        return transitions

    def _send(self, transitions: Iterable[Transition]) -> None:
        errors: list[KafkaError] = []

        def note(error: KafkaError | None, _: Message) -> None:
            if error:
                errors.append(error)

        for one in transitions:
            message = {"value": encode_transition(one), "key": one.customer_id, "on_delivery": note}
            try:
                self._producer.produce(self._topic, **message)
            except BufferError:  # more at once than the client lets wait
                self._flush()
                self._producer.produce(self._topic, **message)
            self._producer.poll(0)
        self._flush()
        if errors:  # of a topic that is not there nothing waits: its lines are given up
            raise KafkaException(errors[0])

    def _flush(self) -> None:
        if self._producer.flush(PATIENCE_SECONDS):
            raise TimeoutError(f"{self._topic}: the broker did not take all transitions")

    def _make_transition(self, turn: TurnRow, told_at: int) -> Transition:
        version = self._versions.get(turn.segment_id, "")
        return Transition(
            turn.owner, turn.segment_id, turn.is_entered, turn.since, told_at, turn.reason, version
        )


def select_untold(told: dict[str, Told], turns: Iterable[TurnRow]) -> list[TurnRow]:
    """The turns that say something else than was told, each later than what was told of its segment.

    A query that begins anew with a night goes once more through what was told of the day. So of turns of
    before the newest word on a segment only the last counts, and it only if nothing follows it.
    """
    turns = list(turns)
    now, last, untold = dict(told), {turn.segment_id: turn for turn in turns}, []
    for turn in turns:
        is_past = turn.since <= told.get(turn.segment_id, OUT).since and turn is not last[turn.segment_id]
        before = now.get(turn.segment_id, OUT)
        if is_past or before.is_entered == turn.is_entered:
            continue
        since = turn.since if turn.since > before.since else before.since + 1
        untold.append(turn._replace(since=since))
        now[turn.segment_id] = Told(turn.is_entered, since)
    return untold
