"""How many requests with events are worked on at once: the others hear 429 before a queue can grow.

A worker has four threads and lists must be answered meanwhile. A queue in front of busy threads would make
each request slower than the one before; a refusal takes a tenth of a millisecond, and the client, which has
its events still, sends them again.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from serving_app.http.problems import TooManyRequests
from serving_app.metrics import declarations as metrics

MOST_AT_ONCE = 3
PATIENCE_SECONDS = 0.1  # a burst of a moment is no overload
REFUSE_SECONDS = 0.5  # after a wait that was in vain nobody waits: each would hold a thread
RETRY_AFTER_SECONDS = 1


class Admission:
    """Lets so many threads in at once."""

    def __init__(
        self,
        most: int = MOST_AT_ONCE,
        patience_seconds: float = PATIENCE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._free, self._patience, self._clock = threading.BoundedSemaphore(most), patience_seconds, clock
        self._refuse_until = float("-inf")

    @contextmanager
    def admit(self) -> Iterator[None]:
        """Work on a request inside.

        Raises:
            TooManyRequests: too many are worked on; nothing of this one was looked at.
        """
        if not self._free.acquire(blocking=False):
            is_refusing = self._clock() < self._refuse_until
            if is_refusing or not self._free.acquire(timeout=self._patience):
                self._refuse_until = self._clock() + REFUSE_SECONDS
                metrics.REFUSED.labels(reason="too-many-events").inc()
                raise TooManyRequests(
                    "More events arrive than can be stored; send these again.", RETRY_AFTER_SECONDS
                )
        try:
            yield
        finally:
            self._free.release()
