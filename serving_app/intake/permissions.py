"""Writes the consents of events to the store of restrictions, so that the next answer keeps to them."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from expectations.contracts.identifiers import hash_identifier
from expectations.contracts.restrictions import (
    CONSENTS,
    Permission,
    RestrictionsUnreadable,
    find_newest_permission,
)
from serving_app.intake.normal_form import NormalEvent
from serving_app.live.waiting import WaitingQueue
from serving_app.storage.protocols import RestrictionStore, SnapshotStore

logger = logging.getLogger(__name__)

MOST_WAITING = 10_000  # while the restrictions cannot be written; the night has all of them
# Of visitors whom the published night does not know, until the next one is published. Whoever has a page's
# key can make up ids as fast as its rate allows, and a full store would keep real people's nos out. What is
# beyond holds by the live state, which forgets by age, and from the night on by the night.
MOST_STRANGERS = 100_000
RETRIED_AT_ONCE = 100


class Consent(NamedTuple):
    """What a visitor said.

    Attributes:
        ids: all known ones of the visitor.
        is_stranger: no customer of the published night has one of them.
    """

    ids: list[str]
    permission: Permission
    is_stranger: bool


class PermissionWriter:
    """Records what visitors allow: a no whatever else is wrong with its event, a yes where it follows one."""

    def __init__(self, restrictions: RestrictionStore, snapshots: SnapshotStore, identity_key: str) -> None:
        self._restrictions, self._snapshots, self._key = restrictions, snapshots, identity_key
        self._waiting: WaitingQueue[Consent] = WaitingQueue("consents", MOST_WAITING)
        self._is_away = False
        self._strangers: tuple[object, int] = (None, 0)  # the snapshot, and how many were written since

    def write(self, events: Iterable[NormalEvent]) -> None:
        """Record the consents to personalization in these events. What cannot be written waits for the next
        call, and the night reads the event log.
        """
        consents = [*self._waiting.pop_oldest(RETRIED_AT_ONCE), *self._list_consents(events)]
        if not consents:
            return
        try:
            self._record(consents)
            self._is_away = False
        except RestrictionsUnreadable:
            if not self._is_away:  # once, not with each event
                logger.error("consents are in the event log alone: the restrictions cannot be written")
            self._is_away = True
            self._waiting.put_back(consents)

    def _list_consents(self, events: Iterable[NormalEvent]) -> Iterator[Consent]:
        for event in events:
            is_granted = event.consents.personalization
            if is_granted is not None and not (event.flaw and is_granted):
                permission = Permission(is_granted, event.consented_at, f"{event.source}/events")
                ids, customers = self._find_ids(event)
                yield Consent([*ids, *customers], permission, is_stranger=not customers)

    def _record(self, consents: Sequence[Consent]) -> None:
        """Write what is news, all of it at once: most pages send their consent with every event."""
        with self._restrictions.open_view() as view:
            newest = {name: view.find_consent(name) for consent in consents for name in consent.ids}
        changes = {}
        for ids, permission, is_stranger in consents:
            if is_news(permission, [newest[name] for name in ids]) and (
                not is_stranger or any(newest[name] for name in ids) or self._has_room_for_stranger()
            ):
                for name in ids:
                    newest[name] = find_newest_permission(filter(None, [newest[name], permission]))
                    changes[name] = newest[name]
        if changes:
            self._restrictions.record_permissions(CONSENTS, changes)

    def _has_room_for_stranger(self) -> bool:
        """Whether one more whom no night knows may be written; it is counted."""
        snapshot = self._snapshots.get_current()
        of_snapshot, n_written = self._strangers
        n_written = n_written + 1 if of_snapshot is snapshot else 1
        self._strangers = (snapshot, min(n_written, MOST_STRANGERS + 1))
        if n_written == MOST_STRANGERS + 1:
            logger.warning(
                "more than %d visitors whom no night knows said no: what is beyond holds by the live state",
                MOST_STRANGERS,
            )
        return n_written <= MOST_STRANGERS

    def _find_ids(self, event: NormalEvent) -> tuple[list[str], list[str]]:
        """The event's identifiers, and whose the published snapshot says they are: a no that came with one
        browser holds in the others.
        """
        values = {"user_id": event.user_id, "anonymous_id": event.anonymous_id}
        ids = [
            hash_identifier(self._key, kind, event.source, value) for kind, value in values.items() if value
        ]
        snapshot = self._snapshots.get_current()
        customers = [snapshot.find_customer_id(name) for name in ids] if snapshot else []
        return ids, [*dict.fromkeys(filter(None, customers))]


def is_news(permission: Permission, stored: Sequence[Permission | None]) -> bool:
    """Whether a visitor's permission changes what is stored of their ids: a yes only where a no is."""
    if permission.is_granted:
        return any(one and not one.is_granted and one.at < permission.at for one in stored)
    return any(one is None or one.is_granted or one.at < permission.at for one in stored)
