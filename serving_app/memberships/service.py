"""The parts of memberships over one database of live states, which the service decides, or the stream."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from expectations.contracts.live_states import get_told_key
from serving_app.live.backends import LiveBackend, get_memberships_key
from serving_app.live.found_records import MakeKey
from serving_app.live.observer import NOBODY, EventObserver
from serving_app.live.roots import RootFinder
from serving_app.memberships.keeper import MembershipKeeper
from serving_app.memberships.live_nights import LiveNights
from serving_app.memberships.present import PresentMembers
from serving_app.memberships.recorder import MembershipRecorder
from serving_app.memberships.shown import ShownSegments
from serving_app.memberships.streamed import NoKeeper, StreamedMembers, StreamedSegments
from serving_app.memberships.told import ShopTime
from serving_app.memberships.told_log import TransitionLog


class Memberships(NamedTuple):
    """What records, shows, keeps and lists them, and under which key of an owner they lie."""

    recorder: EventObserver
    shown: ShownSegments
    keeper: MembershipKeeper | NoKeeper
    present: PresentMembers
    nights: LiveNights
    make_key: MakeKey = get_memberships_key


def make_streamed_memberships(backend: LiveBackend, nights: LiveNights, time: ShopTime) -> Memberships:
    """Memberships that the stream decides: the service shows what was told, and decides nothing."""
    return Memberships(
        NOBODY,
        StreamedSegments(nights, time.find_lag),
        NoKeeper(),
        StreamedMembers(nights, backend, time.find_lag),
        nights,
        get_told_key,
    )


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
