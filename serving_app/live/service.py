"""The live states of a shop's visitors: a `LiveStore` over a database.

It goes on without the database while that is away: reads are empty then, and events wait in memory.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime
from functools import cache, reduce
from time import perf_counter

from prometheus_client import Histogram

from serving_app.live.backends import BackendError, BackendTransaction, get_memberships_key, get_message_key
from serving_app.live.breaker import GuardedBackend
from serving_app.live.derive import derive_state
from serving_app.live.events import LiveEvent
from serving_app.live.exposures import NOTHING_SHOWN, merge_exposures
from serving_app.live.found_records import MakeKey, read_own, read_records
from serving_app.live.observer import NOBODY, EventObserver
from serving_app.live.record import EMPTY_RECORD, merge_records
from serving_app.live.roots import RootFinder
from serving_app.live.state import EMPTY_STATE, UNREAD_STATE, LiveState, VisitorKeys
from serving_app.live.timestamps import to_microseconds
from serving_app.live.visitor_records import record_events, record_exposures
from serving_app.live.waiting import WaitingQueue
from serving_app.metrics import declarations as metrics

# What waits in a worker: exposures for the next flush, events while the database is away. 10,000 events are a
# minute of a shop of 14 million events a day; what is beyond that the night still has, from the event log.
MOST_WAITING_LISTS, MOST_WAITING_EVENTS = 10_000, 10_000
# In one transaction: some 5 ms with live segments. A batch of 500 would come close to Redis's timeout,
# and keep the other workers from writing.
WRITTEN_AT_ONCE = 25
PROBE = get_message_key("")  # which nobody writes


class LiveStates:
    """A `LiveStore`. Nothing of it raises for want of the database."""

    def __init__(
        self,
        backend: GuardedBackend,
        roots: RootFinder,
        observer: EventObserver = NOBODY,
        clock: Callable[[], datetime] | None = None,
        make_membership_key: MakeKey = get_memberships_key,
    ) -> None:
        """
        Args:
            observer: is told of each event that is recorded, in its transaction.
            clock: by which it is measured how late events are recorded; None: it is not.
            make_membership_key: under which memberships lie.
        """
        self._backend, self._roots, self._observer = backend, roots, observer
        self._clock, self._make_membership_key = clock, make_membership_key
        self._lists: WaitingQueue[tuple[VisitorKeys, Sequence[str], int]] = WaitingQueue(
            "lists", MOST_WAITING_LISTS
        )
        self._events: WaitingQueue[LiveEvent] = WaitingQueue("events", MOST_WAITING_EVENTS)

    def find_known(self, message_ids: Iterable[str]) -> set[str]:
        message_ids = list(message_ids)
        try:
            with observe_call("find_known"):
                values = self._backend.read([get_message_key(one) for one in message_ids])
        except BackendError:
            return set()
        return {one for one, value in zip(message_ids, values, strict=True) if value is not None}

    def record(self, events: Sequence[LiveEvent], *, is_refill: bool = False) -> None:
        for first in range(0, len(events), WRITTEN_AT_ONCE):
            chunk = events[first : first + WRITTEN_AT_ONCE]
            if not self._write_events(chunk):
                self._events.add(chunk)
            elif not is_refill:
                self._observe_delays(chunk)

    def record_exposures(self, visitor: VisitorKeys, item_ids: Sequence[str], shown_at: datetime) -> None:
        if item_ids and (visitor.identifier_ids or visitor.customer_id):
            self._lists.add([(visitor, tuple(item_ids), to_microseconds(shown_at))])

    def read(self, visitor: VisitorKeys, absorbed_date: date | None) -> LiveState:
        if not visitor.identifier_ids and not visitor.customer_id:
            return EMPTY_STATE
        try:
            with observe_call("read"):
                records, users, of_customer = read_own(self._backend.read, visitor, self._make_membership_key)
                others: list[str] = []
                if users or of_customer:
                    others = self._roots.select_others(visitor, users, of_customer)
                    records = records + read_records(self._backend.read, others, self._make_membership_key)
        except BackendError:
            return UNREAD_STATE
        if not records and not others:
            return EMPTY_STATE
        record = reduce(merge_records, (one.record for one in records), EMPTY_RECORD)
        exposures = reduce(merge_exposures, (one.exposures for one in records), NOTHING_SHOWN)
        state = derive_state(record, exposures, absorbed_date.toordinal() if absorbed_date else 0)
        stored = {one.root: one.memberships for one in records if one.memberships}
        return replace(state, memberships=dict.fromkeys(others, b"") | stored)

    def flush(self) -> None:
        """Write what waits, and look whether a database that was away is back: for a timer."""
        metrics.LIVE_STORE_BREAKER_OPEN.set(self._backend.is_open)
        if self._backend.describe_problem():
            self.describe_problem()
        while lists := self._lists.pop_oldest(WRITTEN_AT_ONCE):
            if not self._write_lists(lists):
                return self._lists.put_back(lists)
        while events := self._events.pop_oldest(WRITTEN_AT_ONCE):
            if not self._write_events(events, is_patient=True):
                return self._events.put_back(events)
            self._observe_delays(events)

    def sweep(self) -> None:
        """Delete some of what is too old, or of whom nothing may be stored any more: for a timer."""
        with suppress(BackendError), self._roots.open_forbidden() as is_forbidden:
            self._backend.sweep(is_forbidden)

    def take_begun_anew(self) -> str:
        return self._backend.take_begun_anew()

    def end_filling(self) -> None:
        with suppress(BackendError):
            self._backend.end_filling()

    def describe_problem(self) -> str:
        with suppress(BackendError):
            self._backend.read([PROBE])
        problem = self._backend.describe_problem()
        return f"what visitors do now changes nothing, or later: {problem}" if problem else ""

    def _write_events(self, events: Sequence[LiveEvent], is_patient: bool = False) -> bool:
        """Whether they could be written."""
        routed = self._roots.route(events)
        try:
            with observe_call("record"):
                self._backend.update(lambda txn: record_events(txn, routed, self._observer), is_patient)
        except BackendError:
            return False
        return True

    def _observe_delays(self, events: Sequence[LiveEvent]) -> None:
        if self._clock:
            now = self._clock()
            for event in events:
                metrics.LIVE_EVENT_SECONDS.observe(max(0.0, (now - event.received_at).total_seconds()))

    def _write_lists(self, lists: Sequence[tuple[VisitorKeys, Sequence[str], int]]) -> bool:
        def change(transaction: BackendTransaction) -> None:
            for visitor, item_ids, shown_at in lists:
                record_exposures(transaction, visitor, item_ids, shown_at)

        try:
            self._backend.update(change, is_patient=True)
        except BackendError:
            return False
        return True


@cache  # a label's look-up takes a lock and a tuple; there are three
def find_timing(operation: str) -> Histogram:
    """The series of an operation's seconds."""
    return metrics.LIVE_STORE_SECONDS.labels(operation=operation)


class observe_call:  # noqa: N801 - reads as the verb it is; a generator's would cost every answer 2 µs
    """Count and time what is asked of the database inside."""

    __slots__ = ("_operation", "_started_at")

    def __init__(self, operation: str) -> None:
        self._operation = operation

    def __enter__(self) -> None:
        self._started_at = perf_counter()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        find_timing(self._operation).observe(perf_counter() - self._started_at)
        if kind is not None and issubclass(kind, BackendError):
            metrics.LIVE_STORE_FAILURES.labels(operation=self._operation).inc()
