"""Everything that one worker reads and writes."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from expectations.contracts.home import HomePaths
from expectations.contracts.identity_rules import load_identity_rules
from serving_app.catalogue.lmdb_store import LmdbItemChanges
from serving_app.catalogue.store import ItemChangeStore
from serving_app.keys.store import FileKeys, KeyStore
from serving_app.live.breaker import GuardedBackend
from serving_app.live.lmdb_store import LmdbBackend
from serving_app.live.redis_store import SLOW_SECONDS, RedisBackend
from serving_app.live.roots import RootFinder
from serving_app.live.service import LiveStates
from serving_app.live.state import LiveStore
from serving_app.memberships.live_nights import LiveNights
from serving_app.memberships.published_definitions import PublishedDefinitions
from serving_app.memberships.service import Memberships, make_memberships, make_streamed_memberships
from serving_app.memberships.told import ShopTime
from serving_app.memberships.told_log import TransitionLog
from serving_app.overrides.file_store import FileOverrides
from serving_app.overrides.store import OverrideStore
from serving_app.settings import Settings
from serving_app.storage.append_log import AppendLog, FileLimits
from serving_app.storage.event_log import EventLog
from serving_app.storage.event_logs import open_event_log
from serving_app.storage.impression_log import ImpressionLog
from serving_app.storage.interval_log import IntervalLog
from serving_app.storage.log_files import NAME_TIME
from serving_app.storage.protocols import RestrictionStore, SnapshotStore
from serving_app.storage.published_snapshots import PublishedSnapshots
from serving_app.storage.restrictions import LmdbRestrictions
from serving_app.storage.shop_calendar import ShopCalendar

# No night takes them, and who reads them names each file in its position.
TRANSITION_FILES = FileLimits(max_age=timedelta(hours=1))
# How often a worker looks whether a file was exchanged beneath it: a status takes 1 to 5 µs, and an answer
# would need ten. What other workers write into the databases is read at once, and so are overrides.
LOOK_EVERY_SECONDS = 0.005
# for a new snapshot to be copied and verified, before an answer is made from the one before
PATIENCE_SECONDS = 0.25


@dataclass(frozen=True)
class Stores:
    """The stores of a worker; tests and local runs replace them by their twins in memory."""

    snapshots: SnapshotStore
    restrictions: RestrictionStore
    overrides: OverrideStore
    impressions: ImpressionLog
    events: EventLog
    transitions: AppendLog
    keys: KeyStore
    live: LiveStore
    memberships: Memberships
    item_changes: ItemChangeStore


def open_stores(settings: Settings, clock: Callable[[], datetime], look_every_seconds: float = 0.0) -> Stores:
    """The stores of a home on disk.

    Args:
        look_every_seconds: how often an answer looks whether a file was exchanged; 0: every time.
    """
    paths = HomePaths(settings.home)

    def new_name() -> str:
        return f"{clock().astimezone(UTC):{NAME_TIME}}-{uuid.uuid4().hex[:12]}"

    log_class = AppendLog if settings.syncs_each_impression else IntervalLog
    log = log_class(paths.decision_log, clock, new_name, look_every_seconds=look_every_seconds)
    snapshots = PublishedSnapshots(settings.home, PATIENCE_SECONDS, look_every_seconds)
    restrictions = LmdbRestrictions(paths.restrictions, look_every_seconds)
    roots = RootFinder(restrictions, snapshots, settings.identity_key, load_identity_rules())
    backend, calendar = (
        open_backend(settings, clock, look_every_seconds),
        ShopCalendar(settings.home, snapshots),
    )
    transitions = AppendLog(
        paths.transitions, clock, new_name, TRANSITION_FILES, title="the log of transitions"
    )
    told = TransitionLog(transitions, paths.transitions)
    shop_time = ShopTime(clock, calendar.find_lag)
    if settings.memberships == "stream":  # whose definitions are those of the night
        memberships = make_streamed_memberships(backend, LiveNights(snapshots, None, shop_time), shop_time)
    else:
        nights = LiveNights(snapshots, PublishedDefinitions(settings.home, look_every_seconds), shop_time)
        memberships = make_memberships(backend, nights, told, shop_time, paths.live_parity_report, roots)
    return Stores(
        snapshots=snapshots,
        restrictions=restrictions,
        overrides=FileOverrides(settings.home, look_every_seconds),
        impressions=ImpressionLog(log, settings.withholds_unlogged, calendar),
        events=open_event_log(settings, clock, new_name),
        transitions=transitions,
        keys=FileKeys(settings.home, look_every_seconds),
        item_changes=LmdbItemChanges(paths.item_changes, look_every_seconds),
        live=LiveStates(backend, roots, memberships.recorder, clock, memberships.make_key),
        memberships=memberships,
    )


def open_backend(
    settings: Settings, clock: Callable[[], datetime], look_every_seconds: float = 0.0
) -> GuardedBackend:
    """The database of the live states."""
    if settings.live:
        return GuardedBackend(RedisBackend(settings.live), time.monotonic, SLOW_SECONDS)
    backend = LmdbBackend(HomePaths(settings.home).live_states, clock, look_every_seconds=look_every_seconds)
    return GuardedBackend(backend, time.monotonic)
