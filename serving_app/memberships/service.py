"""The parts of memberships over one database of live states."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from serving_app.live.backends import LiveBackend
from serving_app.memberships.keeper import MembershipKeeper
from serving_app.memberships.night import LiveNights
from serving_app.memberships.recorder import MembershipRecorder
from serving_app.memberships.shown import ShownSegments
from serving_app.memberships.told_log import TransitionLog
from serving_app.storage.protocols import SnapshotStore


class Memberships(NamedTuple):
    """What records, shows and keeps them."""

    recorder: MembershipRecorder
    shown: ShownSegments
    keeper: MembershipKeeper


def make_memberships(
    backend: LiveBackend,
    snapshots: SnapshotStore,
    log: TransitionLog,
    clock: Callable[[], datetime],
    find_lag: Callable[[datetime], timedelta],
) -> Memberships:
    """Memberships in a database.

    Args:
        log: where transitions are told.
        find_lag: by how much the shop's own calendar lags the clock.
    """
    nights = LiveNights()
    return Memberships(
        MembershipRecorder(snapshots, nights),
        ShownSegments(nights, find_lag),
        MembershipKeeper(backend, snapshots, nights, log, clock, find_lag),
    )
