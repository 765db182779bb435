"""The access log and the service's own log: a JSON object a line.

A line names the declared route and never the path or the query, which may be personal.
"""

import logging
import os
import threading
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

# A minute of a worker at its fastest. Whoever reads the lines may be slow or gone; answers do not wait for
# them, and what does not fit is counted and dropped.
MOST_WAITING = 120_000
FLUSH_EVERY_SECONDS = 0.5
LARGEST_WRITE = 1 << 16
OPTIONS = orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z


class AccessLog:
    """Lines that a thread of its own writes; those of the last half second are lost when a worker is
    killed.
    """

    def __init__(self, descriptor: int) -> None:
        """
        Args:
            descriptor: of the open file that lines go to.
        """
        self._descriptor = descriptor
        self._waiting: deque[Mapping[str, Any]] = deque()
        self._n_dropped, self._stop = 0, threading.Event()
        self._thread = threading.Thread(target=self._run, name="access-log", daemon=True)
        self._thread.start()

    def write(self, line: Mapping[str, Any]) -> None:
        """Note a line; it is written within half a second."""
        if len(self._waiting) < MOST_WAITING:
            self._waiting.append(line)
        else:
            self._n_dropped += 1

    def close(self, patience_seconds: float = 1.0) -> None:
        """Write what waits, as far as somebody takes it."""
        self._stop.set()
        self._thread.join(patience_seconds)

    def _run(self) -> None:
        while not self._stop.wait(FLUSH_EVERY_SECONDS):
            self._flush()
        self._flush()

    def _flush(self) -> None:
        if self._n_dropped:
            dropped, self._n_dropped = self._n_dropped, 0
            self._waiting.append({"dropped_lines": dropped})
        while self._waiting:
            chunk, size = [], 0
            while self._waiting and size < LARGEST_WRITE:
                chunk.append(orjson.dumps(self._waiting.popleft(), option=OPTIONS))
                size += len(chunk[-1])
            try:
                write_all(self._descriptor, b"".join(chunk))
            except OSError:  # nobody reads any more, or no room is left
                self._n_dropped += len(chunk)
                return


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of it.

    Raises:
        OSError: it cannot be written.
    """
    while data:
        data = data[os.write(descriptor, data) :]


class JsonFormatter(logging.Formatter):
    """A log record as a JSON object a line, with what is known of the request that it belongs to."""

    def __init__(self, describe_request: Callable[[], Mapping[str, Any]]) -> None:
        super().__init__()
        self._describe_request = describe_request

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **self._describe_request(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line).decode()
