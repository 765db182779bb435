"""Makes events durable, then known: the event log first, the live state and the restrictions after it.

The order decides what a fault costs. An event is in the log before it is acknowledged, so neither a live
store nor a store of restrictions that is away can lose it: the night reads the log.
"""

import logging
from collections.abc import Iterable, Sequence
from datetime import date

from expectations.contracts.identifiers import hash_identifier
from expectations.contracts.restrictions import CONSENTS, Permission, RestrictionsUnreadable
from serving_app.http.problems import EventsUnwritable
from serving_app.intake.normal_form import NormalEvent
from serving_app.live.events import REFUSED, LiveEvent
from serving_app.live.state import LiveStore
from serving_app.storage.append_log import AppendLog, LogUnavailable
from serving_app.storage.protocols import RestrictionStore

ACCEPTED, DUPLICATE, QUARANTINED = "accepted", "duplicate", "quarantined"

logger = logging.getLogger(__name__)


class EventWriter:
    """Writes events in normal form; each door of the service hands them over here."""

    def __init__(
        self, log: AppendLog, live: LiveStore, restrictions: RestrictionStore, identity_key: str
    ) -> None:
        self._log, self._live, self._restrictions, self._key = log, live, restrictions, identity_key

    def write(self, events: Sequence[NormalEvent], received_date: date) -> list[str]:
        """The outcome of each event. Those that are new are on disk, and known to the next answer of every
        worker.

        Args:
            received_date: the shop's day.

        Raises:
            EventsUnwritable: they cannot be stored now; none is.
        """
        known = self._live.find_known(event.key for event in events)
        outcomes, new = [], []
        for event in events:
            if event.key in known:
                outcomes.append(DUPLICATE)
                continue
            known.add(event.key)
            new.append(event)
            outcomes.append(QUARANTINED if event.flaw else ACCEPTED)
        if new:
            try:
                self._log.append_lines([event.line for event in new], received_date)
            except LogUnavailable as error:
                raise EventsUnwritable(
                    "The events cannot be stored now; none was. Send them again."
                ) from error
            self._live.record([event.event or mark_as_refused(event) for event in new])
            self._record_consents(new)
        return outcomes

    def _record_consents(self, events: Iterable[NormalEvent]) -> None:
        """Write the words that change what is allowed: a no, and a yes that follows a no."""
        for event in events:
            is_granted = event.consents.personalization
            if is_granted is None or (event.flaw and is_granted):
                continue
            ids = self._hash_ids(event)
            permission = Permission(is_granted, event.consented_at, f"{event.source}/events")
            try:
                if not self._is_settled(ids, permission):
                    self._restrictions.record_permission(CONSENTS, ids, permission)
            except RestrictionsUnreadable:  # nobody is answered by name then, and the night reads the log
                logger.warning("a consent is in the event log alone: the restrictions cannot be written")

    def _is_settled(self, ids: Sequence[str], permission: Permission) -> bool:
        """Whether what is stored says so already: a word that comes with each event must not be a write each
        time.
        """
        with self._restrictions.open_view() as view:
            stored = [view.find_consent(name) for name in ids]
        if permission.is_granted:
            return all(one is None or one.is_granted or one.at >= permission.at for one in stored)
        return all(one is not None and not one.is_granted and one.at >= permission.at for one in stored)

    def _hash_ids(self, event: NormalEvent) -> list[str]:
        values = {"user_id": event.user_id, "anonymous_id": event.anonymous_id}
        return [
            hash_identifier(self._key, kind, event.source, value) for kind, value in values.items() if value
        ]


def mark_as_refused(event: NormalEvent) -> LiveEvent:
    """What the live state remembers of a refused event: its key alone, so that a repetition is one."""
    return LiveEvent(event.key, REFUSED, event.consented_at, event.consented_at, event.source, is_bot=True)
