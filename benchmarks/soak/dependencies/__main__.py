"""Take from the service what it depends on, in every way: `make soak NAME=dependencies ARGS="--seconds 5"`.

The real server with two workers, once with its live states in Redis and once in LMDB. For so many seconds
each thing in turn is refused, hangs, is slow (500 ms), answers garbage or takes no writes. Every list must be
answered with status 200 and items, 99 of 100 in less than 150 ms; when it is over, what a visitor bought
before and meanwhile must be gone from their list within seconds. The last line is the control: a server that
waits as long as Redis makes it wait.

`--seconds 60` are the long phases. Cells that cannot be: a snapshot or LMDB file on a disk that hangs or is
slow to read (both are mapped, so the kernel holds the thread: a home lies on a disk of its own machine), and
one that is read-only (it is written with the disk full or slow, and read as ever).
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.soak.damage.home import write_home
from benchmarks.soak.damage.server import COMMAND, ServiceProcess
from benchmarks.soak.dependencies.cells import Cell, list_embedded_cells, list_redis_cells
from benchmarks.soak.dependencies.redis_server import run_redis
from benchmarks.soak.dependencies.unreliable import HANGING, SLOW_SECONDS, UnreliableServer
from benchmarks.soak.dependencies.visitors import Buyer, Crowd, Seen

P99_MILLISECONDS = 150
# A service whose calls wait for Redis for three seconds, each time anew.
PATIENT = (
    sys.executable,
    "-c",
    """
import sys
from serving_app.live import breaker, redis_store
breaker.FAILURES_TO_OPEN = 10 ** 9
redis_store.RedisBackend.__init__.__defaults__ = (3.0,)
from serving_app.__main__ import main
sys.exit(main())
""",
)


# The same service, whose every sync takes as long as a slow disk's while the file is there.
SLOW_DISK = """
import os, sys, time
from pathlib import Path
flag, seconds = Path(sys.argv.pop(1)), float(sys.argv.pop(1))
def slow(sync):
    return lambda handle: (time.sleep(seconds) if flag.exists() else None, sync(handle))[1]
os.fsync, os.fdatasync = slow(os.fsync), slow(os.fdatasync)
from serving_app.__main__ import main
sys.exit(main())
"""


@dataclass(frozen=True)
class Row:
    """What one cell did.

    Attributes:
        gone_after: seconds after it was over until what was bought is gone from the list; None: never.
        problems: what `/readyz` said of it.
    """

    cell: Cell
    seen: Seen
    gone_after: float | None
    problems: str

    @property
    def p99(self) -> float:
        return float(np.quantile(self.seen.list_milliseconds or [np.inf], 0.99))

    @property
    def is_right(self) -> bool:
        events = set(self.seen.event_statuses)
        return (
            not self.seen.wrong
            and self.p99 < P99_MILLISECONDS
            and self.gone_after is not None
            and events <= {200, self.cell.events, *([429] if self.cell.may_refuse else [])}
            and self.cell.events in events
        )


def run_cells(
    server: ServiceProcess, cells: Sequence[Cell], seconds: float, n_threads: int, n_customers: int
) -> list[Row]:
    """Each cell in turn over one server."""
    crowd, rows = Crowd(server.port, n_threads, n_customers), []
    time.sleep(1)  # the first requests of a worker load what the others find
    for cell in cells:
        buyer = Buyer(server.port)
        buyer.buy()
        crowd.take()
        with cell.apply():
            time.sleep(seconds / 2)
            buyer.buy()
            problems = read_problems(server)
            time.sleep(seconds / 2)
            seen = crowd.take()
        rows.append(Row(cell, seen, buyer.wait_until_it_is_gone(), problems))
    crowd.stop()
    return rows


def run_on_redis(
    folder: Path,
    select: Callable[[Cell], bool],
    seconds: float,
    n_threads: int,
    n_customers: int,
    command: tuple[str, ...] = COMMAND,
) -> list[Row]:
    """The cells of Redis that are selected."""
    folder.mkdir()
    write_home(folder / "home", n_customers)
    with run_redis(folder) as port:
        proxy = UnreliableServer(port)
        settings = {"CONCIERGE_LIVE": f"redis://127.0.0.1:{proxy.port}/0"}
        server = ServiceProcess(folder / "home", command, settings)
        try:
            cells = [cell for cell in list_redis_cells(proxy, port) if select(cell)]
            return run_cells(server, cells, seconds, n_threads, n_customers)
        finally:
            server.stop()
            proxy.close()


def run_embedded(
    folder: Path, select: Callable[[Cell], bool], seconds: float, n_threads: int, n_customers: int
) -> list[Row]:
    """The cells of a service on one machine that are selected."""
    folder.mkdir()
    write_home(folder / "home", n_customers)
    slow_flag = folder / "slow"
    server = ServiceProcess(
        folder / "home", (sys.executable, "-c", SLOW_DISK, str(slow_flag), str(SLOW_SECONDS))
    )
    try:
        cells = [cell for cell in list_embedded_cells(server, slow_flag) if select(cell)]
        return run_cells(server, cells, seconds, n_threads, n_customers)
    finally:
        server.stop()


def read_problems(server: ServiceProcess) -> str:
    """What `/readyz` says, of several workers the first that has a problem."""
    for _ in range(20):
        if problems := server.ready().get("problems"):
            return "; ".join(problems)
    return ""


def format_row(row: Row) -> str:
    """One line of the table."""
    gone = "never" if row.gone_after is None else f"{row.gone_after:.1f} s"
    events = ", ".join(f"{n} × {status}" for status, n in sorted(row.seen.event_statuses.items()))
    return (
        f"{'ok  ' if row.is_right else 'FELT'} {row.cell.dependency:<14} {row.cell.harm:<18}"
        f" {len(row.seen.list_milliseconds):>6} lists {len(row.seen.wrong)} wrong"
        f"  p50 {np.median(row.seen.list_milliseconds or [np.inf]):>5.1f}  p99 {row.p99:>6.1f} ms"
        f"  events {events:<22} right after {gone:<6} {row.cell.fallback}  [{row.problems}]"
        f" {'; '.join(row.seen.wrong)}"
    )


def main(argv: list[str]) -> int:
    """Print a line a cell; 1 when one of them was felt, or the control was not."""
    parser = argparse.ArgumentParser(prog="make soak NAME=dependencies", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=5, help="how long each cell lasts")
    parser.add_argument("--threads", type=int, default=8, help="visitors at once")
    parser.add_argument("--customers", type=int, default=500)
    args = parser.parse_args(argv)
    limits = (args.seconds, args.threads, args.customers)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = run_on_redis(folder / "redis", lambda cell: True, *limits)
        rows += run_embedded(folder / "embedded", lambda cell: True, *limits)
        (control,) = run_on_redis(
            folder / "control", lambda cell: cell.harm == HANGING, *limits, command=PATIENT
        )
    print("\n".join(map(format_row, rows)))
    print("control, without deadlines and breaker: " + format_row(control))
    return 0 if all(row.is_right for row in rows) and not control.is_right else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
