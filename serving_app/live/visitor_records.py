"""Visitors' records in a database: whose root an event belongs to, and which roots a visitor's state is read
from.

A *root* is the id that a record is stored under: the identifier of a user or a browser, or a customer's id.
"""

from collections.abc import Sequence
from typing import NamedTuple

from serving_app.live.backends import (
    BackendTransaction,
    get_alias_key,
    get_browsers_key,
    get_customer_key,
    get_exposures_key,
    get_message_key,
    get_state_key,
)
from serving_app.live.events import LiveEvent
from serving_app.live.exposures import (
    NOTHING_SHOWN,
    add_exposures,
    pack_exposures,
    unpack_exposures,
)
from serving_app.live.joins import Joined, find_user, join_browser, unpack_users
from serving_app.live.observer import NOBODY, EventObserver
from serving_app.live.packing import pack, unpack, unpack_or
from serving_app.live.record import (
    EMPTY_RECORD,
    VisitorRecord,
    add_event,
    pack_record,
    unpack_record,
)
from serving_app.live.state import VisitorKeys
from serving_app.live.timestamps import to_microseconds

MOST_ROOTS = 16  # of one customer that are merged


class RoutedEvent(NamedTuple):
    """An event and where it belongs.

    Attributes:
        user_root: None: it names no user.
        received_day: of the shop, as `date.toordinal`.
        may_join: the browser's history so far may become the user's.
        customer_id: of the user or browser, as the published snapshot knows it.
        is_stored: False: a no holds, and only its own words of consent are stored.
    """

    event: LiveEvent
    user_root: str | None
    anonymous_root: str | None
    received_day: int
    may_join: bool = True
    customer_id: str | None = None
    is_stored: bool = True

    def without_visitor(self) -> "RoutedEvent":
        """The event as nobody's: only its message id is remembered, as of a crawler's."""
        return RoutedEvent(self.event, None, None, self.received_day)


def record_events(
    transaction: BackendTransaction, routed: Sequence[RoutedEvent], observer: EventObserver = NOBODY
) -> None:
    """Add events to their roots, except those whose message id is known.

    Args:
        observer: is told of each.
    """
    roots = [root for one in routed for root in (one.user_root, one.anonymous_root) if root]
    transaction.prepare([*_list_keys(routed), *observer.list_keys(dict.fromkeys(roots))])
    message_keys = [get_message_key(one.event.message_id) for one in routed]
    known = transaction.get_many(message_keys)
    seen: set[bytes] = set()
    for one, key, is_known in zip(routed, message_keys, known, strict=True):
        if is_known is None and key not in seen:
            seen.add(key)
            transaction.put(key, b"")
            _record_event(transaction, one, observer)


def record_exposures(
    transaction: BackendTransaction, visitor: VisitorKeys, item_ids: Sequence[str], shown_at: int
) -> None:
    """Count a served list under the customer, or for a stranger under the id that something is known of."""
    root = visitor.customer_id or _find_root(transaction, visitor.identifier_ids)
    key = get_exposures_key(root)
    (packed,) = transaction.get_many([key])
    times = add_exposures(unpack_or(packed, unpack_exposures, NOTHING_SHOWN), item_ids, shown_at)
    transaction.put(key, pack_exposures(times))


def _list_keys(routed: Sequence[RoutedEvent]) -> list[bytes]:
    keys = []
    for one in routed:
        keys.append(get_message_key(one.event.message_id))
        keys += [get_state_key(root) for root in (one.user_root, one.anonymous_root) if root]
        keys += [get_alias_key(one.anonymous_root)] if one.anonymous_root else []
        keys += [get_browsers_key(one.user_root)] if one.user_root and one.anonymous_root else []
        keys += [get_customer_key(one.customer_id)] if one.customer_id else []
    return keys


def _record_event(transaction: BackendTransaction, routed: RoutedEvent, observer: EventObserver) -> None:
    at = to_microseconds(routed.event.occurred_at)
    user, browser = routed.user_root, routed.anonymous_root
    if user and browser and routed.is_stored:
        joined = join_browser(transaction, browser, user, at, routed.may_join)
        if joined is Joined.WITH_HISTORY:
            observer.join(transaction, browser, user, routed.event)
        user = None if joined is Joined.NOT else user
    root = user or (browser and (find_user(transaction, browser, at) or browser))
    if root is None:
        return
    of_customer = _add_customer_root(transaction, routed.customer_id, root) if routed.customer_id else ()
    roots = [root]
    if not routed.is_stored or routed.event.has_personalization_consent is False:
        # a no ends whatever is stored of them
        roots = [one for one in (root, browser, *of_customer, routed.customer_id) if one]
    roots = list(dict.fromkeys(roots))
    records = [_change_record(transaction, one, routed, at) for one in roots]
    consent = records[0].consent
    if not routed.is_stored or consent.is_no:
        observer.forget(transaction, roots, routed.event)
    elif at >= consent.get_since():
        observer.record(transaction, routed.event, root, routed.received_day, records[0].analytics)


def _change_record(transaction: BackendTransaction, root: str, routed: RoutedEvent, at: int) -> VisitorRecord:
    (packed,) = transaction.get_many([get_state_key(root)])
    record = unpack_or(packed, unpack_record, EMPTY_RECORD)
    if routed.is_stored:
        record = add_event(record, routed.event, routed.received_day)
    else:
        record = EMPTY_RECORD._replace(
            consent=record.consent.add(routed.event.has_personalization_consent, at),
            analytics=record.analytics.add(routed.event.has_analytics_consent, at),
        )
    if record.consent.is_no or not routed.is_stored:
        transaction.delete(get_exposures_key(root))
    if record == EMPTY_RECORD:
        transaction.delete(get_state_key(root))
    else:
        transaction.put(get_state_key(root), pack_record(record))
    return record


def _find_root(transaction: BackendTransaction, identifier_ids: Sequence[str]) -> str:
    """The first of these ids that something is stored of, as its user; otherwise the first."""
    aliases = transaction.get_many([get_alias_key(root) for root in identifier_ids])
    states = transaction.get_many([get_state_key(root) for root in identifier_ids])
    for root, users, state in zip(identifier_ids, aliases, states, strict=True):
        if unpack_users(users):
            return unpack_users(users)[-1][1]
        if state:
            return root
    return identifier_ids[0]


def _add_customer_root(transaction: BackendTransaction, customer_id: str, root: str) -> tuple[str, ...]:
    """All roots of a customer, this one among them."""
    key = get_customer_key(customer_id)
    (packed,) = transaction.get_many([key])
    roots = unpack_or(packed, unpack, ())
    if root not in roots:
        roots = (*roots, root)[-MOST_ROOTS:]
        transaction.put(key, pack(roots))
    return roots
