"""Reads a topic of Kafka by position, and keeps how far each consumer has read as offsets of a group.

A partition is Kafka's, by its number, and offsets are Kafka's own.
"""

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from serving_app.storage.event_log import START, LogLine, LogUnavailable, Position, move_position

READ_SECONDS = 10.0
POLL_SECONDS = 0.5
CONSUMER = {
    "enable.auto.commit": False,
    "enable.partition.eof": True,
    # lines older than the topic keeps are gone, as files that were taken away
    "auto.offset.reset": "earliest",
    "reconnect.backoff.max.ms": 500,
    "fetch.wait.max.ms": 100,
}
OF_NOBODY = "concierge-readers"  # a client must have a group's name; nothing is stored under it


class KafkaReader:
    """The reading half of a topic's log, for one thread at a time.

    Every method raises `KafkaException` or `LogUnavailable` where the brokers do not answer.
    """

    def __init__(self, topic: str, config: Mapping[str, Any]) -> None:
        from confluent_kafka import Consumer

        self._topic = topic
        self._config = {**config, **CONSUMER}
        self._client = Consumer({**self._config, "group.id": OF_NOBODY})
        # Questions have a connection of their own: on the client's they would wait behind its fetches, for
        # 100 ms each.
        self._asking = Consumer({**self._config, "group.id": OF_NOBODY})
        self._groups: dict[str, Any] = {}  # a client for each consumer that has committed
        self._read_to: Position | None = None
        # Of partitions that were read to their end, behind which the last line may lie, as marks of
        # transactions do.
        self._ends: dict[str, int] = {}
        self._partitions: list[int] = []

    def read_lines(self, position: Position, most: int) -> list[LogLine]:
        """The lines behind a position, at most `most` of them, as far as they are there."""
        from confluent_kafka import KafkaError, KafkaException

        if self._read_to is None or dict(position) != dict(self._read_to):
            self._place(position)
        unread = {
            partition: end
            for partition, end in self.find_end().items()
            if position.get(partition, 0) < end and self._ends.get(partition) != end
        }
        lines: list[LogLine] = []
        until = time.monotonic() + READ_SECONDS
        while unread and len(lines) < most:
            if time.monotonic() > until:
                raise LogUnavailable("Kafka does not answer")
            # One by one: what was fetched beyond `most` stays with the client.
            message = self._client.poll(POLL_SECONDS)
            if message is None:
                continue
            partition, error = str(message.partition()), message.error()
            if error and error.code() == KafkaError._PARTITION_EOF:
                self._ends[partition] = message.offset()
                if message.offset() >= unread.get(partition, 0):  # else it is of an earlier reading
                    unread.pop(partition, None)
            elif error and not error.retriable():
                raise KafkaException(error)
            elif not error:
                lines.append(LogLine(message.value() or b"", partition, message.offset() + 1))
                if message.offset() + 1 >= unread.get(partition, 0):
                    unread.pop(partition, None)
        self._read_to = move_position(position, lines)
        return lines

    def find_end(self) -> Position:
        """The position behind every line that is there now."""
        ends = {}
        for partition in self._list_partitions():
            _, ends[str(partition.partition)] = self._asking.get_watermark_offsets(
                partition, timeout=READ_SECONDS
            )
        return ends

    def find_position(self, since: datetime) -> Position:
        """The position before the first line that was written at this moment or later."""
        partitions = self._list_partitions()
        for partition in partitions:
            partition.offset = int(since.timestamp() * 1000)
        found, end = self._asking.offsets_for_times(partitions, timeout=READ_SECONDS), self.find_end()
        return {
            str(one.partition): one.offset if one.offset >= 0 else end[str(one.partition)] for one in found
        }

    def commit_position(self, consumer: str, position: Position) -> None:
        """Store how far a consumer has read."""
        from confluent_kafka import TopicPartition

        offsets = [TopicPartition(self._topic, int(number), offset) for number, offset in position.items()]
        if offsets:
            self._get_group(consumer).commit(offsets=offsets, asynchronous=False)

    def get_position(self, consumer: str) -> Position:
        """How far a consumer has read."""
        committed = self._get_group(consumer).committed(self._list_partitions(), timeout=READ_SECONDS)
        return {str(one.partition): one.offset for one in committed if one.offset >= 0} or START

    def close(self) -> None:
        """End the connections."""
        for client in (self._client, self._asking, *self._groups.values()):
            client.close()

    def _place(self, position: Position) -> None:
        from confluent_kafka import OFFSET_BEGINNING

        partitions = self._list_partitions()
        for partition in partitions:
            partition.offset = position.get(str(partition.partition), OFFSET_BEGINNING)
        self._client.assign(partitions)
        self._ends = {}

    def _list_partitions(self) -> list:
        from confluent_kafka import KafkaException, TopicPartition

        if not self._partitions:
            found = self._asking.list_topics(self._topic, timeout=READ_SECONDS).topics[self._topic]
            if found.error:
                raise KafkaException(found.error)
            self._partitions = sorted(found.partitions)
        return [TopicPartition(self._topic, number) for number in self._partitions]

    def _get_group(self, consumer: str) -> Any:
        from confluent_kafka import Consumer

        if consumer not in self._groups:
            self._groups[consumer] = Consumer({**self._config, "group.id": consumer})
        return self._groups[consumer]
