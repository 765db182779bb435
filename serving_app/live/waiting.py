"""What waits in a worker's memory until it can be written."""

import threading
from collections import deque
from collections.abc import Sequence
from typing import Generic, TypeVar

from serving_app.metrics import declarations as metrics

T = TypeVar("T")


class WaitingQueue(Generic[T]):
    """A bounded queue: what is too much pushes the oldest out, and is counted."""

    def __init__(self, kind: str, most: int) -> None:
        """
        Args:
            kind: what waits in it, for the metric.
        """
        self._entries: deque[T] = deque()
        self._kind, self._most, self._lock = kind, most, threading.Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, entries: Sequence[T]) -> None:
        with self._lock:
            self._entries.extend(entries)
            self._drop_oldest()

    def pop_oldest(self, most: int) -> list[T]:
        """The oldest of them, which wait no longer."""
        with self._lock:
            return [self._entries.popleft() for _ in range(min(most, len(self._entries)))]

    def put_back(self, entries: Sequence[T]) -> None:
        """Let what was taken wait on, before all others."""
        with self._lock:
            self._entries.extendleft(reversed(entries))
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        while len(self._entries) > self._most:
            self._entries.popleft()
            metrics.DROPPED.labels(kind=self._kind).inc()
