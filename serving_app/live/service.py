"""The live states of a shop's visitors: a `LiveStore` over a database.

It hashes the ids of events, lets the restrictions decide what may be stored and used, and goes on without the
database while that is away: reads are empty then, and events wait in memory.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, tzinfo
from zoneinfo import ZoneInfo

from expectations.contracts.identifiers import hash_identifier
from expectations.contracts.restrictions import RestrictionView
from serving_app.live.backends import BackendError, BackendTransaction, LiveBackend, get_message_key
from serving_app.live.derive import derive_state
from serving_app.live.events import LiveEvent
from serving_app.live.exposures import NOTHING_SHOWN, merge_exposures
from serving_app.live.record import EMPTY_RECORD, merge_records
from serving_app.live.state import EMPTY_STATE, LiveState, VisitorKeys
from serving_app.live.timestamps import to_microseconds
from serving_app.live.visitor_records import (
    RoutedEvent,
    find_roots,
    read_records,
    record_events,
    record_exposures,
)
from serving_app.storage.protocols import RestrictionStore, SnapshotStore
from serving_app.storage.snapshots import Snapshot
from serving_app.visitors.service import may_be_personal

# What waits in a worker: exposures for the next flush, events while the database is away. 10,000 events are a
# minute of a shop of 14 million events a day; what is beyond that the night still has, from the event log.
MOST_WAITING_LISTS, MOST_WAITING_EVENTS = 10_000, 10_000


class LiveStates:
    """A `LiveStore`. Nothing of it raises for want of the database."""

    def __init__(
        self,
        backend: LiveBackend,
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
        self._waiting_lists: deque[tuple[VisitorKeys, tuple[str, ...], int]] = deque(
            maxlen=MOST_WAITING_LISTS
        )
        self._problem = ""

    def find_known(self, message_ids: Iterable[str]) -> set[str]:
        message_ids = list(message_ids)
        try:
            found = self._backend.read([get_message_key(one) for one in message_ids])
        except BackendError as error:
            self._note(error)
            return set()
        return {one for one, value in zip(message_ids, found, strict=True) if value is not None}

    def record(self, events: Sequence[LiveEvent]) -> None:
        routed = self._route(events)
        if routed:
            try:
                self._backend.update(lambda transaction: record_events(transaction, routed))
            except BackendError as error:
                self._note(error)

    def record_exposures(self, visitor: VisitorKeys, item_ids: Sequence[str], shown_at: datetime) -> None:
        if item_ids and (visitor.identifier_ids or visitor.customer_id):
            self._waiting_lists.append((visitor, tuple(item_ids), to_microseconds(shown_at)))

    def read(self, visitor: VisitorKeys, absorbed_date: date | None) -> LiveState:
        if not visitor.identifier_ids and not visitor.customer_id:
            return EMPTY_STATE
        try:
            own, users, of_customer = find_roots(self._backend.read, visitor)
            roots = self._select_readable(visitor, own, users, of_customer)
            found = read_records(self._backend.read, roots)
        except BackendError as error:
            self._note(error)
            return EMPTY_STATE
        record, exposures = EMPTY_RECORD, NOTHING_SHOWN
        for one in found:
            record = merge_records(record, one.record)
            exposures = merge_exposures(exposures, one.exposures)
        return derive_state(record, exposures, absorbed_date.toordinal() if absorbed_date else 0)

    def flush(self) -> None:
        """Write the exposures that wait, in one transaction."""
        waiting = [self._waiting_lists.popleft() for _ in range(len(self._waiting_lists))]
        if not waiting:
            return

        def change(transaction: BackendTransaction) -> None:
            for visitor, item_ids, shown_at in waiting:
                record_exposures(transaction, visitor, item_ids, shown_at)

        try:
            self._backend.update(change)
        except BackendError as error:
            self._note(error)

    def describe_problem(self) -> str:
        return self._problem

    def _note(self, error: BackendError) -> None:
        self._problem = str(error)

    def _route(self, events: Sequence[LiveEvent]) -> list[RoutedEvent]:
        snapshot = self._snapshots.get_current()
        zone = ZoneInfo(getattr(snapshot.meta, "time_zone", "UTC")) if snapshot else UTC
        with self._restrictions.open_view() as view:
            routed = [
                self._route_event(event, snapshot, view, zone)
                for event in events
                if not event.is_bot and (event.user_id or event.anonymous_id)
            ]
        if all(one.is_stored for one in routed) or not self._restrictions.describe_problem():
            return routed
        # nobody knows who said no: nothing is stored, and nothing is deleted either
        return [one for one in routed if one.is_stored]

    def _route_event(
        self, event: LiveEvent, snapshot: Snapshot | None, view: RestrictionView, zone: tzinfo
    ) -> RoutedEvent:
        user, browser = (
            hash_identifier(self._key, kind, event.source, value) if value else None
            for kind, value in (("user_id", event.user_id), ("anonymous_id", event.anonymous_id))
        )
        customer_id = find_customer_id(user or browser, snapshot)
        ids = [one for one in (user, browser, customer_id) if one]
        return RoutedEvent(
            event,
            user,
            browser,
            event.received_at.astimezone(zone).toordinal(),
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
