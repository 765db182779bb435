"""A log elsewhere, bridged by the disk while it is away: lines are acknowledged from the spool then, and sent
in their order once the log is back.

While anything waits, new lines wait behind it, so that order is kept. A line whose sending was given up and
that arrived all the same is there twice; events carry ids by which every reader drops the second.
"""

import logging
import threading
from collections.abc import Sequence
from datetime import date, datetime

from serving_app.metrics import declarations as metrics
from serving_app.storage.event_log import EventLog, LogLine, LogUnavailable, Position
from serving_app.storage.spool import Spool

TRY_EVERY_SECONDS = 0.5
MOST_AT_ONCE = 2_000
# How few lines may be sent while every request waits: some 10 ms.
LAST_LINES = 200

logger = logging.getLogger(__name__)


class SpooledLog:
    """An `EventLog` whose lines are durable on this machine's disk while the log behind it cannot take them.

    It must not be used across a fork.
    """

    def __init__(
        self, log: EventLog, spool: Spool, title: str, try_every_seconds: float = TRY_EVERY_SECONDS
    ) -> None:
        """
        Args:
            title: what messages call the log behind.
            try_every_seconds: how often a thread tries to send what waits; 0: `drain` is called by hand.
        """
        self._log, self._spool, self._title = log, spool, title
        self._try_every, self._stop = try_every_seconds, threading.Event()
        self._thread: threading.Thread | None = None
        self._start_lock = threading.Lock()

    def append_lines(
        self, lines: Sequence[bytes], day: date | None = None, keys: Sequence[bytes] | None = None
    ) -> None:
        """Write lines; they are in the log, or on disk on their way there, when this returns.

        Raises:
            LogUnavailable: the log is away, and the spool is full or cannot be written. Some lines may be in
                the log: who sends them again doubles those.
        """
        keys = keys or [b""] * len(lines)
        if self._spool.holds_lines() and self._spool.append_lines(lines, keys, is_only_behind_others=True):
            self._count_spooled(lines)
            return
        try:
            with metrics.REMOTE_LOG_SECONDS.time():
                self._log.append_lines(lines, day, keys)
        except LogUnavailable as error:
            logger.warning("%s does not take events, which wait on disk from now on: %s", self._title, error)
            self._spool.append_lines(lines, keys)
            self._count_spooled(lines)

    def drain(self) -> int:
        """Send what waits, as far as the log takes it; how many lines it was. One worker drains at a time.

        Raises:
            LogUnavailable: the log does not take them all.
        """
        n_drained, most = 0, 1  # of a log that is still away, not every line should be on its way
        with self._spool.draining() as is_ours:
            while is_ours:
                lines = self._spool.read_lines(most)
                if len(lines) < min(most, LAST_LINES):
                    with self._spool.finishing(LAST_LINES) as lines:
                        self._send(lines)
                    n_drained += len(lines)
                    is_ours = self._spool.holds_lines()
                    continue
                self._send(lines)
                self._spool.mark_drained(lines[-1].end)
                n_drained, most = n_drained + len(lines), MOST_AT_ONCE
        if n_drained:
            logger.info("%s has taken %d events that waited", self._title, n_drained)
        return n_drained

    def read_lines(self, position: Position, most: int) -> list[LogLine]:
        """Of the log behind: what waits is not in it yet."""
        return self._log.read_lines(position, most)

    def find_end(self) -> Position:
        """Of the log behind."""
        return self._log.find_end()

    def find_position(self, since: datetime) -> Position:
        """Of the log behind, which knows when it was written."""
        return self._log.find_position(since)

    def commit_position(self, consumer: str, position: Position) -> None:
        """In the log behind."""
        self._log.commit_position(consumer, position)

    def get_position(self, consumer: str) -> Position:
        """Of the log behind."""
        return self._log.get_position(consumer)

    def describe_problem(self) -> str:
        """That events wait, and whether there is room for more; empty when all are in the log."""
        if not (waiting := self._spool.measure_bytes()):
            return self._log.describe_problem()
        if self._spool.is_full():
            return f"{self._title} is away and the spool is full: events are refused"
        return f"{self._title} is away: {waiting / 1e6:.1f} MB of events wait on disk"

    def measure_waiting_bytes(self) -> int:
        """How many bytes wait on disk."""
        return self._spool.measure_bytes()

    def rotate(self, *, is_forced: bool = False) -> None:
        """Upkeep, called by a timer: what a dead worker left waiting is sent by a living one."""
        self._log.rotate(is_forced=is_forced)
        if is_forced:
            self._stop.set()
        else:
            self._start_draining()

    def _send(self, lines: Sequence) -> None:
        if lines:
            self._log.append_lines([line.line for line in lines], keys=[line.key for line in lines])
            metrics.SPOOL_DRAINED.inc(len(lines))

    def _count_spooled(self, lines: Sequence[bytes]) -> None:
        metrics.SPOOLED.inc(len(lines))
        self._start_draining()

    def _start_draining(self) -> None:
        with self._start_lock:
            if self._thread is None and self._try_every:
                self._thread = threading.Thread(
                    target=self._drain_repeatedly, name="spool-drain", daemon=True
                )
                self._thread.start()

    def _drain_repeatedly(self) -> None:
        while not self._stop.wait(self._try_every):
            try:
                self.drain()
            except LogUnavailable:
                pass  # still away: `describe_problem` says so
            except Exception as error:  # a thread that ended would leave everything waiting
                logger.error("sending what waits failed: %s", type(error).__name__)
