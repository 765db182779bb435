"""A circuit breaker round a database of live states: one that is away costs a few answers a few milliseconds,
and then none any.
"""

import math
import threading
from collections.abc import Callable, Sequence
from typing import Any

from serving_app.live.backends import BackendError, BackendTransaction, DueOwner, LiveBackend, OutboxEntry

FAILURES_TO_OPEN = 3  # one after another
OPEN_SECONDS = 1.0


class CircuitBreaker:
    """Whether to call something that may be away.

    *Closed*: call. After some failures, *open*: do not, for a second. Then one call tries, the others do not
    until it has ended: what is away is asked once a second.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        failures_to_open: int = FAILURES_TO_OPEN,
        open_seconds: float = OPEN_SECONDS,
    ) -> None:
        """
        Args:
            clock: seconds, never set back.
            failures_to_open: so many one after another.
            open_seconds: between two tries while it is open.
        """
        self._clock, self._lock = clock, threading.Lock()
        self._failures_to_open, self._open_seconds = failures_to_open, open_seconds
        self._n_failures, self._closed_until = 0, 0.0

    @property
    def is_open(self) -> bool:
        """Whether it has failed so often that most calls are left out."""
        return self._n_failures >= self._failures_to_open

    def may_call(self) -> bool:
        """Whether to call now; the caller then notes how it went."""
        if not self.is_open:
            return True
        with self._lock:
            now = self._clock()
            if now < self._closed_until:
                return False
            self._closed_until = (
                now + self._open_seconds
            )  # the others wait; should this try never end, another one
            return True

    def note_success(self) -> None:
        self._n_failures = 0

    def note_failure(self) -> None:
        with self._lock:
            self._n_failures += 1
            self._closed_until = self._clock() + self._open_seconds


class GuardedBackend:
    """A `LiveBackend` behind two breakers, since a replica that only reads can still be read."""

    def __init__(
        self, backend: LiveBackend, clock: Callable[[], float], slow_seconds: float = math.inf
    ) -> None:
        """
        Args:
            clock: seconds, never set back.
            slow_seconds: a call that takes longer has failed, whatever it answered.
        """
        self._backend, self._clock, self._slow_seconds = backend, clock, slow_seconds
        self._reads, self._writes = CircuitBreaker(clock), CircuitBreaker(clock)
        self._problems: dict[CircuitBreaker, str] = {}

    def read(self, keys: Sequence[bytes]) -> list[bytes | None]:
        return self._call(self._reads, lambda: self._backend.read(keys), self._slow_seconds)

    def update(self, change: Callable[[BackendTransaction], None], is_patient: bool = False) -> None:
        slow_seconds = math.inf if is_patient else self._slow_seconds
        self._call(self._writes, lambda: self._backend.update(change, is_patient), slow_seconds)

    def sweep(self, is_forbidden: Callable[[str], bool]) -> None:
        self._call(self._writes, lambda: self._backend.sweep(is_forbidden), math.inf)

    def list_due(self, now: int, most: int) -> list[DueOwner]:
        return self._call(self._reads, lambda: self._backend.list_due(now, most), math.inf)

    def read_outbox(self, most: int) -> list[OutboxEntry]:
        return self._call(self._reads, lambda: self._backend.read_outbox(most), math.inf)

    def empty_outbox(self, entries: Sequence[OutboxEntry]) -> None:
        self._call(self._writes, lambda: self._backend.empty_outbox(entries), math.inf)

    def list_keys(self, prefix: bytes, after: bytes, most: int) -> tuple[list[bytes], bytes]:
        return self._call(self._reads, lambda: self._backend.list_keys(prefix, after, most), math.inf)

    def is_filling(self) -> bool:
        return self._call(self._reads, self._backend.is_filling, math.inf)

    def end_filling(self) -> None:
        self._call(self._writes, self._backend.end_filling, math.inf)

    def take_lead(self) -> bool:
        return self._call(self._writes, self._backend.take_lead, math.inf)

    def take_begun_anew(self) -> str:
        """Why the database was begun anew, once; empty when it was not."""
        reason, self._backend.begun_anew = self._backend.begun_anew, ""
        return reason

    @property
    def is_open(self) -> bool:
        """Whether reads or writes are left out."""
        return self._reads.is_open or self._writes.is_open

    def describe_problem(self) -> str:
        """Why the newest call failed, of those that read or of those that write; empty when both work."""
        return self._problems.get(self._reads) or self._problems.get(self._writes) or ""

    def _call(self, breaker: CircuitBreaker, call: Callable[[], Any], slow_seconds: float) -> Any:
        if not breaker.may_call():
            raise BackendError(self._problems.get(breaker) or "the live states are away")
        started = self._clock()
        try:
            answer = call()
        except BackendError as error:
            breaker.note_failure()
            self._problems[breaker] = str(error)
            raise
        if self._clock() - started > slow_seconds:
            breaker.note_failure()
            self._problems[breaker] = "the live states cannot be used: they are slow"
        else:
            breaker.note_success()
            self._problems.pop(breaker, None)
        return answer
