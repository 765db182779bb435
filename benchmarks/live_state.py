"""What it costs to read a visitor's live state and to record an event, in every database that could hold it,
beside one bare get of LMDB, in turns on one machine; one command:

    python -m benchmarks.live_state [--visitors 20000] [--rounds 2000]

LMDB is what the service uses; Redis is for several machines (the server runs on this one, so the network is
left out); SQLite (WAL, not synced either) is what was not chosen. All are written through the service's own
code, with visitors of 20 events, and nothing is synced: the event log has been by then.
"""

import argparse
import itertools
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import lmdb
import numpy as np

from benchmarks.soak.dependencies.redis_server import run_redis
from expectations.contracts.identifiers import hash_identifier
from expectations.contracts.identity_rules import load_identity_rules
from serving_app.live.backends import LiveBackend, get_state_key
from serving_app.live.breaker import GuardedBackend
from serving_app.live.events import VIEW, EventItem, LiveEvent
from serving_app.live.lmdb_store import LmdbBackend
from serving_app.live.redis_store import RedisBackend, RedisTransaction
from serving_app.live.roots import RootFinder
from serving_app.live.service import LiveStates
from serving_app.live.state import VisitorKeys
from serving_app.storage.memory import MemoryRestrictions, MemorySnapshots

KEY, SOURCE, EVENTS = "benchmark", "shop", 20
NOON = datetime(2026, 2, 21, 12, tzinfo=UTC)


class SqliteBackend:
    """A `LiveBackend` in SQLite."""

    def __init__(self, file: Path) -> None:
        self._connection = sqlite3.connect(file, isolation_level=None)
        self._connection.execute("pragma journal_mode = wal")
        self._connection.execute("pragma synchronous = off")
        self._connection.execute("create table live (key blob primary key, value blob) without rowid")

    def read(self, keys: Sequence[bytes]) -> list[bytes | None]:
        rows = [
            self._connection.execute("select value from live where key = ?", [key]).fetchone() for key in keys
        ]
        return [row and row[0] for row in rows]

    def update(self, change: Callable, is_patient: bool = False) -> None:
        self._connection.execute("begin immediate")
        transaction = RedisTransaction(self.read)
        change(transaction)
        for key, value in transaction.changes.items():
            self._connection.execute("replace into live values (?, ?)", [key, value])
        self._connection.execute("commit")


def make_events(visitors: Sequence[int], numbers: Iterator[int]) -> list[LiveEvent]:
    """One view of each of these visitors."""
    events = []
    for visitor in visitors:
        number = next(numbers)
        at = NOON + timedelta(milliseconds=number)
        items = (EventItem(f"item-{number % 500:04}"),)
        events.append(
            LiveEvent(f"m-{number}", VIEW, at, at, SOURCE, anonymous_id=f"b-{visitor}", items=items)
        )
    return events


def open_live(backend: LiveBackend) -> LiveStates:
    guarded = GuardedBackend(backend, time.monotonic)
    return LiveStates(
        guarded, RootFinder(MemoryRestrictions(), MemorySnapshots(), KEY, load_identity_rules())
    )


@contextmanager
def open_databases(folder: Path) -> Iterator[dict[str, LiveBackend]]:
    with run_redis(folder) as port:
        yield {
            "LMDB": LmdbBackend(folder / "lmdb", lambda: datetime.now(UTC)),
            "Redis": RedisBackend(f"redis://127.0.0.1:{port}/0", timeout_seconds=10),
            "SQLite": SqliteBackend(folder / "live.sqlite"),
        }


def measure(databases: dict[str, LiveBackend], folder: Path, n_visitors: int, n_rounds: int) -> dict:
    """Microseconds by what was done, in turns, so that whatever else the machine does meets all alike."""
    numbers, generator = itertools.count(), np.random.default_rng(0)
    lives = {name: open_live(backend) for name, backend in databases.items()}
    for name, live in lives.items():
        start = time.perf_counter()
        for _ in range(EVENTS):
            for first in range(0, n_visitors, 500):
                live.record(make_events(range(first, min(first + 500, n_visitors)), numbers))
        seconds = time.perf_counter() - start
        print(f"{name}: {n_visitors * EVENTS:,} events in batches of 500, {seconds:.0f} s")
    times: dict[str, list[float]] = {}

    def clock(name: str, act: Callable[[], object], per: int = 1) -> None:
        start = time.perf_counter()
        act()
        times.setdefault(name, []).append((time.perf_counter() - start) / per * 1e6)

    with lmdb.open(str(folder / "bare"), map_size=1 << 30, sync=False) as bare:
        roots = [hash_identifier(KEY, "anonymous_id", SOURCE, f"b-{n}") for n in range(n_visitors)]
        with bare.begin(write=True) as txn:
            for root in roots:
                txn.put(get_state_key(root), b"x" * 1_200)

        def get(root: str) -> None:
            with bare.begin() as txn:
                txn.get(get_state_key(root))

        for _ in range(n_rounds):
            visitor = int(generator.integers(n_visitors))
            clock("bare LMDB get", lambda: get(roots[visitor]))  # noqa: B023 - called at once
            for name, live in lives.items():
                keys = VisitorKeys((roots[visitor],))
                clock(f"{name} read", lambda: live.read(keys, None))  # noqa: B023
                one = make_events([visitor], numbers)
                clock(f"{name} record", lambda: live.record(one))  # noqa: B023
                many = make_events(generator.integers(n_visitors, size=50), numbers)
                clock(f"{name} record, of 50", lambda: live.record(many), 50)  # noqa: B023
    return times


def main() -> None:
    """Print a line for each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--visitors", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=2_000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, open_databases(Path(name)) as databases:
        times = measure(databases, Path(name), args.visitors, args.rounds)
    bare = np.median(times["bare LMDB get"])
    for what, microseconds in times.items():
        p50, p99 = np.quantile(microseconds, [0.5, 0.99])
        print(f"{what:<22} p50 {p50:7.1f} µs  p99 {p99:7.1f} µs  {p50 / bare:6.1f} bare gets")


if __name__ == "__main__":
    main()
