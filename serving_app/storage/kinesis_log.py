"""An `EventLog` in a stream of Amazon Kinesis.

Kinesis keeps the order of one key only from one call to the next, so lines of one key that are written
together are one record, a line each. A partition is a shard. An offset counts lines: the record's sequence
number, and how many lines of it are read; below zero it is a moment, of who begins at the end. How far a
consumer has read is a file of this home, as Kinesis itself keeps nothing of it.

boto3 finds region, endpoint and credentials as it always does (`AWS_DEFAULT_REGION`, …).
"""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from serving_app.storage.event_log import LogLine, LogUnavailable, Position
from serving_app.storage.position_files import PositionFiles

LINES_A_RECORD, BYTES_A_RECORD = 500, 512 << 10
RECORDS_A_CALL = 500
COUNTED = 1 << 12  # more than the lines of a record: an offset is its sequence number times this, and lines
PATIENCE_SECONDS = 1.0
RETRY_SECONDS = 0.1
MICROSECONDS = 1_000_000


class KinesisLog:
    """The log of one stream. It connects with its first use and must not be used across a fork."""

    def __init__(
        self,
        stream: str,
        positions: Path,
        patience_seconds: float = PATIENCE_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """
        Args:
            positions: the folder of what consumers have committed.
            patience_seconds: how long an append tries.
            clock: seconds since 1970.
        """
        self._stream, self._patience, self._clock = stream, patience_seconds, clock
        self._positions = PositionFiles(positions, f"the stream {stream}")
        self._lock = threading.Lock()
        self._client: Any = None
        self._problem = ""

    def append_lines(
        self, lines: Sequence[bytes], day: date | None = None, keys: Sequence[bytes] | None = None
    ) -> None:
        """Write lines, each to the shard of its key; all are stored when this returns.

        Raises:
            LogUnavailable: some are not.
        """
        until = time.monotonic() + self._patience
        for records in pack_records(lines, keys or [b""] * len(lines)):
            while records:
                try:
                    answer = self._call("put_records", Records=records)
                except LogUnavailable as error:
                    self._problem = str(error)
                    raise
                # one record a key in a call: what is sent again overtakes nothing
                pairs = zip(records, answer["Records"], strict=True)
                records = [record for record, result in pairs if "ErrorCode" in result]
                if records and time.monotonic() > until:
                    self._problem = "Kinesis refuses records: more arrive than its shards take"
                    raise LogUnavailable(self._problem)
                if records:
                    time.sleep(RETRY_SECONDS)
        self._problem = ""

    def read_lines(self, position: Position, most: int) -> list[LogLine]:
        """The lines behind a position, at most `most` of them, as far as they are there.

        Raises:
            LogUnavailable: the stream cannot be read now.
        """
        lines: list[LogLine] = []
        for shard in self._list_shards():
            if len(lines) < most:
                lines += self._read_shard(shard, position.get(shard), most - len(lines))
        return lines

    def find_end(self) -> Position:
        """The position of this moment.

        Raises:
            LogUnavailable: the stream cannot be read now.
        """
        return dict.fromkeys(self._list_shards(), -int(self._clock() * MICROSECONDS))

    def commit_position(self, consumer: str, position: Position) -> None:
        """Store durably, in this home, how far a consumer has read.

        Raises:
            LogUnavailable: it cannot be stored.
        """
        self._positions.commit(consumer, position)

    def get_position(self, consumer: str) -> Position:
        """How far a consumer has read.

        Raises:
            LogUnavailable: what it has committed cannot be read.
        """
        return self._positions.get(consumer)

    def describe_problem(self) -> str:
        """Why lines cannot be written, as the last append found it; empty when they can."""
        return self._problem

    def rotate(self, *, is_forced: bool = False) -> None:
        """Nothing is to be kept up."""

    def _list_shards(self) -> list[str]:
        return sorted(shard["ShardId"] for shard in self._call("list_shards")["Shards"])

    def _read_shard(self, shard: str, offset: int | None, most: int) -> list[LogLine]:
        lines: list[LogLine] = []
        iterator = self._call("get_shard_iterator", ShardId=shard, **describe_start(offset))["ShardIterator"]
        while iterator and len(lines) < most:
            answer = self._call("get_records", ShardIterator=iterator, Limit=most + 1)
            for record in answer["Records"]:
                first = int(record["SequenceNumber"]) * COUNTED
                for number, line in enumerate(record["Data"].split(b"\n"), 1):
                    if first + number > (offset or 0) and len(lines) < most:
                        lines.append(LogLine(line, shard, first + number))
            if not answer["Records"] and not answer.get("MillisBehindLatest"):
                break
            iterator = answer.get("NextShardIterator")
        return lines

    def _call(self, name: str, **arguments: Any) -> dict[str, Any]:
        from botocore.exceptions import BotoCoreError, ClientError

        if name != "get_records":  # which an iterator names
            arguments["StreamName"] = self._stream
        try:
            return getattr(self._get_client(), name)(**arguments)
        except (BotoCoreError, ClientError) as error:
            raise LogUnavailable(f"Kinesis does not answer {name}: {error}") from error

    def _get_client(self) -> Any:
        with self._lock:
            if self._client is None:
                import boto3
                from botocore.config import Config

                config = Config(
                    connect_timeout=self._patience,
                    read_timeout=self._patience,
                    retries={"total_max_attempts": 1},
                )
                self._client = boto3.client("kinesis", config=config)
            return self._client


def pack_records(lines: Sequence[bytes], keys: Sequence[bytes]) -> Iterator[list[dict[str, Any]]]:
    """Records for one call after another: of one key at most one in a call, and its lines in their order."""
    by_key: dict[bytes, list[list[bytes]]] = defaultdict(lambda: [[]])
    sizes: dict[bytes, int] = defaultdict(int)
    for line, key in zip(lines, keys, strict=True):
        last = by_key[key][-1]
        if last and (len(last) == LINES_A_RECORD or sizes[key] + len(line) > BYTES_A_RECORD):
            by_key[key].append([])
            sizes[key] = 0
        by_key[key][-1].append(line)
        sizes[key] += len(line) + 1
    for turn in range(max(map(len, by_key.values()), default=0)):
        records = [
            {"Data": b"\n".join(parts[turn]), "PartitionKey": key.decode("latin-1") or "none"}
            for key, parts in by_key.items()
            if turn < len(parts)
        ]
        for start in range(0, len(records), RECORDS_A_CALL):
            yield records[start : start + RECORDS_A_CALL]


def describe_start(offset: int | None) -> dict[str, Any]:
    """Where a shard is read from, as `get_shard_iterator` is told."""
    if offset is None:
        return {"ShardIteratorType": "TRIM_HORIZON"}
    if offset < 0:
        moment = datetime.fromtimestamp(-offset / MICROSECONDS, UTC)
        return {"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": moment}
    # the record itself once more, of which some lines may be unread
    return {"ShardIteratorType": "AT_SEQUENCE_NUMBER", "StartingSequenceNumber": str(offset // COUNTED)}
