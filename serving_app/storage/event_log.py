"""What the service asks of a log of events, whatever stores it: lines that are durable when `append_lines`
returns, read by consumers from where each left off.

A log has one or more partitions, each with an order of its own: the file of a worker in an append log, a
partition of a topic in Kafka. Lines of one key are in one partition as long as one process writes them.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple, Protocol

Position = Mapping[str, int]  # by partition, the offset behind the last line that was read
START: Position = {}


class LogUnavailable(RuntimeError):  # noqa: N818 - reads as what it says
    """The lines could not be made durable, or cannot be read now."""


class LogLine(NamedTuple):
    """One line of a log.

    Attributes:
        line: JSON without a line end.
        partition: where it lies.
        next_offset: of the line behind it in its partition.
    """

    line: bytes
    partition: str
    next_offset: int


class EventLog(Protocol):
    """A log of events."""

    def append_lines(
        self, lines: Sequence[bytes], day: date | None = None, keys: Sequence[bytes] | None = None
    ) -> None:
        """Write lines, each JSON without a line end, all of them or none; they are durable when this returns.

        Args:
            day: that they belong to, where a file may hold lines of one day alone.
            keys: of each line, by which a log of several partitions chooses one.

        Raises:
            LogUnavailable: they are not durable, and will not be.
        """

    def read_lines(self, position: Position, most: int) -> list[LogLine]:
        """The lines behind a position, at most `most` of them, each partition's in its order; empty where
        there are none yet.

        Raises:
            LogUnavailable: the log cannot be read now.
        """

    def find_end(self) -> Position:
        """The position behind every line that is there now, for a consumer of what comes from now on.

        Raises:
            LogUnavailable: the log cannot be read now.
        """

    def commit_position(self, consumer: str, position: Position) -> None:
        """Store durably how far a consumer has read."""

    def get_position(self, consumer: str) -> Position:
        """How far a consumer has read; `START` of one that has committed nothing."""

    def describe_problem(self) -> str:
        """Why lines cannot be written now; empty when they can."""

    def rotate(self, *, is_forced: bool = False) -> None:
        """Upkeep, called by a timer; forced when the process ends."""


def move_position(position: Position, lines: Sequence[LogLine]) -> Position:
    """A position moved behind lines that were read."""
    return {**position, **{line.partition: line.next_offset for line in lines}}
