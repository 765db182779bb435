"""The parts of memberships over one database of live states."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from serving_app.live.backends import LiveBackend
from serving_app.memberships.keeper import MembershipKeeper
from serving_app.memberships.night import LiveNights
from serving_app.memberships.recorder import MembershipRecorder
from serving_app.memberships.shown import ShownSegments
from serving_app.memberships.told import ShopTime
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
    time: ShopTime,
    find_report: Callable[[str], Path],
) -> Memberships:
    """Memberships in a database.

    Args:
        log: where transitions are told.
        find_report: where what live segments said is compared with a snapshot, by its name.
    """
    nights = LiveNights()
    return Memberships(
        MembershipRecorder(snapshots, nights),
        ShownSegments(nights, time.find_lag),
        MembershipKeeper(backend, snapshots, nights, log, time, find_report),
    )
