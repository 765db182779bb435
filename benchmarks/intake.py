"""How many events a second the service takes, each on disk before it is acknowledged: `make bench
NAME=intake ARGS="--seconds 10"`.

The real server with two workers over a small published shop; clients on the same cores send batches over
kept-alive connections, each waiting for its answer before it sends again. Beside it, in the same run, how
fast the disk alone is: the same bytes a batch, written and synced by one thread. Then a flood: five times as
many clients for as long, which do not wait when they are refused; and again the few. At the end every
acknowledged event must be in the log exactly once, every refusal must have said when to come back, and five
seconds after the flood nobody may be refused any more. `--seconds 60` is the long flood.
"""

import argparse
import json
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import requests

from benchmarks.serving.shop import make_snapshot_content
from benchmarks.soak.damage.server import ServiceProcess
from expectations.contracts.home import HomePaths
from expectations.contracts.published import Published
from expectations.contracts.restrictions_store import RestrictionDatabase
from spark_jobs.publish.snapshot_writer import write_snapshot

AGENT = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/17.4 Safari/605.1.15"
N_ITEMS, N_BROWSERS = 3_700, 20_000
FLOOD = 5  # times as many clients
RECOVERY_SECONDS = 5.0  # after a flood, until nobody is refused


class ClientFigures(NamedTuple):
    """What one client met.

    Attributes:
        milliseconds: of each accepted batch.
        accepted: message ids that were acknowledged, by the prefix and the numbers of their batches.
        n_refused: answers 429.
        n_silent: of these without a `Retry-After`.
        last_refused: seconds from the beginning to the last of them; 0: there was none.
    """

    milliseconds: list[float]
    accepted: list[str]
    n_refused: int
    n_silent: int
    last_refused: float


def make_batch(prefix: str, size: int) -> dict:
    """A batch of page views, carts and searches as a browser's client sends them."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    events = []
    for n in range(size):
        browser = (hash(prefix) + n) % N_BROWSERS
        name = "Product Added" if n % 10 == 0 else "Product Viewed"
        events.append(
            {
                "type": "track",
                "event": name,
                "messageId": f"{prefix}-{n}",
                "anonymousId": f"browser-{browser}",
                "timestamp": now,
                "properties": {"product_id": f"item-{n % N_ITEMS}", "price": 12.5, "currency": "EUR"},
                "context": {
                    "sessionId": f"session-{browser}",
                    "userAgent": AGENT,
                    "device": {"type": "mobile"},
                    "page": {"path": f"/items/{n % N_ITEMS}", "referrer": "https://shop.example/"},
                },
            }
        )
    return {"batch": events, "sentAt": now}


def run_client(port: int, name: str, size: int, until: float) -> ClientFigures:
    """Send batches until a moment."""
    milliseconds, accepted, session = [], [], requests.Session()
    n = n_refused = n_silent = 0
    began, last_refused = time.time(), 0.0
    while time.time() < until:
        prefix, n = f"{name}-{n}", n + 1
        body = json.dumps(make_batch(prefix, size))
        start = time.perf_counter()
        answer = session.post(f"http://127.0.0.1:{port}/v1/batch", data=body, timeout=60)
        if answer.status_code == 429:
            n_refused, last_refused = n_refused + 1, time.time() - began
            n_silent += not answer.headers.get("Retry-After", "").isdigit()
            continue
        if answer.status_code != 200 or answer.json()["n_accepted"] != size:
            raise SystemExit(f"status {answer.status_code}: {answer.text[:300]}")
        milliseconds.append((time.perf_counter() - start) * 1000)
        accepted.append(prefix)
    return ClientFigures(milliseconds, accepted, n_refused, n_silent, last_refused)


def run_clients(port: int, phase: str, n_clients: int, size: int, seconds: float) -> tuple[dict, list[str]]:
    """The figures of a phase, and which batches were acknowledged."""
    until = time.time() + seconds
    with multiprocessing.Pool(n_clients) as pool:
        clients = pool.starmap(run_client, [(port, f"{phase}-{n}", size, until) for n in range(n_clients)])
    every = sorted(one for each in clients for one in each.milliseconds)
    accepted = [one for each in clients for one in each.accepted]
    cuts = statistics.quantiles(every, n=100) if len(every) > 1 else [float("nan")] * 99
    figures = {
        "phase": phase,
        "clients": n_clients,
        "events_per_second": round(len(accepted) * size / seconds),
        "batches": len(accepted),
        "refused_429": sum(each.n_refused for each in clients),
        "without_retry_after": sum(each.n_silent for each in clients),
        "last_refused_after_s": round(max(each.last_refused for each in clients), 2),
        "p50_ms": round(cuts[49], 1),
        "p99_ms": round(cuts[98], 1),
    }
    return figures, accepted


def measure_disk(folder: Path, size: int, seconds: float = 2) -> int:
    """Events a second that the disk alone would take: a batch's bytes, written and synced again and again."""
    data = json.dumps(make_batch("disk", size)).encode()
    handle = os.open(folder / "disk", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    n, until = 0, time.perf_counter() + seconds
    while time.perf_counter() < until:
        os.write(handle, data)
        os.fdatasync(handle)
        n += 1
    os.close(handle)
    return round(n * size / seconds)


def publish_shop(home: Path) -> None:
    """A published snapshot and the store of restrictions: without them no live state would be stored."""
    write_snapshot(HomePaths(home).snapshots / "bench", make_snapshot_content(1_000, seed=1))
    RestrictionDatabase.create(HomePaths(home).restrictions)
    Published("bench", "2026-02-20", "2026-02-21T03:00:00Z", "bench", "", "concierge/1", "").write(home)


def count_logged(home: Path) -> Counter:
    """How often each message id stands in the event log."""
    folder = HomePaths(home).event_log
    ids: Counter = Counter()
    for file in folder.glob("[!.]*.jsonl*"):
        ids.update(json.loads(line)["messageId"] for line in file.read_bytes().splitlines())
    return ids


def main() -> int:
    """Measure; 1 when an acknowledged event is not in the log once, or a refusal was not fair."""
    parser = argparse.ArgumentParser(prog="make bench NAME=intake", description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=200)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=10)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        publish_shop(home)
        print(json.dumps({"phase": "disk alone", "events_per_second": measure_disk(home, args.batch)}))
        server = ServiceProcess(home)
        accepted, is_fair = [], True
        try:
            run_clients(server.port, "warm", args.clients, args.batch, 2)
            for phase, n_clients in (
                ("busy", args.clients),
                ("flood", args.clients * FLOOD),
                ("after", args.clients),
            ):
                figures, batches = run_clients(server.port, phase, n_clients, args.batch, args.seconds)
                accepted += batches
                print(json.dumps(figures), flush=True)
                is_fair = is_fair and not figures["without_retry_after"]
                is_fair = is_fair and (phase != "after" or figures["last_refused_after_s"] < RECOVERY_SECONDS)
        finally:
            server.stop()
        logged = count_logged(home)
    lost = sum(logged[f"{batch}-{n}"] == 0 for batch in accepted for n in range(args.batch))
    doubled = sum(logged[f"{batch}-{n}"] > 1 for batch in accepted for n in range(args.batch))
    print(json.dumps({"acknowledged": len(accepted) * args.batch, "lost": lost, "doubled": doubled}))
    return int(lost + doubled > 0 or not is_fair)


if __name__ == "__main__":
    sys.exit(main())
