"""Makes events durable, then known: the event log first, the live state and the restrictions after it.

The order decides what a fault costs. An event is in the log before it is acknowledged, so neither a live
store nor a store of restrictions that is away can lose it: the night reads the log.
"""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date

from serving_app.http.problems import EventsUnwritable
from serving_app.intake.normal_form import NormalEvent
from serving_app.intake.permissions import PermissionWriter
from serving_app.live.events import REFUSED, LiveEvent
from serving_app.live.state import LiveStore
from serving_app.metrics import declarations as metrics
from serving_app.storage.event_log import EventLog, LogUnavailable

ACCEPTED, DUPLICATE, QUARANTINED = "accepted", "duplicate", "quarantined"

logger = logging.getLogger(__name__)


class EventWriter:
    """Writes events in normal form; each door of the service hands them over here."""

    def __init__(
        self,
        log: EventLog,
        live: LiveStore,
        permissions: PermissionWriter,
        find_key: Callable[[NormalEvent], bytes] | None = None,
    ) -> None:
        """
        Args:
            find_key: by which a log of several partitions chooses one for an event; None: it has one.
        """
        self._log, self._live, self._permissions = log, live, permissions
        self._find_key = find_key

    def write(self, events: Sequence[NormalEvent], received_date: date) -> list[str]:
        """The outcome of each event. Those that are new are on disk, and known to the next answer of every
        worker.

        Args:
            received_date: the shop's day.

        Raises:
            EventsUnwritable: they cannot be stored now; none is.
        """
        outcomes = self._write(events, received_date)
        for outcome, n_events in Counter(outcomes).items():
            metrics.EVENTS.labels(outcome=outcome).inc(n_events)
        return outcomes

    def _write(self, events: Sequence[NormalEvent], received_date: date) -> list[str]:
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
                with metrics.EVENT_LOG_SECONDS.time():
                    self._log.append_lines(
                        [event.line for event in new],
                        received_date,
                        [self._find_key(event) for event in new] if self._find_key else None,
                    )
            except LogUnavailable as error:
                raise EventsUnwritable(
                    "The events cannot be stored now; none was. Send them again."
                ) from error
            self._record(new)
            self._permissions.write(new)
        return outcomes

    def _record(self, events: Sequence[NormalEvent]) -> None:
        try:
            self._live.record([event.event or mark_as_refused(event) for event in events])
        # They are stored: whatever is wrong with the live states, a client that heard 500 would send them for
        # ever, and a no among them would not hold.
        except Exception as error:
            logger.error("events are in the event log alone: %s in the live states", type(error).__name__)


def mark_as_refused(event: NormalEvent) -> LiveEvent:
    """What the live state remembers of a refused event: its key alone, so that a repetition is one."""
    return LiveEvent(event.key, REFUSED, event.consented_at, event.consented_at, event.source, is_bot=True)
