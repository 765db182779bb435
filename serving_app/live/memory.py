"""The twin in memory of the databases of live states, for tests and local runs."""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime

from serving_app.live.backends import LIFETIMES, BackendTransaction, is_of_forbidden


class MemoryTransaction:
    """Reads through its own writes."""

    def __init__(self, values: dict[bytes, tuple[float, bytes]], now: float) -> None:
        self._values, self._now = values, now
        self.changes: dict[bytes, bytes | None] = {}

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        return [
            self.changes[key] if key in self.changes else read_value(self._values, key, self._now)
            for key in keys
        ]

    def put(self, key: bytes, value: bytes) -> None:
        self.changes[key] = value

    def delete(self, key: bytes) -> None:
        self.changes[key] = None


class MemoryBackend:
    """A `LiveBackend` in memory.

    Attributes:
        values: by key, when it was written (seconds since 1970) and what.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self.values: dict[bytes, tuple[float, bytes]] = {}
        self.begun_anew = ""

    def read(self, keys: Sequence[bytes]) -> list[bytes | None]:
        now = self._clock().timestamp()
        return [read_value(self.values, key, now) for key in keys]

    def update(self, change: Callable[[BackendTransaction], None], is_patient: bool = False) -> None:
        with self._lock:
            now = self._clock().timestamp()
            transaction = MemoryTransaction(self.values, now)
            change(transaction)
            for key, value in transaction.changes.items():
                if value is None:
                    self.values.pop(key, None)
                else:
                    self.values[key] = (now, value)

    def sweep(self, is_forbidden: Callable[[str], bool]) -> None:
        with self._lock:
            now = self._clock().timestamp()
            for key in list(self.values):
                if read_value(self.values, key, now) is None or is_of_forbidden(key, is_forbidden):
                    del self.values[key]


def read_value(values: dict[bytes, tuple[float, bytes]], key: bytes, now: float) -> bytes | None:
    """A value that has not outlived its lifetime."""
    written_at, value = values.get(key, (now, None))
    return value if now - written_at < LIFETIMES[key[:2]] else None
