"""Load on a server: closed, by wrk, as fast as it answers; open, at a fixed rate whatever it does."""

import http.client
import json
import random
import shutil
import statistics
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

REPORT = """
function done(summary, latency, requests)
  local failed = summary.errors.status + summary.errors.timeout + summary.errors.read
  io.write(string.format('\\nFIGURES {"requests":%d,"seconds":%.3f,"failed":%d,',
    summary.requests, summary.duration / 1e6, failed))
  io.write(string.format('"p50":%.3f,"p99":%.3f,"p999":%.3f}\\n', latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3, latency:percentile(99.9) / 1e3))
end
"""
DRAW_CUSTOMER = """
function init(args) math.randomseed(tonumber(tostring({}):match("0x(%x+)"), 16) % 2147483647) end
request = function()
  return wrk.format("GET", string.format(PATH, math.random(0, LAST)))
end
"""


class Figures(NamedTuple):
    """What a load measured; milliseconds, and microseconds of the processor that the server took for an
    answer, where that was looked at.
    """

    requests_per_second: float
    p50_ms: float
    p99_ms: float
    p999_ms: float
    n_failed: int
    server_us: float = 0.0


def run_wrk(port: int, folder: Path, seconds: int, connections: int, script: str = "") -> Figures:
    """A closed load: each connection asks again when it has its answer.

    Args:
        script: Lua that makes the requests; empty for `GET /`.

    Raises:
        SystemExit: wrk is not installed.
    """
    if not shutil.which("wrk"):
        raise SystemExit("wrk is not installed: https://github.com/wg/wrk (Debian: apt-get install wrk)")
    file = folder / "load.lua"
    file.write_text(script + REPORT)
    command = ["wrk", "-t2", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", str(file)]
    out = subprocess.run(
        [*command, f"http://127.0.0.1:{port}/"], check=True, capture_output=True, text=True
    ).stdout
    [line] = [line for line in out.splitlines() if line.startswith("FIGURES ")]
    row = json.loads(line.removeprefix("FIGURES "))
    rate = round(row["requests"] / row["seconds"])
    return Figures(rate, row["p50"], row["p99"], row["p999"], row["failed"])


def draw_customers(path: str, n_customers: int) -> str:
    """Lua that asks for random customers.

    Args:
        path: with `%d` for the customer's number.
    """
    return DRAW_CUSTOMER.replace("PATH", json.dumps(path)).replace("LAST", str(n_customers - 1))


def run_open_load(
    port: int, make_path: Callable[[random.Random], str], rate: int, seconds: float, n_threads: int = 16
) -> Figures:
    """An open load: requests begin when they are due, and a late answer's waiting counts from then."""
    latencies: list[float] = []
    failed: list[int] = []
    start = time.perf_counter() + 0.2

    def ask(number: int) -> None:
        connection, draw = http.client.HTTPConnection("127.0.0.1", port), random.Random(number)
        for n in range(number, int(rate * seconds), n_threads):
            due = start + n / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            connection.request("GET", make_path(draw))
            answer = connection.getresponse()
            answer.read()
            latencies.append((time.perf_counter() - due) * 1000)
            if answer.status != 200:
                failed.append(answer.status)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(n_threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cuts = statistics.quantiles(latencies, n=1000)
    return Figures(len(latencies) / seconds, cuts[499], cuts[989], cuts[998], len(failed))


def run_client(port: int, n_customers: int, seed: int, until: float) -> list[float]:
    """One client that asks for customers' lists, one after another; milliseconds of each answer."""
    draw, latencies = random.Random(seed), []
    connection = http.client.HTTPConnection("127.0.0.1", port)
    while time.time() < until:
        start = time.perf_counter()
        connection.request("GET", f"/v1/recommendations?customer_id=c_{draw.randrange(n_customers)}&n=10")
        answer = connection.getresponse()
        answer.read()
        latencies.append((time.perf_counter() - start) * 1000)
        if answer.status != 200:
            raise SystemExit(f"status {answer.status}")
    return latencies
