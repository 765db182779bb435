"""The parts of memberships over one database of live states."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from serving_app.live.backends import LiveBackend
from serving_app.live.roots import RootFinder
from serving_app.memberships.keeper import MembershipKeeper
from serving_app.memberships.live_nights import LiveNights
from serving_app.memberships.present import PresentMembers
from serving_app.memberships.recorder import MembershipRecorder
from serving_app.memberships.shown import ShownSegments
from serving_app.memberships.told import ShopTime
from serving_app.memberships.told_log import TransitionLog


class Memberships(NamedTuple):
    """What records, shows, keeps and lists them."""

    recorder: MembershipRecorder
    shown: ShownSegments
    keeper: MembershipKeeper
    present: PresentMembers
    nights: LiveNights


def make_memberships(
    backend: LiveBackend,
    nights: LiveNights,
    log: TransitionLog,
    time: ShopTime,
    find_report: Callable[[str], Path],
    roots: RootFinder,
) -> Memberships:
    """Memberships in a database.

    Args:
        log: where transitions are told.
        find_report: where what live segments said is compared with a snapshot, by its name.
        roots: know of whom nothing may be stored.
    """
    return Memberships(
        MembershipRecorder(nights),
        ShownSegments(nights, time.find_lag),
        MembershipKeeper(
            backend, nights, log, time, find_report, partial(roots.open_forbidden, must_know=True)
        ),
        PresentMembers(nights, backend, time.find_lag),
        nights,
    )
