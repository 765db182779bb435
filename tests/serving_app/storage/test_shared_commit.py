"""Threads that share a commit: none takes what broke for committed."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from serving_app.storage.shared_commit import Entry, SharedCommit


class Announced(list):
    """A queue that says when an entry has come."""

    def __init__(self) -> None:
        super().__init__()
        self.arrivals = threading.Semaphore(0)

    def append(self, entry: Entry) -> None:
        super().append(entry)
        self.arrivals.release()


def test_a_commit_that_breaks_is_an_error_of_all_who_share_it():
    def commit(batch):
        batch[0].is_done = True
        raise ValueError("broken")

    shared, entries = SharedCommit(commit), [Entry() for _ in range(3)]
    shared._queue = queue = Announced()
    with ThreadPoolExecutor(3) as threads:
        with shared.lock:  # somebody commits, so the three are one batch
            jobs = [threads.submit(shared.submit, entry) for entry in entries]
            for _ in entries:
                queue.arrivals.acquire()
            first = queue[0]
        raised = [job.exception() for job in jobs]
    assert [type(error) for error in raised if error] == [ValueError], "who committed hears what it was"
    assert first.error is None
    others = [entry for entry in entries if entry is not first]
    assert all(entry.is_done and isinstance(entry.error, RuntimeError) for entry in others)


def test_a_commit_alone_that_breaks_lets_the_next_one_through():
    outcomes = [ValueError("broken"), None]

    def commit(batch):
        if error := outcomes.pop(0):
            raise error
        batch[0].is_done = True

    shared, second = SharedCommit(commit), Entry()
    with pytest.raises(ValueError, match="broken"):
        shared.submit(Entry())
    shared.submit(second)
    assert second.is_done and second.error is None
