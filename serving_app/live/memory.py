"""The twin in memory of the databases of live states, for tests and local runs."""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime

from serving_app.live.backends import (
    LIFETIMES,
    BackendTransaction,
    DueOwner,
    OutboxEntry,
    get_timer_key,
    is_of_forbidden,
    read_timer_key,
)


class MemoryTransaction:
    """Reads through its own writes."""

    def __init__(self, values: dict[bytes, tuple[float, bytes]], now: float) -> None:
        self._values, self._now = values, now
        self.changes: dict[bytes, bytes | None] = {}
        self.told: list[bytes] = []

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        return [
            self.changes[key] if key in self.changes else read_value(self._values, key, self._now)
            for key in keys
        ]

    def prepare(self, keys: Sequence[bytes]) -> None:
        pass

    def put(self, key: bytes, value: bytes) -> None:
        self.changes[key] = value

    def delete(self, key: bytes) -> None:
        self.changes[key] = None

    def set_timer(self, owner: str, before: int, due: int) -> None:
        if before:
            self.delete(get_timer_key(before, owner))
        if due:
            self.put(get_timer_key(due, owner), b"")

    def tell(self, line: bytes) -> None:
        self.told.append(line)


class MemoryBackend:
    """A `LiveBackend` in memory.

    Attributes:
        values: by key, when it was written (seconds since 1970) and what.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self.values: dict[bytes, tuple[float, bytes]] = {}
        self.outbox: list[OutboxEntry] = []
        self._n_told, self.begun_anew = 0, ""

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
            for line in transaction.told:
                self._n_told += 1
                self.outbox.append(OutboxEntry(self._n_told.to_bytes(8), line))

    def sweep(self, is_forbidden: Callable[[str], bool]) -> None:
        with self._lock:
            now = self._clock().timestamp()
            for key in list(self.values):
                if read_value(self.values, key, now) is None or is_of_forbidden(key, is_forbidden):
                    del self.values[key]

    def list_due(self, now: int, most: int) -> list[DueOwner]:
        keys = sorted(key for key in self.values if get_timer_key(0, "") <= key < get_timer_key(now + 1, ""))
        return [read_timer_key(key) for key in keys[:most]]

    def read_outbox(self, most: int) -> list[OutboxEntry]:
        return self.outbox[:most]

    def empty_outbox(self, entries: Sequence[OutboxEntry]) -> None:
        with self._lock:
            self.outbox = [one for one in self.outbox if one not in entries]

    def list_keys(self, prefix: bytes, after: bytes, most: int) -> tuple[list[bytes], bytes]:
        keys = sorted(key for key in self.values if key.startswith(prefix) and key > after)[:most]
        return keys, keys[-1] if len(keys) == most else b""

    def is_filling(self) -> bool:
        return False

    def end_filling(self) -> None:
        pass

    def take_lead(self) -> bool:
        return True


def read_value(values: dict[bytes, tuple[float, bytes]], key: bytes, now: float) -> bytes | None:
    """A value that has not outlived its lifetime."""
    written_at, value = values.get(key, (now, None))
    return value if now - written_at < LIFETIMES[key[:2]] else None
