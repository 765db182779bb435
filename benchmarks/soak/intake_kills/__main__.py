"""Kills the service at random moments while clients send events: `make soak NAME=intake_kills
ARGS="--kills 100"`.

Clients keep a ledger of what was acknowledged, and send again what was not, with the same message ids, until
it is. Each kill is a SIGKILL: of one worker, which the server replaces, or of the server with its workers,
which is started again. At the end every acknowledged event must be in the log, whole, as the night's own
reader reads it, and nothing that nobody sent. What a kill between the log and the answer let a client send
twice is counted: the night keeps one record a message id (`tests/spark_jobs/ingest/test_live.py`). As a
control the same is done to a server that acknowledges first and writes a moment later: there events must be
lost, or the soak would find nothing.
"""

import argparse
import contextlib
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

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


@dataclass
class Ledger:
    """What clients know: ids that were sent, and those of them that were acknowledged."""

    sent: set[str] = field(default_factory=set)
    acknowledged: set[str] = field(default_factory=set)
    n_resent: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


def send_until(stop: threading.Event, server: ServiceProcess, name: str, ledger: Ledger) -> None:
    """Send batch after batch; one that is not acknowledged is sent again as it was."""
    n = 0
    while not stop.is_set():
        batch, n = make_batch(f"{name}-{n}", BATCH), n + 1
        ids = {event["messageId"] for event in batch["batch"]}
        with ledger.lock:
            ledger.sent |= ids
        while not post(server, batch):
            with ledger.lock:
                ledger.n_resent += 1
            if stop.wait(0.02):
                return
        with ledger.lock:
            ledger.acknowledged |= ids


def post(server: ServiceProcess, batch: dict) -> bool:
    """Whether a batch was acknowledged, on a connection of its own so that any worker may take it."""
    try:
        answer = requests.post(server.url("/v1/batch"), data=json.dumps(batch), timeout=10)
    except requests.RequestException:
        return False
    return answer.status_code == 200 and answer.json()["n_quarantined"] == 0


def kill_at_random(server: ServiceProcess, draw: random.Random, n_kills: int) -> Counter:
    """Kill and start again; how often what was killed."""
    killed: Counter = Counter()
    for _ in range(n_kills):
        time.sleep(draw.uniform(0.02, 0.4))
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


def read_log(home: Path) -> tuple[Counter, int]:
    """How often each message id stands in the log, as the night reads it; and how many records it refuses."""
    source = next(one for one in load_sources(("sample_shop",)) if one.name == "live")
    feed, folder = source.find_feed("events"), HomePaths(home).event_log
    finish_abandoned_files(folder)
    place, ids, n_refused = feed.columns.index("messageId"), Counter(), 0
    for path in folder.glob("*.jsonl"):
        with path.open("rb") as file:
            for record in feed.read_records(file):
                if record.values is None or record.reason:
                    n_refused += 1
                else:
                    ids[record.values[place]] += 1
    return ids, n_refused


def run(command: tuple[str, ...], n_kills: int, n_clients: int, seed: int) -> dict[str, object]:
    """Send and kill; what came of it."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        publish_shop(home)
        server, ledger, stop = ServiceProcess(home, command), Ledger(), threading.Event()
        threads = [
            threading.Thread(target=send_until, args=(stop, server, f"client-{n}", ledger))
            for n in range(n_clients)
        ]
        try:
            for thread in threads:
                thread.start()
            killed = kill_at_random(server, random.Random(seed), n_kills)
            time.sleep(1)
            stop.set()
            for thread in threads:
                thread.join()
        finally:
            stop.set()
            server.stop()
        ids, n_refused = read_log(home)
    return {
        "kills": dict(killed),
        "acknowledged": len(ledger.acknowledged),
        "resent_batches": ledger.n_resent,
        "lost": len(ledger.acknowledged - ids.keys()),
        "never_sent": len(ids.keys() - ledger.sent),
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
    args = parser.parse_args(argv)
    figures = run(COMMAND, args.kills, args.clients, args.seed)
    print(json.dumps({"service": figures}), flush=True)
    control = run(HASTY, args.control_kills, args.clients, args.seed)
    print(json.dumps({"control that acknowledges first": control}))
    is_right = not (figures["lost"] or figures["never_sent"] or figures["refused_by_the_reader"])
    return 0 if is_right and control["lost"] else 1


if __name__ == "__main__":
    sys.exit(main())
