"""Threads that commit at once share one commit, such as a sync of the disk."""

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar


class Entry:
    """What a thread wants committed, and what became of it."""

    def __init__(self) -> None:
        self.is_done = False
        self.error: Exception | None = None


AnyEntry = TypeVar("AnyEntry", bound=Entry)


class SharedCommit(Generic[AnyEntry]):
    """Commits entries: alone where nobody else commits, else together with all that wait.

    Attributes:
        lock: held while a commit goes on.
    """

    def __init__(self, commit: Callable[[Sequence[AnyEntry]], None]) -> None:
        """
        Args:
            commit: sets `is_done` and `error` of each entry.
        """
        self._commit, self.lock = commit, threading.Lock()
        self._queue_lock = threading.Lock()
        self._queue: list[AnyEntry] = []

    def submit(self, entry: AnyEntry) -> None:
        """Return when the entry is done."""
        if self.lock.acquire(blocking=False):  # nobody commits, so there is nothing to share
            try:
                self._commit_all((entry,))
            finally:
                self.lock.release()
            return
        with self._queue_lock:
            self._queue.append(entry)
        with self.lock:
            if not entry.is_done:  # else another thread's commit has included this entry
                with self._queue_lock:
                    batch, self._queue = self._queue, []
                self._commit_all(batch)

    def _commit_all(self, batch: Sequence[AnyEntry]) -> None:
        try:
            self._commit(batch)
        except BaseException:
            for entry in batch:
                if not entry.is_done:  # or the thread that waits would take it for committed
                    entry.is_done, entry.error = True, RuntimeError("the commit that it was part of broke")
            raise
