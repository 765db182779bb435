"""How fast events come through Kafka into the lake and to memberships, and what a burst does.

    python -m benchmarks.stream [--rate 500] [--seconds 120] [--burst 10] [--memberships]

A real broker, the stream as its own program on `local[2]`, a producer beside it. First `--rate` events a
second for so long: how many lines wait (the lag) as it goes on, and by thirds. Then so many times the rate
for a tenth of the time: how long the stream takes to catch up, and its memory. With `--memberships` the
second query runs too, on a small published night and a Redis of its own; of each entry caused by an event
the time from its receipt to its line in the topic of transitions. CPU seconds are the stream's alone.
"""

import argparse
import json
import os
import signal
import subprocess
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import psutil
from confluent_kafka import Consumer, Producer

from benchmarks.soak.stream_kills.processes import TOPIC, StreamProcess, make_line
from expectations.contracts.home import HomePaths
from expectations.contracts.published import Published
from expectations.contracts.restrictions_store import RestrictionDatabase
from expectations.contracts.setting_declarations import SETTINGS
from expectations.contracts.transitions import decode_transition
from operate.kafka import running_kafka
from operate.ports import HOST
from operate.spark_cluster import find_free_ports
from tests.spark_jobs.stream.small_night import write_night

LOOK_SECONDS = 5.0
CART_EVERY = 20  # of so many events one is put into a cart


class Load:
    """A producer at a rate that can be changed."""

    def __init__(self, servers: str, rate: float) -> None:
        self.rate, self.n_sent, self.stop = rate, 0, threading.Event()
        self._producer = Producer({"bootstrap.servers": servers, "acks": "all", "linger.ms": 5})

    def run(self) -> None:
        """Produce until told to stop."""
        due, before = 0.0, time.monotonic()
        while not self.stop.wait(0.02):
            now = time.monotonic()
            due, before = due + (now - before) * self.rate, now
            for _ in range(int(due)):
                self.n_sent += 1
                self._producer.produce(TOPIC, self._make(self.n_sent), key=f"a{self.n_sent % 2000}")
            due -= int(due)
            self._producer.poll(0)
        self._producer.flush(60)

    def _make(self, number: int) -> bytes:
        line = make_line(f"m{number}", number)
        if number % CART_EVERY:
            return line
        # of a visitor of its own, so that each is an entry
        event = json.loads(line) | {"event": "Product Added", "anonymousId": f"cart-{number}"}
        return json.dumps(event).encode()


def measure(process: subprocess.Popen) -> tuple[float, float]:
    """CPU seconds and resident megabytes of a process and its children."""
    root = psutil.Process(process.pid)
    times = [(each.cpu_times(), each.memory_info().rss) for each in [root, *root.children(recursive=True)]]
    return sum(t.user + t.system for t, _ in times), sum(rss for _, rss in times) / 2**20


def read_progress(home: Path) -> dict:
    """What the stream has done so far."""
    file = HomePaths(home).stream_progress
    return json.loads(file.read_text()) if file.exists() else {}


def read_done(home: Path) -> int:
    """How many lines the stream has brought into the lake."""
    return read_progress(home).get("n_lines", 0)


class Latencies(threading.Thread):
    """Reads transitions as they are told: seconds from the receipt of an event to the line."""

    def __init__(self, servers: str) -> None:
        super().__init__()
        self.stop, self.seconds = threading.Event(), []
        self._consumer = Consumer(
            {
                "bootstrap.servers": servers,
                "group.id": "bench",
                "auto.offset.reset": "earliest",
                "log_level": 0,
            }
        )
        self._consumer.subscribe(["concierge.transitions"])

    def run(self) -> None:
        while not self.stop.is_set():
            for message in self._consumer.consume(1000, timeout=0.2):
                if not message.error():
                    one = decode_transition(message.value())
                    if one.is_entered:
                        # the producer's clock is ours
                        self.seconds.append(message.timestamp()[1] / 1e3 - one.since / 1e6)
        self._consumer.close()


def share(values: list[float], part: float) -> float:
    """The value below which this part of them lies."""
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]


def follow(
    stage: str, home: Path, load: Load, process: subprocess.Popen, seconds: float
) -> list[tuple[int, int]]:
    """Print a line every few seconds; how many lines waited for the lake, and for memberships."""
    waiting = []
    began, (cpu, _), sent = time.monotonic(), measure(process), load.n_sent
    done = read_done(home)
    while time.monotonic() - began < seconds:
        time.sleep(LOOK_SECONDS)
        passed = time.monotonic() - began
        cpu_now, mb = measure(process)
        n_decided = read_progress(home).get("memberships_read", load.n_sent)
        waiting.append((load.n_sent - read_done(home), load.n_sent - n_decided))
        print(
            f"{stage}: {passed:5.0f} s  sent {(load.n_sent - sent) / passed:7.0f}/s"
            f"  in the lake {(read_done(home) - done) / passed:7.0f}/s  waiting"
            f" {waiting[-1][0]:7,}, for memberships {waiting[-1][1]:7,}"
            f"  {(cpu_now - cpu) / passed:.2f} CPU s/s  {mb:,.0f} MB",
            flush=True,
        )
    return waiting


def tell_lag(waiting: list[tuple[int, int]]) -> None:
    """Print whether the lag grew: its median in each third of the time."""
    third = max(1, len(waiting) // 3)
    parts = [waiting[:third], waiting[third : 2 * third], waiting[2 * third :]]
    for name, place in (("the lake", 0), ("memberships", 1)):
        medians = [share([each[place] for each in part], 0.5) for part in parts if part]
        print(f"lines that wait for {name}, median of each third: {', '.join(f'{n:,}' for n in medians)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rate", type=float, default=500)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--burst", type=float, default=10)
    parser.add_argument("--warm", type=float, default=45, help="seconds before anything is measured")
    parser.add_argument("--memberships", action="store_true")
    args = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        broker = stack.enter_context(running_kafka(folder / "kafka"))
        home, arguments, more = folder / "home", (), {"CONCIERGE_STREAM_SECONDS": "2"}
        home.mkdir()
        if args.memberships:
            (port,) = find_free_ports(1)
            words = ["redis-server", "--port", str(port), "--bind", HOST, "--save", "", "--dir", str(folder)]
            redis = subprocess.Popen(words, stdout=subprocess.DEVNULL)
            stack.callback(redis.terminate)
            write_night(HomePaths(home).snapshots / "night-1", SETTINGS["CONCIERGE_IDENTITY_KEY"].default)
            Published("night-1", "2026-01-04", "", "night-1", "", "none", "").write(home)
            RestrictionDatabase.create(HomePaths(home).restrictions)
            arguments, more = ("--memberships",), more | {"CONCIERGE_LIVE": f"redis://{HOST}:{port}/0"}
        latencies = Latencies(broker.servers)
        latencies.start()
        load = Load(broker.servers, args.rate)
        process = StreamProcess(home, broker.servers, more).start(arguments=arguments)
        producer = threading.Thread(target=load.run)
        try:
            producer.start()
            while not read_done(home):
                time.sleep(0.2)
                if process.poll() is not None:
                    raise SystemExit(HomePaths(home).log("stream").read_text()[-2000:])
            time.sleep(args.warm)  # Spark's first batches are compiled
            latencies.seconds.clear()
            tell_lag(follow("steady", home, load, process, args.seconds))
            if latencies.seconds:
                print(
                    f"event to transition, {len(latencies.seconds):,} entries: p50"
                    f" {share(latencies.seconds, 0.5):.2f} s, p99 {share(latencies.seconds, 0.99):.2f} s"
                )
            usual = load.n_sent - read_done(home)
            load.rate = args.rate * args.burst
            follow("burst", home, load, process, args.seconds / 10)
            load.rate, began = args.rate, time.monotonic()
            while load.n_sent - read_done(home) > 2 * usual:
                follow("after", home, load, process, LOOK_SECONDS)
            print(f"caught up in {time.monotonic() - began:.0f} s")
        finally:
            load.stop.set()
            latencies.stop.set()
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(60)
            producer.join()
            latencies.join()


if __name__ == "__main__":
    main()
