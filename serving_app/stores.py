"""Everything that one worker reads and writes."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

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
from serving_app.overrides.file_store import FileOverrides
from serving_app.overrides.store import OverrideStore
from serving_app.settings import Settings
from serving_app.storage.append_log import AppendLog
from serving_app.storage.impression_log import ImpressionLog
from serving_app.storage.interval_log import IntervalLog
from serving_app.storage.protocols import RestrictionStore, SnapshotStore
from serving_app.storage.published_snapshots import PublishedSnapshots
from serving_app.storage.restrictions import LmdbRestrictions

# for a new snapshot to be copied and verified, before an answer is made from the one before
PATIENCE_SECONDS = 0.25


@dataclass(frozen=True)
class Stores:
    """The stores of a worker; tests and local runs replace them by their twins in memory."""

    snapshots: SnapshotStore
    restrictions: RestrictionStore
    overrides: OverrideStore
    impressions: ImpressionLog
    events: AppendLog
    keys: KeyStore
    live: LiveStore
    item_changes: ItemChangeStore


def open_stores(settings: Settings, clock: Callable[[], datetime]) -> Stores:
    """The stores of a home on disk."""
    paths = HomePaths(settings.home)

    def new_name() -> str:
        return f"{clock():%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:12]}"

    log_class = AppendLog if settings.syncs_each_impression else IntervalLog
    log = log_class(paths.decision_log, clock, new_name)
    snapshots = PublishedSnapshots(settings.home, PATIENCE_SECONDS)
    restrictions = LmdbRestrictions(paths.restrictions)
    roots = RootFinder(restrictions, snapshots, settings.identity_key, load_identity_rules())
    return Stores(
        snapshots=snapshots,
        restrictions=restrictions,
        overrides=FileOverrides(settings.home),
        impressions=ImpressionLog(log, settings.withholds_unlogged),
        events=AppendLog(paths.event_log, clock, new_name, title="the event log"),
        keys=FileKeys(settings.home),
        item_changes=LmdbItemChanges(paths.item_changes),
        live=LiveStates(open_backend(settings, clock), roots),
    )


def open_backend(settings: Settings, clock: Callable[[], datetime]) -> GuardedBackend:
    """The database of the live states."""
    if settings.live:
        return GuardedBackend(RedisBackend(settings.live), time.monotonic, SLOW_SECONDS)
    return GuardedBackend(LmdbBackend(HomePaths(settings.home).live_states, clock), time.monotonic)
