"""How fast the service answers, every answer waiting for its record on disk: `make bench NAME=serving
ARGS="--seconds 20"`.

Publishes a shop of a stated size into a home of its own, starts the real server with two workers, and asks
for customers' lists over kept-alive connections, each client waiting for its answer before it asks again (so
the figures are of a service that is kept busy, not of one that is flooded). Client and server share the
machine's cores. Prints requests a second and latencies.
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
import time
from pathlib import Path

from expectations.contracts import snapshot
from expectations.contracts.home import HomePaths
from expectations.contracts.published import Published
from spark_jobs.publish.snapshot_writer import write_snapshot

ROOT = Path(__file__).resolve().parent.parent
N_ITEMS, LENGTH = 3700, 100


def make_snapshot_content(n_customers: int, seed: int):
    """A snapshot's content: a list of 100 items for each customer."""
    draw = random.Random(seed)
    items = [f"item-{n}" for n in range(N_ITEMS)]
    scores, sources = [1 - n / LENGTH for n in range(LENGTH)], [("item_knn", "lightfm")] * LENGTH
    meta = snapshot.SnapshotMeta(
        snapshot.LAYOUT, "bench", "2026-02-20", "2026-02-21T03:00:00Z", "concierge/1", "", {}
    )
    yield snapshot.META, snapshot.pack_record(meta)
    catalogue = snapshot.ListVocabulary(items)
    yield snapshot.get_audience_list_key(snapshot.POPULAR), catalogue.pack(items[:LENGTH], scores, sources)
    for name in items:
        yield (
            snapshot.get_item_key(name),
            snapshot.pack_record(snapshot.ItemFacts(name, "Mugs", "Acme", 2.5, "EUR", None, True, True)),
        )
    for n in range(n_customers):
        yield (
            snapshot.get_customer_key(f"c_{n}"),
            snapshot.pack_record(snapshot.CustomerSlice("France", ("vip",), None, 3, None, True)),
        )
        yield (
            snapshot.get_customer_list_key(f"c_{n}"),
            catalogue.pack(draw.sample(items, LENGTH), scores, sources),
        )
    yield snapshot.CATALOGUE, catalogue.as_bytes()


def run_client(port: int, n_customers: int, seed: int, until: float) -> list[float]:
    """Milliseconds of each answer."""
    draw, seconds = random.Random(seed), []
    connection = http.client.HTTPConnection("127.0.0.1", port)
    while time.time() < until:
        start = time.perf_counter()
        connection.request("GET", f"/v1/recommendations?customer_id=c_{draw.randrange(n_customers)}&n=10")
        answer = connection.getresponse()
        answer.read()
        seconds.append((time.perf_counter() - start) * 1000)
        if answer.status != 200:
            raise SystemExit(f"status {answer.status}")
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench NAME=serving", description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=10)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        home = Path(folder)
        write_snapshot(HomePaths(home).snapshots / "bench", make_snapshot_content(args.customers, seed=1))
        Published("bench", "2026-02-20", "2026-02-21T03:00:00Z", "bench", "", "concierge/1", "").write(home)
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        env = {**os.environ, "CONCIERGE_HOME": str(home), "CONCIERGE_HTTP_PORT": str(port)}
        server = subprocess.Popen(
            [sys.executable, "-m", "serving_app"], cwd=ROOT, env=env, stderr=subprocess.DEVNULL
        )
        try:
            wait_until_ready(port)
            until = time.time() + args.seconds
            with multiprocessing.Pool(args.clients) as pool:
                seconds = pool.starmap(
                    run_client, [(port, args.customers, seed, until) for seed in range(args.clients)]
                )
        finally:
            server.terminate()
            server.wait()
    every = sorted(one for each in seconds for one in each)
    cuts = statistics.quantiles(every, n=1000)
    figures = {
        "requests_per_second": round(len(every) / args.seconds),
        "n_answers": len(every),
        **vars(args),
    }
    latencies = {"p50_ms": cuts[499], "p99_ms": cuts[989], "p99.9_ms": cuts[998]}
    print(json.dumps(figures | {name: round(value, 2) for name, value in latencies.items()}))


def wait_until_ready(port: int) -> None:
    """Until the service is ready; gives up after 30 s."""
    for _ in range(300):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the service did not become ready")


if __name__ == "__main__":
    main()
