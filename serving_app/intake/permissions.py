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
# Ids that the published night does not know, until the next one is published. Whoever has a page's
# key can make up ids as fast as its rate allows, and a full store would keep real people's nos out. What is
# beyond holds by the live state, which forgets by age, and from the night on by the night.
MOST_NEW_IDS = 100_000
RETRIED_AT_ONCE = 100


class Consent(NamedTuple):
    """What a visitor said.

    Attributes:
        ids: of the visitor that the published night knows, their customer's among them.
        new_ids: those that it does not know.
    """

    ids: list[str]
    new_ids: list[str]
    permission: Permission


class PermissionWriter:
    """Records what visitors allow: a no whatever else is wrong with its event, a yes where it follows one."""

    def __init__(self, restrictions: RestrictionStore, snapshots: SnapshotStore, identity_key: str) -> None:
        self._restrictions, self._snapshots, self._key = restrictions, snapshots, identity_key
        self._waiting: WaitingQueue[Consent] = WaitingQueue("consents", MOST_WAITING)
        self._is_away = False
        self._n_new: tuple[object, int] = (None, 0)  # the snapshot, and how many it did not know

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
                yield Consent(*self._find_ids(event), permission)

    def _record(self, consents: Sequence[Consent]) -> None:
        """Write what is news, all of it at once: most pages send their consent with every event."""
        with self._restrictions.open_view() as view:
            newest = {
                name: view.find_consent(name) for ids, new_ids, _ in consents for name in (*ids, *new_ids)
            }
        n_before, n_new, changes = self._count_new_ids(), 0, {}
        for ids, new_ids, permission in consents:
            if not is_news(permission, [newest[name] for name in (*ids, *new_ids)]):
                continue
            for name in (*ids, *new_ids):
                if name in new_ids and newest[name] is None:
                    n_new += 1
                    if n_before + n_new > MOST_NEW_IDS:
                        continue
                found = find_newest_permission(filter(None, [newest[name], permission]))
                if found != newest[name]:
                    newest[name] = changes[name] = found
        if changes:
            self._restrictions.record_permissions(CONSENTS, changes)
        # once they are written: what is tried again while they cannot be must not use up the room
        self._add_new_ids(n_new)

    def _count_new_ids(self) -> int:
        """How many ids have been written that the published night does not know."""
        of_snapshot, n_written = self._n_new
        return n_written if of_snapshot is self._snapshots.get_current() else 0

    def _add_new_ids(self, n_new: int) -> None:
        n_before = self._count_new_ids()
        self._n_new = (self._snapshots.get_current(), n_before + n_new)
        if n_before <= MOST_NEW_IDS < n_before + n_new:
            logger.warning(
                "a no came for more than %d ids that no night knows: what is beyond holds by the live state",
                MOST_NEW_IDS,
            )

    def _find_ids(self, event: NormalEvent) -> tuple[list[str], list[str]]:
        """The event's identifiers that the published snapshot knows, with whose it says they are: a no that
        came with one browser holds in the others. And the identifiers that it does not know.
        """
        values = {"user_id": event.user_id, "anonymous_id": event.anonymous_id}
        ids = [
            hash_identifier(self._key, kind, event.source, value) for kind, value in values.items() if value
        ]
        snapshot = self._snapshots.get_current()
        customer_of = {name: snapshot.find_customer_id(name) if snapshot else None for name in ids}
        known = {name: customer_id for name, customer_id in customer_of.items() if customer_id}
        return [*known, *dict.fromkeys(known.values())], [name for name in ids if name not in known]


def is_news(permission: Permission, stored: Sequence[Permission | None]) -> bool:
    """Whether a visitor's permission changes what is stored of their ids: a yes only where a no is."""
    if permission.is_granted:
        return any(one and not one.is_granted and one.at < permission.at for one in stored)
    return any(one is None or one.is_granted or one.at < permission.at for one in stored)
