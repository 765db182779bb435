"""Damage every file that the service reads while 50 clients ask: `make soak NAME=damage ARGS="--seconds 3"`.

A home of two nights, the real server with two workers. Each harm lasts so many seconds and is undone; then
the workers are killed one after another with the published snapshot cut short, and the server is restarted
over it. Every answer must be 200 with the list of the snapshot that it names, and no connection may break but
a killed worker's. The last line is the control: a server that verifies nothing.
"""

import argparse
import os
import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path

import requests

from benchmarks.soak.damage.clients import ClientCounts, LoadClients
from benchmarks.soak.damage.harms import HARMS, PUBLISHED, apply_harm, limit_file_size, truncate_file
from benchmarks.soak.damage.home import BLOCK, write_home
from benchmarks.soak.damage.server import UNVERIFIED, ServiceProcess
from expectations.contracts.restrictions_store import FOLDER as RESTRICTIONS

Row = tuple[str, str, ClientCounts, str]  # a file, what was done to it, what clients met, what /readyz said


def run_soak(
    folder: Path, seconds: float, n_clients: int, n_customers: int, harms=HARMS, kills: bool = True
) -> list[Row]:
    """Every harm in turn over one server, for so many seconds and until every client met it; one row each."""
    home = folder / "home"
    expected = write_home(home, n_customers)
    server = ServiceProcess(home)
    rows: list[Row] = []

    def note(name: str, harm: str, told: str = "") -> None:
        time.sleep(seconds)
        clients.wait_until_met()
        rows.append((name, harm, clients.take(), told + read_problems(server)))

    try:
        requests.post(server.url("/v1/overrides"), json=BLOCK, timeout=20).raise_for_status()
        clients = LoadClients(server.port, n_clients, expected)
        for name, harm in harms:
            clients.may_be_nameless = name.startswith(str(RESTRICTIONS))
            with apply_harm(home, name, harm):
                note(name, harm.__name__)
            if clients.may_be_nameless:
                time.sleep(0.3)  # a worker looks at the file from time to time
                clients.wait_until_met()  # answers under way when it was undone are still a stranger's
                clients.take()
        clients.may_be_nameless = False
        with limit_file_size(server.workers()):
            status = requests.post(server.url("/v1/overrides"), json=BLOCK, timeout=20).status_code
            note("every file", "full disk", f"POST {status}; ")
        with apply_harm(home, str(PUBLISHED), truncate_file):
            # granian gives up on one that dies twice within 5.5 s
            for pid in server.workers() if kills else ():
                os.kill(pid, signal.SIGKILL)
                time.sleep(1.5)
                note(str(PUBLISHED), "cut, a worker killed")
            clients.stop()
            server.stop()
            server.start()
            clients = LoadClients(server.port, n_clients, {"night-1": expected["night-1"]})
            note(str(PUBLISHED), "cut, restarted")
        clients.stop()
    finally:
        server.stop()
    return rows


def run_control(
    folder: Path, seconds: float, n_clients: int, n_customers: int, harm=truncate_file
) -> ClientCounts:
    """What clients of a server that verifies nothing meet."""
    home = folder / "unverified"
    expected = write_home(home, n_customers)
    server = ServiceProcess(home, UNVERIFIED)
    try:
        requests.post(server.url("/v1/overrides"), json=BLOCK, timeout=20).raise_for_status()
        clients = LoadClients(server.port, n_clients, expected)
        harm(home / PUBLISHED)
        time.sleep(seconds)
        clients.wait_until_met()
        clients.stop()
        return clients.take()
    finally:
        server.stop()


def read_problems(server: ServiceProcess) -> str:
    """What `/readyz` has to say, shortly after.

    Each worker knows of its own log alone, and a new connection leads to either of them: it is asked until
    one has a problem, at most 20 times.
    """
    for _ in range(20):
        status = server.ready()
        problems = status.get("problems", [status.get("detail", "")])
        if problems:
            break
    return "; ".join(problems) or status["status"]


def is_right(row: Row) -> bool:
    """Whether every answer was right, and no connection broke but of a killed worker."""
    return not row[2].wrong and (not row[2].resets or "killed" in row[1])


def format_row(row: Row) -> str:
    name, harm, counts, problem = row
    ms = sorted(counts.milliseconds) or [0.0]
    p99 = statistics.quantiles(ms, n=100)[98] if len(ms) > 1 else ms[0]
    return (
        f"{harm:<25} {name:<38} {len(ms):>6} answers {len(counts.wrong):>2} wrong {counts.resets:>3} resets "
        f" p50 {statistics.median(ms):>6.1f} p99 {p99:>7.1f} max {ms[-1]:>7.1f} ms  {counts.snapshots} "
        f" {problem}"
    )


def main(argv: list[str]) -> int:
    """Print a line a harm; 1 when one of them was felt."""
    parser = argparse.ArgumentParser(prog="make soak NAME=damage", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=3, help="how long each harm lasts")
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--customers", type=int, default=2_000)
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        rows = run_soak(Path(folder), args.seconds, args.clients, args.customers)
        unverified = run_control(Path(folder), args.seconds, args.clients, args.customers)
    print("\n".join(map(format_row, rows)))
    print("control, nothing verified: " + format_row((str(PUBLISHED), "cut", unverified, "")))
    felt = [row for row in rows if not is_right(row)]
    for row in felt:
        print(f"felt: {row[0]} {row[1]}: {row[2].wrong} {row[2].resets} resets")
    return 1 if felt or not (unverified.wrong or unverified.resets) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
