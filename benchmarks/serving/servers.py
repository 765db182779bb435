"""The servers that are compared, each with two workers on granian."""

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmarks.serving.shop import IDENTITY_KEY
from expectations.contracts.home import HomePaths
from operate.visitors import find_free_port
from serving_app.__main__ import THREADS

ROOT = Path(__file__).resolve().parents[2]
WORKERS = 2


@contextmanager
def start_service(home: Path, is_each_synced: bool) -> Iterator[tuple[list[int], int]]:
    """The service over a home; the ids of its processes, and its port."""
    port = find_free_port()
    settings = {
        "CONCIERGE_HOME": str(home),
        "CONCIERGE_HTTP_PORT": str(port),
        "CONCIERGE_HTTP_WORKERS": str(WORKERS),
        "CONCIERGE_IDENTITY_KEY": IDENTITY_KEY,
        "CONCIERGE_IMPRESSION_SYNC": "each" if is_each_synced else "interval",
    }
    with run_server([sys.executable, "-m", "serving_app"], settings, port, "/readyz") as pid:
        yield [pid, *list_children(pid)], port


@contextmanager
def start_reference(factory: str, home: Path, n_customers: int) -> Iterator[tuple[list[int], int]]:
    """One of `reference_apps`; the ids of its processes, and its port."""
    port = find_free_port()
    environment = {
        "BENCH_SNAPSHOT": str(HomePaths(home).snapshots / "bench"),
        "BENCH_CUSTOMERS": str(n_customers),
    }
    options = [
        "--interface",
        "wsgi",
        "--factory",
        "--workers",
        str(WORKERS),
        "--blocking-threads",
        str(THREADS),
    ]
    app = f"benchmarks.serving.reference_apps:{factory}"
    command = [sys.executable, "-m", "granian", *options, "--no-ws", "--port", str(port), app]
    with run_server(command, environment, port, "/") as pid:
        yield [pid, *list_children(pid)], port


@contextmanager
def run_server(
    command: list[str], environment: Mapping[str, str], port: int, ready_path: str
) -> Iterator[int]:
    """The process id of a server that answers; it is ended afterwards."""
    process = subprocess.Popen(
        command, cwd=ROOT, env=os.environ | environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_until_ready(port, ready_path)
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def wait_until_ready(port: int, path: str = "/readyz") -> None:
    """Until the server answers 200; gives up after 30 s."""
    for _ in range(300):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            connection.request("GET", path)
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise SystemExit("a server did not become ready")


def list_children(pid: int) -> list[int]:
    """The processes that a process has started."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in children.read_text().split()] if children.exists() else []


def read_rss_mb(pids: list[int]) -> float:
    """The resident memory of processes together, in MB; 0 where the system does not tell."""
    total = 0
    for pid in pids:
        status = Path(f"/proc/{pid}/status")
        if status.exists():
            total += sum(
                int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmRSS")
            )
    return round(total / 1024, 1)


def read_cpu_seconds(pids: list[int]) -> float:
    """The time of the processor that processes have taken, their own and the kernel's for them."""
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")
