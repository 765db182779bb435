"""What it costs to make events durable, in files and in Kafka, side by side: `make bench NAME=event_log`.

A real broker runs on this machine, with one copy of everything, so the network and other replicas are left
out. Four logs take turns: the append log's files, Kafka, Kafka behind the spool as the service uses it, and
the spool alone as while Kafka is away. Each is asked by one thread, which waits for each append as a request
does, and by eight; with one event an append and with twenty. Beside them a bare write and sync of the same
bytes.
"""

import argparse
import os
import tempfile
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import NamedTuple

import numpy as np
import orjson
import psutil

from benchmarks.intake import make_batch
from operate.kafka import KafkaBroker, running_kafka
from operate.topics import Topic, make_topics
from serving_app.storage.append_log import AppendLog
from serving_app.storage.event_log import EventLog, LogUnavailable
from serving_app.storage.kafka_log import KafkaLog
from serving_app.storage.spool import Spool
from serving_app.storage.spooled_log import SpooledLog

CASES = ((1, 1), (8, 1), (8, 20))  # threads, events an append
Append = Callable[[list[bytes], list[bytes]], None]


class Figures(NamedTuple):
    """What one case came to.

    Attributes:
        milliseconds: of each append.
        cpu_seconds: of this process and the broker.
    """

    events: int
    seconds: float
    milliseconds: list[float]
    cpu_seconds: float


class Away:
    """A log that takes nothing."""

    def append_lines(self, *_: object) -> None:
        raise LogUnavailable("away")


def sync_bare(folder: Path) -> Append:
    """A write and a sync by hand, one thread at a time."""
    file, lock = (folder / "bare").open("ab", buffering=0), threading.Lock()

    def append(lines: list[bytes], _: list[bytes]) -> None:
        with lock:
            file.write(b"\n".join(lines))
            os.fdatasync(file.fileno())

    return append


@contextmanager
def open_logs(folder: Path, broker: KafkaBroker) -> Iterator[dict[str, Append]]:
    """The logs by name, each with what appends to it."""
    names = count(1)
    topic = Topic(f"benchmark-{uuid.uuid4().hex[:8]}", "", "", partitions=4, retention_days=1)
    make_topics(broker.servers, [topic])
    kafka = KafkaLog(broker.servers, topic.topic, patience_seconds=30)
    away = SpooledLog(Away(), Spool(folder / "away", 10**10), "Kafka", try_every_seconds=0)
    logs: dict[str, EventLog] = {
        "files": AppendLog(folder / "files", lambda: datetime.now(UTC), lambda: f"{next(names):06d}"),
        "Kafka": kafka,
        "Kafka behind the spool": SpooledLog(kafka, Spool(folder / "spool", 10**10), "Kafka", 0),
        "the spool alone": away,
    }
    for log in logs.values():
        log.append_lines([b"{}"], keys=[b"first"])  # connects, and opens files
    yield {"a bare sync": sync_bare(folder)} | {
        name: lambda lines, keys, log=log: log.append_lines(lines, keys=keys) for name, log in logs.items()
    }
    kafka.rotate(is_forced=True)


def measure(append: Append, n_threads: int, n_events: int, seconds: float, broker: KafkaBroker) -> Figures:
    """Append for so long, from so many threads, so many events at a time."""
    lines = [orjson.dumps(event) for event in make_batch("bench", n_events)["batch"]]
    milliseconds: list[list[float]] = [[] for _ in range(n_threads)]
    processes = psutil.Process(), psutil.Process(broker.process.pid)
    until, cpu = time.perf_counter() + seconds, -count_cpu_seconds(processes)

    def work(n: int) -> None:
        keys = [f"i_{n}_{m}".encode() for m in range(n_events)]
        while (began := time.perf_counter()) < until:
            append(lines, keys)
            milliseconds[n].append(1e3 * (time.perf_counter() - began))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(n_threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    flat = [one for own in milliseconds for one in own]
    return Figures(n_events * len(flat), seconds, flat, cpu + count_cpu_seconds(processes))


def count_cpu_seconds(processes: tuple[psutil.Process, ...]) -> float:
    """The processor's seconds of processes so far."""
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def main(argv: list[str] | None = None) -> None:
    """Measure, in turn, and print a table."""
    parser = argparse.ArgumentParser(prog="make bench NAME=event_log", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=2.0, help="of each log, case and round")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args(argv)
    found: dict[tuple, list[Figures]] = defaultdict(list)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_kafka(Path(folder, "kafka")) as broker,
        open_logs(Path(folder), broker) as logs,
    ):
        for _ in range(args.rounds):
            for case in CASES:
                for name, append in logs.items():
                    found[case, name].append(measure(append, *case, args.seconds, broker))
    print("| threads × events | log | events/s | of files' | append p50 | p99 | CPU µs an event |")
    print("|---|---|---|---|---|---|---|")
    for (case, name), rounds in found.items():
        print(f"| {case[0]} × {case[1]} | {name} | {describe(rounds, found[case, 'files'])} |")


def describe(rounds: list[Figures], files: list[Figures]) -> str:
    """A log's cells: medians of the rounds, and the ratio to files of the same round."""
    rates = [one.events / one.seconds for one in rounds]
    ratio = np.median([rate / (one.events / one.seconds) for rate, one in zip(rates, files, strict=True)])
    p50, p99 = (np.median([np.percentile(one.milliseconds, p) for one in rounds]) for p in (50, 99))
    cpu = np.median([1e6 * one.cpu_seconds / one.events for one in rounds])
    return f"{np.median(rates):,.0f} | {ratio:.2f} | {p50:.2f} ms | {p99:.1f} ms | {cpu:,.0f}"


if __name__ == "__main__":
    main()
