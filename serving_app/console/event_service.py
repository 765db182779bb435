"""The newest received events of a home."""

import threading
from collections.abc import Callable
from datetime import datetime
from functools import partial

from expectations.contracts.identifiers import hash_identifier
from serving_app.console.event_records import ShownEvent, build_events
from serving_app.console.event_tail import open_tail
from serving_app.http.problems import NotReady
from serving_app.settings import Settings
from serving_app.storage.event_log import LogUnavailable
from serving_app.storage.protocols import SnapshotStore
from serving_app.storage.shop_calendar import ShopCalendar

MOST_EVENTS = 25


class EventTailService:
    """What has come in, as it comes in."""

    def __init__(self, settings: Settings, snapshots: SnapshotStore, clock: Callable[[], datetime]) -> None:
        self._tail, self._clock, self._lock = open_tail(settings), clock, threading.Lock()
        self._hash = partial(hash_identifier, settings.identity_key)
        self._calendar = ShopCalendar(settings.home, snapshots)
        self._newest: list[ShownEvent] = []

    def list_newest(self, most: int = MOST_EVENTS) -> list[ShownEvent]:
        """The newest events, newest first. Of readers who ask at once one reads, the others see what the last
        one saw.

        Raises:
            NotReady: the log cannot be read.
        """
        if self._lock.acquire(blocking=False):
            try:
                lines = self._tail.read_newest(most)
            except LogUnavailable as error:
                raise NotReady(f"The log of events does not answer: {error}.") from None
            finally:
                self._lock.release()
            self._newest = build_events(lines, self._hash, self._calendar.find_lag(self._clock()), most)
        return self._newest
