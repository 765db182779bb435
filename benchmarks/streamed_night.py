"""A night whose events came by the stream, and one whose events came by files: is every table equal?

    make bench NAME=streamed_night ARGS="--home .concierge [--events 2000]"

Two copies of a sample shop's home. The live events that it has landed so far are sent once more, as of its
next day under new ids: to one copy as a file of the service's event log, to the other through a broker and
the stream, while its day goes on. Then each runs its next night, and all tables of the lake and the warehouse
are compared row by row, but for which file a row came by. Ends with 1 on a difference.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

from confluent_kafka import Producer

from benchmarks.compare_homes.exceptions import ignored_columns
from benchmarks.compare_homes.stores import compare_lakes, compare_warehouses
from benchmarks.soak.stream_kills.processes import ROOT, TOPIC, StreamProcess
from expectations.contracts.home import HomePaths
from expectations.contracts.impressions import FINISHED_SUFFIX
from expectations.contracts.lake import CORE_EVENTS
from expectations.contracts.published import Published
from operate.kafka import running_kafka
from spark_jobs.lake.tables import Lake

# Which file a row came by.
PLACES = frozenset({"first_received", "delivery_id", "source_file", "source_line"})
OF_DELIVERIES = ("ops_deliveries", "stg_ops__deliveries", "quarantine_samples")
TIMES = ("receivedAt", "timestamp")


def make_lines(home: Path, day: date, most: int) -> Iterator[bytes]:
    """Lines that have landed before, as of another day."""
    files = sorted(HomePaths(home).landed_events.glob("*/[!.]*.jsonl"))
    lines = (line for file in files for line in file.read_bytes().splitlines())
    for _, line in zip(range(most), lines, strict=False):
        event = json.loads(line)
        received_on = datetime.fromisoformat(event["receivedAt"]).date()
        for name in TIMES:
            at = datetime.fromisoformat(event[name]) + (day - received_on)
            event[name] = f"{at:%Y-%m-%dT%H:%M:%S.%fZ}"
        yield json.dumps(event | {"messageId": f"{event['messageId']}-{day}"}).encode()


def send_by_file(home: Path, lines: list[bytes], day: date) -> None:
    """As a finished file of the service's event log."""
    file = HomePaths(home).event_log / f"{day:%Y%m%d}T120000-0123456789ab{FINISHED_SUFFIX}"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"".join(line + b"\n" for line in lines))


def send_by_stream(home: Path, lines: list[bytes], servers: str) -> None:
    """Through the broker, in three parts, each taken by the stream while the day goes on."""
    producer = Producer({"bootstrap.servers": servers, "acks": "all"})
    for part in range(3):
        for line in lines[part::3]:
            producer.produce(TOPIC, line, key=json.loads(line).get("anonymousId") or "nobody")
        producer.flush(60)
        if StreamProcess(home, servers).start(arguments=("--once",)).wait():
            raise SystemExit(HomePaths(home).log("stream").read_text()[-3000:])


def run_night(home: Path, day: date, **settings: str) -> None:
    """The night of a day, as `make night` runs it."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("CONCIERGE_")}
    env |= {"CONCIERGE_HOME": str(home), "PYTHONPATH": str(ROOT), **settings}
    began = time.monotonic()
    command = [sys.executable, "-m", "operate.night", f"--day={day}"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"the night failed: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    print(f"{home.name}: a night of {time.monotonic() - began:.0f} s", flush=True)


def count_there(home: Path, lines: list[bytes]) -> int:
    """How many of some lines are events of a home's lake."""
    ids = {json.loads(line)["messageId"].replace("#", "##") for line in lines}
    rows = Lake(HomePaths(home).lake).read_arrow(CORE_EVENTS)["event_id"].to_pylist()
    return len(ids & {*rows, *(name.rpartition("#")[0] for name in rows)})


def ignore_places(table: str) -> frozenset[str]:
    """The columns of a table that are not compared."""
    return ignored_columns(table) | PLACES


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="make bench NAME=streamed_night", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--home", type=Path, required=True, help="is copied twice")
    parser.add_argument("--events", type=int, default=2_000)
    parser.add_argument("--keep", type=Path, help="a folder for the two homes, which are kept")
    args = parser.parse_args()
    day = date.fromisoformat(Published.read(args.home).landing_date) + timedelta(days=1)
    lines = list(make_lines(args.home, day, args.events))
    if not lines:
        raise SystemExit(f"no live events have landed in {args.home}: see `make live`")
    with tempfile.TemporaryDirectory() as name, running_kafka(Path(name) / "kafka") as broker:
        folder = args.keep or Path(name)
        by_file, by_stream = folder / "by_file", folder / "by_stream"
        for home in (by_file, by_stream):
            shutil.copytree(args.home, home, symlinks=True)
            shutil.rmtree(HomePaths(home).stream, ignore_errors=True)  # of a topic elsewhere
        send_by_file(by_file, lines, day)
        send_by_stream(by_stream, lines, broker.servers)
        kafka = {"CONCIERGE_EVENTS": "kafka", "CONCIERGE_KAFKA_SERVERS": broker.servers}
        run_night(by_file, day)
        run_night(by_stream, day, **kafka)
        n_there = count_there(by_stream, lines)
        differing, n_tables, n_rows = [], 0, 0
        for each in (
            *compare_lakes(by_file, by_stream, ignored=ignore_places),
            *compare_warehouses(by_file, by_stream, ignored=ignore_places),
        ):
            if each.name.partition(" ")[2] in OF_DELIVERIES:
                continue
            n_tables, n_rows = n_tables + 1, n_rows + (each.n_before or 0)
            if not each.is_equal:
                differing.append(each.name)
                print(each.as_text(), flush=True)
    verdict = f"differ: {', '.join(differing)}" if differing else "all equal"
    print(
        f"{len(lines):,} events of {day}, {n_there:,} of them in the night that came by the stream;"
        f" {n_tables} tables, {n_rows:,} rows: {verdict}"
    )
    return int(bool(differing) or not n_there)


if __name__ == "__main__":
    sys.exit(main())
