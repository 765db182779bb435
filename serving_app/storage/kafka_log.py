"""An `EventLog` in a topic of Kafka: lines are durable when every in-sync replica has acknowledged them.

Lines of one key are in one partition, in the order of their appends. The producer is idempotent, so none is
doubled by its own retries, and no line is ever given up once it is on its way: what waits for a broker that
is away arrives first when it is back, before anything that is appended then. Who was told `LogUnavailable`
meanwhile and writes the lines elsewhere may find them doubled, never reordered or lost.

confluent-kafka is imported where it is used: a home without Kafka does not wait for it.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import TYPE_CHECKING

from serving_app.storage.event_log import LogLine, LogUnavailable, Position
from serving_app.storage.kafka_reader import KafkaReader

if TYPE_CHECKING:
    from confluent_kafka import KafkaError, Message, Producer

PATIENCE_SECONDS = 1.0
LINES_A_SECOND = 1_000  # that even a slow broker takes, for appends of thousands
POLL_SECONDS = 0.5
PRODUCER = {
    "acks": "all",
    "enable.idempotence": True,
    "message.timeout.ms": 0,  # never: see above
    # an append waits for its acknowledgement, so waiting for company costs each request this long
    "linger.ms": 1,
    # as other clients of Kafka choose it
    "partitioner": "murmur2_random",
    "compression.type": "lz4",
    "reconnect.backoff.max.ms": 500,
}


class _Append:
    """The lines of one append that are on their way."""

    def __init__(self, producer: "Producer", n_lines: int) -> None:
        self.producer, self.n_waiting, self.error = producer, n_lines, None
        self.is_done = threading.Event()

    def record(self, error: "KafkaError | None", _: "Message") -> None:
        """Note one line's acknowledgement or error; called by the one thread that polls."""
        self.error = self.error or error
        self.n_waiting -= 1
        if not self.n_waiting:
            self.is_done.set()


class KafkaLog:
    """The log of one topic. It connects with its first use and must not be used across a fork."""

    def __init__(
        self,
        servers: str,
        topic: str,
        config: Mapping[str, str] | None = None,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        """
        Args:
            config: further properties of the clients, as for TLS.
            patience_seconds: how long an append waits for its acknowledgements.
        """
        self._topic, self._patience = topic, patience_seconds
        self._config = {"bootstrap.servers": servers, "log_level": 0, **(config or {})}
        self._lock, self._read_lock = threading.Lock(), threading.Lock()
        self._producer: Producer | None = None
        self._reader: KafkaReader | None = None
        self._overdue: list[_Append] = []
        self._problem = ""

    def append_lines(
        self, lines: Sequence[bytes], day: date | None = None, keys: Sequence[bytes] | None = None
    ) -> None:
        """Write lines, each to the partition of its key; all are acknowledged when this returns.

        Raises:
            LogUnavailable: some are not. They may arrive all the same.
        """
        try:
            self._append(lines, keys or [b""] * len(lines))
        except LogUnavailable as error:
            self._problem = str(error)
            raise
        self._problem = ""

    def _append(self, lines: Sequence[bytes], keys: Sequence[bytes]) -> None:
        from confluent_kafka import KafkaException

        if self._has_overdue():  # more would wait behind them
            raise LogUnavailable("earlier lines are not acknowledged")
        producer = self._get_producer()
        append = _Append(producer, len(lines))
        try:
            for line, key in zip(lines, keys, strict=True):
                producer.produce(self._topic, line, key or None, on_delivery=append.record)
        except (BufferError, KafkaException) as error:  # too many lines wait, or one is too long
            self._leave_if_fatal(producer, error.args[0])
            raise LogUnavailable(f"lines are not taken: {error}") from error
        if lines and not append.is_done.wait(self._patience + len(lines) / LINES_A_SECOND):
            self._overdue.append(append)
            raise LogUnavailable("lines are not acknowledged")
        if append.error:
            self._leave_if_fatal(producer, append.error)
            raise LogUnavailable(f"lines are refused: {append.error.str()}")

    def _leave_if_fatal(self, producer: "Producer", error: "KafkaError | str") -> None:
        """Leave a producer that takes nothing any more, whoever met its fatal error; the next append makes
        another.
        """
        from confluent_kafka import KafkaError

        if isinstance(error, KafkaError) and (error.fatal() or error.code() == KafkaError._FATAL):
            with self._lock:
                if producer is self._producer:
                    self._producer = None

    def _has_overdue(self) -> bool:
        if self._overdue:  # of a producer that was left nothing is heard any more
            self._overdue = [
                append
                for append in self._overdue
                if append.producer is self._producer and not append.is_done.is_set()
            ]
        return bool(self._overdue)

    def _get_producer(self) -> "Producer":
        with self._lock:
            if self._producer is None:
                from confluent_kafka import Producer

                self._producer = Producer({**PRODUCER, **self._config})
                polling = threading.Thread(
                    target=self._poll, args=(self._producer,), name="kafka-poll", daemon=True
                )
                polling.start()
            return self._producer

    def _poll(self, producer: "Producer") -> None:
        while producer is self._producer:
            producer.poll(POLL_SECONDS)

    def read_lines(self, position: Position, most: int) -> list[LogLine]:
        """The lines behind a position, at most `most` of them, as far as they are there.

        Raises:
            LogUnavailable: the brokers do not answer.
        """
        with self._reading() as reader:
            return reader.read_lines(position, most)

    def find_end(self) -> Position:
        """The position behind every line that is there now.

        Raises:
            LogUnavailable: the brokers do not answer.
        """
        with self._reading() as reader:
            return reader.find_end()

    def find_position(self, since: datetime) -> Position:
        """The position before the first line that was written at this moment or later.

        Raises:
            LogUnavailable: the brokers do not answer.
        """
        with self._reading() as reader:
            return reader.find_position(since)

    def commit_position(self, consumer: str, position: Position) -> None:
        """Store how far a consumer has read, as a group's offsets of Kafka. They are forgotten when nothing
        is committed for as long as the brokers are configured for (`offsets.retention.minutes`, 7 days).

        Raises:
            LogUnavailable: the brokers do not answer.
        """
        with self._reading() as reader:
            reader.commit_position(consumer, position)

    def get_position(self, consumer: str) -> Position:
        """How far a consumer has read.

        Raises:
            LogUnavailable: the brokers do not answer.
        """
        with self._reading() as reader:
            return reader.get_position(consumer)

    def describe_problem(self) -> str:
        """Why lines cannot be written, as the last append found it; empty when they can."""
        return self._problem

    def rotate(self, *, is_forced: bool = False) -> None:
        """Connect, so that the first append does not wait for it; when forced, end the connections, which the
        next use makes again.
        """
        if not is_forced:
            self._get_producer()
            return
        self._producer = None
        with self._read_lock:
            self._close_reader()

    @contextmanager
    def _reading(self) -> Iterator[KafkaReader]:
        """The reader, for one thread; one that has failed is not used again."""
        from confluent_kafka import KafkaException

        with self._read_lock:
            try:
                self._reader = self._reader or KafkaReader(self._topic, self._config)
                yield self._reader
            except KafkaException as error:
                self._close_reader()
                raise LogUnavailable(f"Kafka cannot be read: {error.args[0].str()}") from error
            except LogUnavailable:
                self._close_reader()
                raise

    def _close_reader(self) -> None:
        if self._reader:
            self._reader.close()
            self._reader = None
