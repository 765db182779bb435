"""What waits in a worker's memory until it can be written."""

import threading
from collections import deque
from collections.abc import Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


class WaitingQueue(Generic[T]):
    """A bounded queue: what is too much pushes the oldest out, and is counted.

    Attributes:
        n_lost: how many were pushed out.
    """

    def __init__(self, most: int) -> None:
        self._entries: deque[T] = deque()
        self._most, self._lock = most, threading.Lock()
        self.n_lost = 0

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, entries: Sequence[T]) -> None:
        with self._lock:
            self._entries.extend(entries)
            self._drop_oldest()

    def take(self, most: int) -> list[T]:
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
            self.n_lost += 1
