"""The live states of a shop's visitors: a `LiveStore` over a database.

It hashes the ids of events, lets the restrictions decide what may be stored and used, and goes on without the
database while that is away: reads are empty then, and events wait in memory.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, tzinfo
from functools import reduce
from zoneinfo import ZoneInfo

from expectations.contracts.identifiers import hash_identifier
from expectations.contracts.restrictions import RestrictionView
from serving_app.live.backends import BackendError, BackendTransaction, get_message_key
from serving_app.live.breaker import GuardedBackend
from serving_app.live.derive import derive_state
from serving_app.live.events import LiveEvent
from serving_app.live.exposures import merge_exposures
from serving_app.live.record import merge_records
from serving_app.live.state import EMPTY_STATE, LiveState, VisitorKeys
from serving_app.live.timestamps import to_microseconds
from serving_app.live.visitor_records import (
    RoutedEvent,
    find_roots,
    read_records,
    record_events,
    record_exposures,
)
from serving_app.live.waiting import WaitingQueue
from serving_app.storage.protocols import RestrictionStore, SnapshotStore
from serving_app.storage.snapshots import Snapshot
from serving_app.visitors.service import may_be_personal

# What waits in a worker: exposures for the next flush, events while the database is away. 10,000 events are a
# minute of a shop of 14 million events a day; what is beyond that the night still has, from the event log.
MOST_WAITING_LISTS, MOST_WAITING_EVENTS = 10_000, 10_000
WRITTEN_AT_ONCE = 500
PROBE = get_message_key("")  # which nobody writes


class LiveStates:
    """A `LiveStore`. Nothing of it raises for want of the database."""

    def __init__(
        self,
        backend: GuardedBackend,
        restrictions: RestrictionStore,
        snapshots: SnapshotStore,
        identity_key: str,
    ) -> None:
        """
        Args:
            identity_key: the key of the hash that makes an `identifier_id`.
        """
        self._backend, self._restrictions, self._snapshots = backend, restrictions, snapshots
        self._key = identity_key
        self._lists: WaitingQueue[tuple[VisitorKeys, Sequence[str], int]] = WaitingQueue(MOST_WAITING_LISTS)
        self._events: WaitingQueue[LiveEvent] = WaitingQueue(MOST_WAITING_EVENTS)

    def find_known(self, message_ids: Iterable[str]) -> set[str]:
        message_ids = list(message_ids)
        try:
            found = self._backend.read([get_message_key(one) for one in message_ids])
        except BackendError:
            return set()
        return {one for one, value in zip(message_ids, found, strict=True) if value is not None}

    def record(self, events: Sequence[LiveEvent]) -> None:
        if not self._write_events(events):
            self._events.add(events)

    def record_exposures(self, visitor: VisitorKeys, item_ids: Sequence[str], shown_at: datetime) -> None:
        if item_ids and (visitor.identifier_ids or visitor.customer_id):
            self._lists.add([(visitor, tuple(item_ids), to_microseconds(shown_at))])

    def read(self, visitor: VisitorKeys, absorbed_date: date | None) -> LiveState:
        if not visitor.identifier_ids and not visitor.customer_id:
            return EMPTY_STATE
        try:
            own, users, of_customer = find_roots(self._backend.read, visitor)
            roots = self._select_readable(visitor, own, users, of_customer)
            found = read_records(self._backend.read, roots)
        except BackendError:
            return EMPTY_STATE
        if not found:
            return EMPTY_STATE
        record = reduce(merge_records, (one.record for one in found))
        exposures = reduce(merge_exposures, (one.exposures for one in found))
        return derive_state(record, exposures, absorbed_date.toordinal() if absorbed_date else 0)

    def flush(self) -> None:
        """Write what waits, and look whether a database that was away is back: for a timer."""
        if self._backend.describe_problem():
            self.describe_problem()
        while lists := self._lists.take(WRITTEN_AT_ONCE):
            if not self._write_lists(lists):
                return self._lists.put_back(lists)
        while events := self._events.take(WRITTEN_AT_ONCE):
            if not self._write_events(events):
                return self._events.put_back(events)

    def sweep(self) -> None:
        """Delete some of what is too old: for a timer."""
        with suppress(BackendError):
            self._backend.sweep()

    def take_begun_anew(self) -> str:
        return self._backend.take_begun_anew()

    def describe_problem(self) -> str:
        with suppress(BackendError):
            self._backend.read([PROBE])
        problem = self._backend.describe_problem()
        return f"what visitors do now changes nothing, or later: {problem}" if problem else ""

    def _write_events(self, events: Sequence[LiveEvent]) -> bool:
        """Whether they could be written."""
        if not events:
            return True
        routed = self._route(events)
        try:
            self._backend.update(lambda transaction: record_events(transaction, routed))
        except BackendError:
            return False
        return True

    def _write_lists(self, lists: Sequence[tuple[VisitorKeys, Sequence[str], int]]) -> bool:
        def change(transaction: BackendTransaction) -> None:
            for visitor, item_ids, shown_at in lists:
                record_exposures(transaction, visitor, item_ids, shown_at)

        try:
            self._backend.update(change)
        except BackendError:
            return False
        return True

    def _route(self, events: Sequence[LiveEvent]) -> list[RoutedEvent]:
        snapshot = self._snapshots.get_current()
        zone = ZoneInfo(snapshot.meta.time_zone) if snapshot else UTC
        with self._restrictions.open_view() as view:
            routed = [self._route_event(event, snapshot, view, zone) for event in events]
        if all(one.is_stored for one in routed) or not self._restrictions.describe_problem():
            return routed
        # nobody knows who said no: nothing is stored, and nothing is deleted either
        return [one if one.is_stored else one.without_visitor() for one in routed]

    def _route_event(
        self, event: LiveEvent, snapshot: Snapshot | None, view: RestrictionView, zone: tzinfo
    ) -> RoutedEvent:
        received_day = event.received_at.astimezone(zone).toordinal()
        try:
            user, browser = (
                hash_identifier(self._key, kind, event.source, value) if value else None
                for kind, value in (("user_id", event.user_id), ("anonymous_id", event.anonymous_id))
            )
        except UnicodeEncodeError:  # half a character: of such an id nothing can be hashed
            user = browser = None
        if event.is_bot or not (user or browser):
            return RoutedEvent(event, None, None, received_day)
        customer_id = find_customer_id(user or browser, snapshot)
        ids = [one for one in (user, browser, customer_id) if one]
        return RoutedEvent(
            event,
            user,
            browser,
            received_day,
            may_join=not (user and browser) or may_join(browser, user, snapshot),
            customer_id=customer_id,
            is_stored=may_be_personal(ids, snapshot, view),
        )

    def _select_readable(
        self,
        visitor: VisitorKeys,
        own: Sequence[str],
        users: Sequence[tuple[str, str]],
        of_customer: Sequence[str],
    ) -> list[str]:
        """The visitor's own roots, and of the others those that no published identity and no restriction
        speaks against.
        """
        others = [root for root in of_customer if root not in own]
        if not users and not others:
            return list(own)
        snapshot = self._snapshots.get_current()
        others = [root for root in others if find_customer_id(root, snapshot) == visitor.customer_id]
        others += [user for browser, user in users if may_join(browser, user, snapshot)]
        with self._restrictions.open_view() as view:
            allowed = [
                root
                for root in others
                if may_be_personal(
                    [one for one in (root, find_customer_id(root, snapshot)) if one], snapshot, view
                )
            ]
        return list(dict.fromkeys([*own, *allowed]))


def find_customer_id(root: str | None, snapshot: Snapshot | None) -> str | None:
    """The customer to whom a root belongs, as the published snapshot knows it."""
    return snapshot.find_customer_id(root) if root and snapshot else None


def may_join(browser: str, user: str, snapshot: Snapshot | None) -> bool:
    """Whether what was done in a browser may count as the user's: not where the night knows the browser as
    that of another customer with a login, as a tablet that two people share.
    """
    owner = find_customer_id(browser, snapshot)
    if owner is None or owner == find_customer_id(user, snapshot):
        return True
    profile = snapshot.read_customer(owner)
    return not (profile and profile.is_known)
