"""How soon an override that was written is in force in every worker: `make bench NAME=overrides
ARGS="--workers 4 --stored 5000"`.

Starts the real server over a shop of its own, with overrides stored already and with clients that ask for
lists all the time. Then it writes one block after another, and lifts it again; on a connection to each worker
it asks for a list over and over. Of every write it takes the time from its acknowledgement to the first
answer of each worker that knows it, which holds that answer's own time. Stale is an answer that was asked for
after the acknowledgement and does not know the write: there must be none; the run ends with 1 where one is.
"""

import argparse
import http.client
import json
import multiprocessing
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import psutil

from benchmarks.serving.load import run_client
from benchmarks.serving.servers import ROOT, wait_until_ready
from benchmarks.serving.shop import make_snapshot_content
from expectations.contracts.home import HomePaths
from expectations.contracts.override import Override, encode_override, make_content, open_override_file
from expectations.contracts.published import Published
from expectations.contracts.state_file import State
from spark_jobs.publish.snapshot_writer import write_snapshot

ITEM = "item-0"  # the first of the popular list
PATH = "/v1/popular?n=1"
PATIENCE_SECONDS = 5


class Sighting(NamedTuple):
    """One answer: when it was asked for and received, and whether the item was in it."""

    asked_at: float
    received_at: float
    has_item: bool


class Watcher(threading.Thread):
    """Asks one worker for a list, over and over."""

    def __init__(self, connection: http.client.HTTPConnection) -> None:
        super().__init__(daemon=True)
        self._connection, self.is_ended = connection, False
        self.sightings: deque[Sighting] = deque(maxlen=100_000)

    def run(self) -> None:
        while not self.is_ended:
            asked_at = time.perf_counter()
            item_ids = [item["item_id"] for item in send_request(self._connection, "GET", PATH)["items"]]
            self.sightings.append(Sighting(asked_at, time.perf_counter(), ITEM in item_ids))

    def find_lag(self, acknowledged_at: float, has_item: bool) -> tuple[float, int]:
        """Seconds from a write's acknowledgement to the first answer that knows it, at least 0, and how many
        answers that were asked for after the acknowledgement do not know it.
        """
        until = time.perf_counter() + PATIENCE_SECONDS
        while time.perf_counter() < until:
            after = [one for one in [*self.sightings] if one.received_at >= acknowledged_at]
            known = [one for one in after if one.has_item == has_item]
            if known:
                n_stale = sum(one.asked_at > acknowledged_at and one.has_item != has_item for one in after)
                return known[0].received_at - acknowledged_at, n_stale
            time.sleep(0.0005)
        raise SystemExit(f"a worker does not know a write after {PATIENCE_SECONDS} s")


def send_request(
    connection: http.client.HTTPConnection, method: str, path: str, body: dict | None = None
) -> dict:
    """The answer's JSON; empty where it has no body."""
    text, headers = json.dumps(body) if body else None, {"Content-Type": "application/json"}
    connection.request(method, path, text, headers if body else {})
    answer = connection.getresponse()
    content = answer.read()
    if answer.status >= 400:
        raise SystemExit(f"{method} {path}: {answer.status} {content.decode()}")
    return json.loads(content) if content else {}


def connect_to_each_worker(port: int, n_workers: int) -> list[http.client.HTTPConnection]:
    """A kept-alive connection to each worker, by whose process holds its other end."""
    by_worker: dict[int, http.client.HTTPConnection] = {}
    for _ in range(500):
        connection = http.client.HTTPConnection("127.0.0.1", port)
        send_request(connection, "GET", PATH)
        own_port = connection.sock.getsockname()[1]
        for held in psutil.net_connections("tcp4"):
            if held.raddr and held.laddr.port == port and held.raddr.port == own_port and held.pid:
                by_worker.setdefault(held.pid, connection)
        if len(by_worker) == n_workers:
            return [*by_worker.values()]
    raise SystemExit(f"{len(by_worker)} of {n_workers} workers answer")


def store_overrides(home: Path, n: int) -> None:
    """Write overrides of other items, a third of them for customers, as an earlier day would have left
    them.
    """
    draw, now = random.Random(1), datetime.now(UTC)
    rows = []
    for number in range(n):
        kind = draw.choice(["pin", "block", "boost"])
        override = Override(
            f"o_{number:016x}",
            kind,
            f"item-{draw.randrange(200, 3700)}",
            f"c_{draw.randrange(1000)}" if draw.random() < 1 / 3 else None,
            draw.randrange(50, 100) if kind == "pin" else 0,
            1.5 if kind == "boost" else 1.0,
            now + timedelta(days=1),
            now,
            placement="other" if kind == "pin" else None,
        )
        rows.append(encode_override(override))
    file = open_override_file(home)
    with file.writer_lock():
        file.write(State(1, make_content(rows, [])))


@contextmanager
def run_server(home: Path, n_workers: int) -> Iterator[int]:
    """Start the service over a home; its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {
        "CONCIERGE_HOME": str(home),
        "CONCIERGE_HTTP_PORT": str(port),
        "CONCIERGE_HTTP_WORKERS": str(n_workers),
    }
    command = [sys.executable, "-m", "serving_app"]
    server = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **settings}, stderr=subprocess.DEVNULL)
    try:
        wait_until_ready(port)
        yield port
    finally:
        server.terminate()
        server.wait()


def measure_writes(port: int, watchers: list[Watcher], n_writes: int) -> tuple[list, list, int]:
    """Seconds from each write's acknowledgement to each worker's knowing, seconds of each write, and how many
    stale answers there were.
    """
    operator, lags, writes, n_stale = http.client.HTTPConnection("127.0.0.1", port), [], [], 0
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    override_id = None
    for _ in range(n_writes):
        started_at = time.perf_counter()
        if override_id is None:
            body = {"kind": "block", "item_id": ITEM, "until": until, "author": "benchmark"}
            override_id = send_request(operator, "POST", "/v1/overrides", body)["override_id"]
            has_item = False
        else:
            send_request(operator, "DELETE", f"/v1/overrides/{override_id}")
            override_id, has_item = None, True
        acknowledged_at = time.perf_counter()
        writes.append(acknowledged_at - started_at)
        for watcher in watchers:
            lag, stale = watcher.find_lag(acknowledged_at, has_item)
            lags.append(lag)
            n_stale += stale
        time.sleep(0.02)
    return lags, writes, n_stale


def summarise(name: str, seconds: list[float]) -> dict[str, float]:
    """p50, p99 and the largest, in milliseconds."""
    cuts = statistics.quantiles(seconds, n=100)
    values = {"p50": cuts[49], "p99": cuts[98], "max": max(seconds)}
    return {f"{name}_{quantile}_ms": round(value * 1000, 2) for quantile, value in values.items()}


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench NAME=overrides", description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--writes", type=int, default=200)
    parser.add_argument("--stored", type=int, default=50, help="overrides in force beside")
    parser.add_argument("--clients", type=int, default=4, help="that ask for lists meanwhile")
    args = parser.parse_args()
    n_customers = 1000
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        write_snapshot(HomePaths(home).snapshots / "bench", make_snapshot_content(n_customers, seed=1))
        Published("bench", "2026-02-20", "2026-02-21T03:00:00Z", "bench", "", "concierge/1", "").write(home)
        store_overrides(home, args.stored)
        with run_server(home, args.workers) as port, multiprocessing.Pool(args.clients or 1) as pool:
            watchers = [Watcher(each) for each in connect_to_each_worker(port, args.workers)]
            load = [
                pool.apply_async(run_client, (port, n_customers, seed, time.time() + 3600))
                for seed in range(args.clients)
            ]
            for watcher in watchers:
                watcher.start()
            lags, writes, n_stale = measure_writes(port, watchers, args.writes)
            for watcher in watchers:
                watcher.is_ended = True
            pool.terminate()
    n_answers = sum(len(watcher.sightings) for watcher in watchers)
    figures = {**vars(args), "n_lags": len(lags), "n_watched_answers": n_answers, "n_stale": n_stale}
    print(json.dumps(figures | summarise("seen", lags) | summarise("write", writes)))
    del load
    sys.exit(1 if n_stale else 0)


if __name__ == "__main__":
    main()
