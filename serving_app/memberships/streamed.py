"""Memberships that the stream decides: an answer shows what it has told of a visitor, by Redis."""

from collections.abc import Callable
from datetime import datetime

from expectations.contracts.live_states import TOLD
from expectations.contracts.snapshot import CustomerSlice
from segments.told import list_entered, unpack_tellings
from serving_app.live.backends import BackendError
from serving_app.live.packing import unpack_or
from serving_app.live.state import LiveState
from serving_app.memberships.present import AT_ONCE, Present, PresentMembers, Since
from serving_app.memberships.shown import ShownSegments
from serving_app.storage.snapshots import Snapshot


class StreamedSegments(ShownSegments):
    """Reads what was told."""

    def list_segments(
        self,
        snapshot: Snapshot,
        customer_id: str | None,
        profile: CustomerSlice | None,
        live: LiveState,
        now: datetime,
    ) -> tuple[str, ...]:
        """The night's segments without the live ones, and those live ones that were told under any of the
        visitor's ids: who is two has left them all under one. By the night alone where nothing was told.
        """
        by_night = profile.segment_ids if profile else ()
        night, stored = self._nights.find(snapshot), list(filter(None, live.memberships.values()))
        has_refused = live.has_analytics_consent is False  # the stream may not know it yet
        if night is None or not (stored or has_refused):
            return by_night
        told = [] if has_refused else [unpack_or(packed, unpack_tellings, {}) for packed in stored]
        entered = {name for each in told for name in list_entered(each)} & night.live.live
        return tuple(sorted({*by_night} - night.live.live | entered))


class StreamedMembers(PresentMembers):
    """Looks at all of whom something was told. Their states lie in Spark."""

    has_states = False

    def find(self, snapshot: Snapshot, now: datetime, go_on: Callable[[], None]) -> Present | None:
        night, cursor = self._nights.find(snapshot), b""
        if night is None:
            return None
        customers, visitors = dict[str, Since](), dict[str, Since]()
        try:
            while True:
                keys, cursor = self._backend.list_keys(TOLD, cursor, AT_ONCE)
                owners = [key.removeprefix(TOLD).decode() for key in keys]
                for owner, packed in zip(owners, self._backend.read(keys), strict=True):
                    told = unpack_or(packed, unpack_tellings, {})
                    since = {name: told[name].since for name in list_entered(told) & night.live.live}
                    (customers if night.knows(owner) else visitors)[owner] = since
                go_on()
                if not cursor:
                    return Present(night, self.find_moment(now), customers, visitors)
        except BackendError:
            return None


class NoKeeper:
    """Nothing is to be kept by the service."""

    def keep(self) -> None:
        pass

    def count_waiting(self) -> None:
        """No transition waits here for its log."""

    def compute_outbox_age(self) -> None:
        """No transition waits here for its log."""
