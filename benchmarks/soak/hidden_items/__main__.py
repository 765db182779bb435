"""Hide items while clients ask, nights are published and workers are killed: `make soak NAME=hidden_items
ARGS="--answers 1000000"`.

The real server with two workers. An item is hidden from the moment its hide (no stock, not recommendable, a
block) is acknowledged until its show is sent; an answer that was asked for and received in between may not
hold it. The last line is the control: the same with a flipper that tells the service nothing, which must be
noticed.
"""

import argparse
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks.soak.damage.server import ServiceProcess
from benchmarks.soak.hidden_items.books import Counts, HiddenBooks
from benchmarks.soak.hidden_items.clients import CheckingClients
from benchmarks.soak.hidden_items.disturbances import ItemFlipper, NightPublisher, WorkerKiller, repeat
from benchmarks.soak.hidden_items.home import N_CUSTOMERS, publish_night


class Pace(NamedTuple):
    """How often what happens, in seconds."""

    flips: float = 0.02
    nights: float = 10.0
    kills: float = 20.0


class Goal(NamedTuple):
    """When a run ends: after so many answers and kills, or so many seconds."""

    answers: int
    kills: int = 0
    seconds: float = float("inf")

    def is_reached(self, n_answers: int, n_killed: int, seconds: float) -> bool:
        """Whether a run has come so far."""
        return seconds > self.seconds or (n_answers >= self.answers and n_killed >= self.kills)


class SoakResult(NamedTuple):
    """What the clients met, and what happened meanwhile."""

    counts: Counts
    n_hides: int
    n_published: int
    n_killed: int
    hide_milliseconds: list[float]
    seconds: float


def run_soak(folder: Path, goal: Goal, n_clients: int, pace: Pace, is_silent: bool = False) -> SoakResult:
    """Hide, publish and kill until the goal is reached."""
    home = folder / ("control" if is_silent else "home")
    publish_night(home, 1)
    server = ServiceProcess(home, settings={"CONCIERGE_DRAIN_SECONDS": "0"})
    books, stop = HiddenBooks(), threading.Event()
    flipper = ItemFlipper(server, books, is_silent)
    publisher, killer = NightPublisher(server), WorkerKiller(server)
    started = time.monotonic()
    try:
        clients = CheckingClients(server.port, n_clients, N_CUSTOMERS, books)
        threads = [
            repeat(flipper.flip, pace.flips, stop),
            repeat(publisher.publish, pace.nights, stop),
            repeat(killer.kill, pace.kills, stop),
        ]
        while not goal.is_reached(clients.counts.n_answers, killer.n_killed, time.monotonic() - started):
            time.sleep(0.05)
        counts = clients.stop()
        stop.set()
        for thread in threads:
            thread.join()
    finally:
        stop.set()
        server.stop()
    seconds = time.monotonic() - started
    return SoakResult(
        counts, books.n_hides, publisher.n_published, killer.n_killed, flipper.milliseconds, seconds
    )


def describe(result: SoakResult) -> str:
    """The figures of a run, in one line."""
    counts, waits = result.counts, statistics.quantiles(result.hide_milliseconds, n=100)
    return (
        f"{counts.n_answers:,} answers with {counts.n_items:,} items in {result.seconds:.0f} s;"
        f" {result.n_hides:,} hides acknowledged after {waits[49]:.1f} ms (p99 {waits[98]:.1f}),"
        f" {result.n_published} nights of which {len(counts.snapshots)} were served,"
        f" {result.n_killed} workers killed, {counts.resets} connections broken;"
        f" answers with a hidden item: {counts.n_violations}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="make soak NAME=hidden_items", description=__doc__.splitlines()[0])
    parser.add_argument("--answers", type=int, default=1_000_000)
    parser.add_argument("--control-answers", type=int, default=2_000)
    parser.add_argument(
        "--minutes", type=float, default=float("inf"), help="at most, whatever --answers says"
    )
    parser.add_argument("--clients", type=int, default=16)
    args = parser.parse_args()
    goal = Goal(args.answers, seconds=args.minutes * 60)
    with tempfile.TemporaryDirectory() as folder:
        result = run_soak(Path(folder), goal, args.clients, Pace())
        print(describe(result), *result.counts.violations, sep="\n")
        goal = Goal(args.control_answers)
        control = run_soak(Path(folder), goal, args.clients, Pace(), is_silent=True)
        print(f"control, the service told nothing: {describe(control)}")
    return 1 if result.counts.n_violations or not control.counts.n_violations else 0


if __name__ == "__main__":
    sys.exit(main())
