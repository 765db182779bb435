"""How fast the service answers, in one run beside Flask's hello-world on the same server and one bare read of
LMDB through Flask: `make bench NAME=serving ARGS="--seconds 20"`.

A shop of 50,000 customers with lists of 100 items, 50 overrides in force, 2,000 customers with live events,
the decision log on, and a filter expression in every request; two workers, 32 connections of wrk on the same
cores. The three servers are asked in turn, so that what else the machine does falls on all. Then the service
alone at a fixed 500 requests a second, and with `--flat-minutes 10` under full load for so long, its memory
noted every minute.
"""

import argparse
import contextlib
import json
import os
import statistics
import tempfile
from pathlib import Path

from benchmarks.serving.load import Figures, draw_customers, run_open_load, run_wrk
from benchmarks.serving.servers import read_cpu_seconds, read_rss_mb, start_reference, start_service
from benchmarks.serving.shop import make_home, put_into_force

PATH = "/v1/recommendations?customer_id=c_%d&n=10&filter=price%%20%%3C%%20100"
OPEN_RATE = 500


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench NAME=serving", description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=50_000)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--seconds", type=int, default=10, help="of each load")
    parser.add_argument("--rounds", type=int, default=3, help="of each server; medians are printed")
    parser.add_argument(
        "--each-synced", action="store_true", help="every answer waits for its record on disk"
    )
    parser.add_argument("--flat-minutes", type=int, default=0, help="full load whose memory is noted")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as servers:
        home = Path(folder) / "home"
        make_home(home, args.customers)
        started = {
            "hello": servers.enter_context(start_reference("make_hello", home, args.customers)),
            "bare_lmdb_read": servers.enter_context(start_reference("make_bare_read", home, args.customers)),
            "service": servers.enter_context(start_service(home, args.each_synced)),
        }
        pids, port = started["service"]
        put_into_force(port)
        scripts = {"service": draw_customers(PATH, args.customers)}

        def load(name: str, seconds: int) -> Figures:
            own_pids, own_port = started[name]
            before = read_cpu_seconds(own_pids)
            figures = run_wrk(own_port, Path(folder), seconds, args.connections, scripts.get(name, ""))
            cpu_seconds = read_cpu_seconds(own_pids) - before
            return figures._replace(
                server_us=cpu_seconds * 1e6 / max(figures.requests_per_second * seconds, 1)
            )

        rounds: dict[str, list[Figures]] = {name: [] for name in started}
        rss = []
        for number in range(args.rounds + 1):
            for name in started:
                figures = load(name, args.seconds)
                if number:  # the first warms up
                    rounds[name].append(figures)
            rss.append(read_rss_mb(pids))
        print_figures("open_load", [run_open_load(port, draw_path(args.customers), OPEN_RATE, args.seconds)])
        rates = {name: print_figures(name, figures) for name, figures in rounds.items()}
        shares = {
            f"service_to_{name}": round(rates["service"] / rates[name], 3)
            for name in ("hello", "bare_lmdb_read")
        }
        for minute in range(1, args.flat_minutes + 1):
            figures = load("service", 60)
            row = {"minute": minute, "rss_mb": read_rss_mb(pids), "n_failed": figures.n_failed}
            print(json.dumps({"load": "flat", **row, "per_second": figures.requests_per_second}), flush=True)
        print(json.dumps({**shares, "rss_mb_after_each_round": rss, **vars(args), "cores": os.cpu_count()}))


def draw_path(n_customers: int):
    """A function of a random draw: the path of a customer's list."""
    return lambda draw: PATH % draw.randrange(n_customers)


def print_figures(name: str, rounds: list[Figures]) -> float:
    """Print the medians of some rounds; the requests per second."""
    medians = Figures(*(statistics.median(values) for values in zip(*rounds, strict=True)))
    rows = {key: round(value, 2) for key, value in medians._asdict().items()}
    print(json.dumps({"load": name, **rows}), flush=True)
    return medians.requests_per_second


if __name__ == "__main__":
    main()
