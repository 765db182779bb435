"""Kills the service at random moments while clients send events: `make soak NAME=intake_kills
ARGS="--kills 100"`.

Clients keep a ledger of what was acknowledged, and send again what was not, with the same message ids, until
it is. Each kill is a SIGKILL: of one worker, which the server replaces, or of the server with its workers,
which is started again. At the end every acknowledged event must be in the log, whole, as the night's own
reader reads it, and nothing that nobody sent. What a kill between the log and the answer let a client send
twice is counted: the night keeps one record a message id (`tests/spark_jobs/ingest/test_live.py`). As a
control the same is done to a server that acknowledges first and writes a moment later: there events must be
lost, or the soak would find nothing.

With `--events 200000` it goes on until so many are acknowledged, and of those that are sent 2 % are
repetitions, 1 % of no declared kind and 1 % too large: what was received must be what was stored, what was a
repetition and what stands in quarantine, by reason, to the last event.
"""

import argparse
import contextlib
import json
import os
import random
import re
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import orjson
import requests

from benchmarks.intake import make_batch, publish_shop
from benchmarks.soak.damage.server import COMMAND, ServiceProcess
from expectations.contracts.home import HomePaths
from expectations.contracts.log_files import finish_abandoned_files
from spark_jobs.sources.registry import load_sources

# The same service, but that what it acknowledges is written a tenth of a second later.
HASTY = (
    sys.executable,
    "-c",
    """
import sys, threading
from serving_app.__main__ import main
from serving_app.storage.append_log import AppendLog
durable = AppendLog.append_lines
AppendLog.append_lines = lambda self, *lines: threading.Timer(0.1, durable, (self, *lines)).start()
sys.exit(main())
""",
)
BATCH = 20
TOO_LARGE = "x" * 40_000
# Of a hundred events that are sent; the reason under which the service refuses them.
N_REPEATED, N_UNKNOWN, N_TOO_LARGE = 2, 1, 1
# Of the raw text of a refused event, which is JSON in JSON and may be cut off behind it.
MESSAGE_ID = re.compile(rb'messageId\\": \\"([^"\\]+)')
UNKNOWN_TYPE, TOO_LARGE_REASON = "unknown_type", "too_large"


@dataclass
class Ledger:
    """What clients know: ids that were sent, and those of them that were acknowledged.

    Attributes:
        refused: acknowledged ids that belong into quarantine, and why.
        n_received: acknowledged events, repetitions among them.
        n_repeated: of these, what was in its batch twice.
    """

    sent: set[str] = field(default_factory=set)
    acknowledged: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)
    n_received: int = 0
    n_repeated: int = 0
    n_resent: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


def spoil(events: list[dict], draw: random.Random) -> dict[str, str]:
    """Make some of a batch's events what they should not be, in place; the ids that belong into quarantine,
    and why.
    """
    refused = {}
    for event in list(events):
        number = draw.randrange(100)
        if number < N_REPEATED:
            events.append(event)
        elif number < N_REPEATED + N_UNKNOWN:
            event["event"], refused[event["messageId"]] = "Lottery Ticket Scratched", UNKNOWN_TYPE
        elif number < N_REPEATED + N_UNKNOWN + N_TOO_LARGE:
            event["properties"]["pad"], refused[event["messageId"]] = TOO_LARGE, TOO_LARGE_REASON
    return refused


def send_until(
    stop: threading.Event, server: ServiceProcess, name: str, ledger: Ledger, is_spoiled: bool
) -> None:
    """Send batch after batch; one that is not acknowledged is sent again as it was."""
    n, draw = 0, random.Random(name)
    while not stop.is_set():
        batch, n = make_batch(f"{name}-{n}", BATCH), n + 1
        refused = spoil(batch["batch"], draw) if is_spoiled else {}
        ids = {event["messageId"] for event in batch["batch"]} - refused.keys()
        with ledger.lock:
            ledger.sent |= ids
        while not post(server, batch):
            with ledger.lock:
                ledger.n_resent += 1
            if stop.wait(0.02):
                return
        with ledger.lock:
            ledger.acknowledged |= ids
            ledger.refused |= refused
            ledger.n_received += len(batch["batch"])
            ledger.n_repeated += len(batch["batch"]) - BATCH


def post(server: ServiceProcess, batch: dict) -> bool:
    """Whether a batch was acknowledged, on a connection of its own so that any worker may take it."""
    try:
        answer = requests.post(server.url("/v1/batch"), data=json.dumps(batch), timeout=10)
    except requests.RequestException:
        return False
    return answer.status_code == 200 and len(answer.json()["events"]) == len(batch["batch"])


def kill_at_random(
    server: ServiceProcess, draw: random.Random, n_kills: int, is_enough: Callable[[], bool]
) -> Counter:
    """Kill and start again, so often, and go on until there is enough; how often what was killed."""
    killed: Counter = Counter()
    while killed.total() < n_kills or not is_enough():
        time.sleep(draw.uniform(0.02, 0.4))
        if killed.total() >= n_kills:
            continue
        workers = server.workers()
        if workers and draw.random() < 0.7:
            os.kill(draw.choice(workers), signal.SIGKILL)
            killed["worker"] += 1
            continue
        server.process.kill()
        server.process.wait()
        for worker in workers:
            with contextlib.suppress(ProcessLookupError):  # it ends with its parent
                os.kill(worker, signal.SIGKILL)
        killed["server"] += 1
        server.start()
    return killed


def read_log(home: Path) -> tuple[Counter, dict[str, str], int]:
    """How often each message id stands in the log, as the night reads it; the ids of what the service
    refused, and why; and how many records the reader refuses besides.
    """
    source = next(one for one in load_sources(("sample_shop",)) if one.name == "live")
    feed, folder = source.find_feed("events"), HomePaths(home).event_log
    finish_abandoned_files(folder)
    place, ids, n_refused = feed.columns.index("messageId"), Counter(), 0
    refused = {}
    for path in folder.glob("*.jsonl"):
        for line in path.read_bytes().splitlines():
            if flaw := orjson.loads(line).get("quarantined"):
                refused[MESSAGE_ID.search(line)[1].decode()] = flaw["reason"]
                n_refused -= 1
        with path.open("rb") as file:
            for record in feed.read_records(file):
                if record.values is None or record.reason:
                    n_refused += 1
                else:
                    ids[record.values[place]] += 1
    return ids, refused, n_refused


def run(
    command: tuple[str, ...], n_kills: int, n_clients: int, seed: int, n_events: int = 0
) -> dict[str, object]:
    """Send and kill; what came of it.

    Args:
        n_events: that are acknowledged at least, some of them spoiled; 0: as many as come, none of them.
    """
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        publish_shop(home)
        server, ledger, stop = ServiceProcess(home, command), Ledger(), threading.Event()
        threads = [
            threading.Thread(target=send_until, args=(stop, server, f"client-{n}", ledger, n_events > 0))
            for n in range(n_clients)
        ]
        try:
            for thread in threads:
                thread.start()
            killed = kill_at_random(
                server, random.Random(seed), n_kills, lambda: ledger.n_received >= n_events
            )
            time.sleep(1)
            stop.set()
            for thread in threads:
                thread.join()
        finally:
            stop.set()
            server.stop()
        ids, refused, n_refused = read_log(home)
    quarantined = Counter(refused[one] for one in ledger.refused.keys() & refused.keys())
    stored = len(ledger.acknowledged & ids.keys())
    return {
        "received": ledger.n_received,
        "stored": stored,
        "quarantined": dict(quarantined),
        "repetitions": ledger.n_repeated,
        "unaccounted": ledger.n_received - stored - quarantined.total() - ledger.n_repeated,
        "refused_for_another_reason": len(ledger.refused.items() - refused.items()),
        "kills": dict(killed),
        "acknowledged": len(ledger.acknowledged),
        "resent_batches": ledger.n_resent,
        "lost": len(ledger.acknowledged - ids.keys()),
        "never_sent": len(ids.keys() - ledger.sent) + len(refused.keys() & ids.keys()),
        "refused_by_the_reader": n_refused,
        "repetitions_that_the_night_drops": sum(ids.values()) - len(ids),
    }


def main(argv: list[str] | None = None) -> int:
    """Run both; 1 when an event was lost or doubled, or the control lost none."""
    parser = argparse.ArgumentParser(prog="make soak NAME=intake_kills", description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--control-kills", type=int, default=20)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--seed", type=int, default=15)
    parser.add_argument("--events", type=int, default=0, help="acknowledged at least, 4 %% of them spoiled")
    args = parser.parse_args(argv)
    figures = run(COMMAND, args.kills, args.clients, args.seed, args.events)
    print(json.dumps({"service": figures}), flush=True)
    control = run(HASTY, args.control_kills, args.clients, args.seed)
    print(json.dumps({"control that acknowledges first": control}))
    wrong = "lost", "unaccounted", "refused_for_another_reason", "never_sent", "refused_by_the_reader"
    is_right = not any(figures[name] for name in wrong)
    return 0 if is_right and control["lost"] else 1


if __name__ == "__main__":
    sys.exit(main())
