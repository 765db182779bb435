"""How soon an event changes who is in a segment, and the answer that depends on it, over HTTP; how late
timers are; and what that costs an event: `make bench NAME=live_segments ARGS="--events 2000"`.

The real server with two workers over a small shop of 2,000 customers with twenty events each, once with the
shipped definitions that live (and one of two seconds, whose timers are waited for), once with the same
snapshot but for them. The two are asked in turn, so what else the machine does meets both. In each round an
event is sent and then the profile and the list are asked for: from the sending to the answer that knows it.
CPU seconds are those of the workers, from batches of events alone.
"""

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

import psutil
import requests

from benchmarks.serving.live_nights import list_live_pairs, read_texts
from benchmarks.serving.shop import IDENTITY_KEY, N_ITEMS, N_LIVE_CUSTOMERS, make_snapshot_content
from benchmarks.soak.damage.server import ServiceProcess
from expectations.contracts import snapshot
from expectations.contracts.home import HomePaths
from expectations.contracts.published import Published
from expectations.contracts.restrictions_store import RestrictionDatabase
from expectations.contracts.transitions import Transition, decode_transition
from segments.calendar import DAY, ShopCalendar
from segments.events import Event
from segments.live import LiveProgram
from segments.shop_days import find_end_of_day
from spark_jobs.publish.snapshot_writer import write_snapshot

N_HISTORY, TYPES = 20, ("view", "cart", "purchase")
WINDOW = 2_000_000  # microseconds
PINNED = "item-3001"


class Row(NamedTuple):
    """Milliseconds of one round: from the sending of an event to its acknowledgement, to the profile that
    knows it, and to the list that does.
    """

    acknowledged: float
    profile: float
    answer: float


def make_content(absorbed: str, is_live: bool) -> Iterator[tuple[bytes, bytes]]:
    """The serving benchmark's shop as of a day, with live segments or without."""
    for key, value in make_snapshot_content(N_LIVE_CUSTOMERS, seed=1):
        if key == snapshot.META:
            meta = snapshot.unpack_record(snapshot.SnapshotMeta, value)
            value = snapshot.pack_record(meta._replace(landing_date=absorbed, absorbed_date=absorbed))
        yield key, value
    if not is_live:
        return
    texts, definitions = read_texts()
    live, draw = LiveProgram(definitions, ShopCalendar("UTC"), {}), random.Random(5)
    end = find_end_of_day(ShopCalendar("UTC"), date.fromisoformat(absorbed))
    histories = {
        f"c_{n}": [
            Event(end - draw.randrange(30 * DAY), f"h-{n}-{m}", draw.choice(TYPES), f"item-{m}")
            for m in range(N_HISTORY)
        ]
        for n in range(N_LIVE_CUSTOMERS)
    }
    yield from list_live_pairs(live, definitions, texts, histories, end)


def start(home: Path, is_live: bool) -> ServiceProcess:
    """A server over such a shop, with an override for whoever has a fresh cart."""
    absorbed = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 86_400))
    write_snapshot(HomePaths(home).snapshots / "bench", make_content(absorbed, is_live))
    RestrictionDatabase.create(HomePaths(home).restrictions)
    Published("bench", absorbed, f"{absorbed}T23:59:59Z", "bench", "", "concierge/1", "").write(home)
    server = ServiceProcess(home, settings={"CONCIERGE_IDENTITY_KEY": IDENTITY_KEY})
    override = {
        "kind": "pin",
        "item_id": PINNED,
        "position": 1,
        "segment_id": "fresh_cart" if is_live else "vip",
        "until": "2099-01-01T00:00:00Z",
        "reason": "a benchmark's",
    }
    made = requests.post(server.url("/v1/overrides"), json=override, timeout=10)
    if made.status_code >= 300:
        raise SystemExit(f"no override: {made.text}")
    return server


def make_event(user: int, number: int, name: str = "Product Added") -> dict:
    """An event of a customer."""
    properties = {"product_id": f"item-{number % N_ITEMS}", "price": 12.5, "quantity": 1}
    return {
        "type": "track",
        "event": name,
        "messageId": f"e-{number}",
        "userId": f"u_{user}",
        "properties": properties,
    }


def run_round(
    session: requests.Session, server: ServiceProcess, user: int, number: int, is_live: bool
) -> Row:
    """Send an event, and ask until it is known."""
    began = time.perf_counter()
    sent = session.post(server.url("/v1/track"), json=make_event(user, number), timeout=10)
    acknowledged = time.perf_counter()
    if sent.status_code != 200:
        raise SystemExit(f"not taken: {sent.text}")
    while "fresh_cart" not in (read_segments(session, server, user) if is_live else ["fresh_cart"]):
        pass
    if not is_live:
        read_segments(session, server, user)
    profiled = time.perf_counter()
    query = {"user_id": f"u_{user}", "n": 10}
    while True:
        items = session.get(server.url("/v1/recommendations"), params=query, timeout=10).json()["items"]
        if items and items[0]["item_id"] == PINNED:
            break
    answered = time.perf_counter()
    return Row(
        (acknowledged - began) * 1e3,
        (profiled - began) * 1e3,
        (acknowledged - began + answered - profiled) * 1e3,
    )


def read_segments(session: requests.Session, server: ServiceProcess, user: int) -> list[str]:
    """The segments of a customer's profile."""
    answer = session.get(server.url(f"/v1/customers/c_{user}"), params={"slice": "segments"}, timeout=10)
    return answer.json()["segment_ids"]


def measure_intake(server: ServiceProcess, n_events: int, first: int) -> float:
    """CPU microseconds of the workers for an event, in batches of fifty from a hundred customers."""
    session, before = requests.Session(), read_cpu(server)
    for start_at in range(first, first + n_events, 50):
        events = [
            make_event(number % 100, number, "Product Viewed" if number % 5 else "Product Added")
            for number in range(start_at, start_at + 50)
        ]
        session.post(server.url("/v1/batch"), json={"batch": events}, timeout=30).raise_for_status()
    return (read_cpu(server) - before) / n_events * 1e6


def read_cpu(server: ServiceProcess) -> float:
    """CPU seconds of the workers so far."""
    return sum(sum(psutil.Process(pid).cpu_times()[:2]) for pid in server.workers())


def measure_restart(home: Path, server: ServiceProcess, n_carts: int = 100) -> dict[str, int]:
    """Kill everything (-9) between events and the moments at which their segments end, and start again behind
    these: how many were told to leave, and how many of them at their own moment.
    """
    users = range(1_000, 1_000 + n_carts)
    for user in users:
        requests.post(server.url("/v1/track"), json=make_event(user, 9_000_000 + user), timeout=10)
    time.sleep(0.5)
    main = psutil.Process(server.process.pid)
    for process in (main, *main.children()):
        process.kill()
    server.process.wait(timeout=10)
    time.sleep(3)
    server.start()
    time.sleep(3)
    customers = {f"c_{user}" for user in users}
    told = [one for one in read_transitions(home, "blink") if one.customer_id in customers]
    entered = {one.customer_id: one.since for one in told if one.is_entered}
    left = {one.customer_id: one.since for one in told if not one.is_entered}
    exact = sum(left[user] - entered[user] == WINDOW + 1 for user in left.keys() & entered.keys())
    return {"carts": n_carts, "told_to_enter": len(entered), "to_leave": len(left), "at_their_moment": exact}


def read_transitions(home: Path, segment_id: str) -> list[Transition]:
    """All that was told of a segment."""
    lines = [
        decode_transition(line)
        for file in sorted(HomePaths(home).transitions.glob("[!.]*"))
        for line in file.read_bytes().splitlines()
    ]
    return [one for one in lines if one.segment_id == segment_id]


def read_lateness(home: Path) -> list[float]:
    """By how many milliseconds each exit by time was told late."""
    exits = [one for one in read_transitions(home, "blink") if one.reason == "time"]
    return [(one.told_at - one.since) / 1e3 for one in exits]


def describe(values: list[float]) -> dict[str, float]:
    """Median and 99th percentile."""
    cuts = statistics.quantiles(values, n=100)
    return {"n": len(values), "p50_ms": round(cuts[49], 2), "p99_ms": round(cuts[98], 2)}


def main() -> int:
    """Measure, and print a line of JSON for each figure."""
    parser = argparse.ArgumentParser(
        prog="make bench NAME=live_segments", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--events", type=int, default=2_000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        homes = {True: Path(folder) / "live", False: Path(folder) / "night"}
        servers = {is_live: start(home, is_live) for is_live, home in homes.items()}
        rows: dict[bool, list[Row]] = {True: [], False: []}
        cpu: dict[bool, list[float]] = {True: [], False: []}
        try:
            sessions = {is_live: requests.Session() for is_live in servers}
            for number in range(args.events):
                for is_live, server in servers.items():
                    user = 200 + number % (N_LIVE_CUSTOMERS - 200)
                    rows[is_live].append(run_round(sessions[is_live], server, user, number, is_live))
            for turn in range(5):
                for is_live, server in servers.items():
                    cpu[is_live].append(measure_intake(server, 1_000, 1_000_000 + 1_000 * turn))
            time.sleep(4)  # the newest carts have blinked by then
            lateness = read_lateness(homes[True])
            restarted = measure_restart(homes[True], servers[True])
        finally:
            for server in servers.values():
                server.stop()
    for is_live, name in ((True, "live"), (False, "night alone")):
        for place, what in enumerate(Row._fields):
            figures = describe([row[place] for row in rows[is_live]])
            print(json.dumps({"segments": name, "event_to": what, **figures}))
        print(
            json.dumps({"segments": name, "intake_cpu_us_per_event": round(statistics.median(cpu[is_live]))})
        )
    print(json.dumps({"timers": "late", **describe(lateness)}))
    print(json.dumps({"killed_in_between": restarted}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
