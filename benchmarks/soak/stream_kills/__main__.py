"""Kills the stream and the broker while events come, and asks whether one was lost or doubled: `make soak
NAME=stream_kills ARGS="--kills 100 [--seed 1] [--control]"`.

A producer writes events to a real broker all the time, some twice, some of them rubbish. The stream, as its
own program, is killed (SIGKILL, Python and JVM together) at a random moment after it came up or at a named
point of a batch, and started again; every eighth time the broker is killed too. At the end the stream takes
what is left: the landed lines must be the topic's, each as often as it is there, the raw tables and the
quarantine must hold as many records, and `core_events` each message id once.

With `--control` what has landed is forgotten at each start: then lines must be doubled, or the soak would
find nothing.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from confluent_kafka import Consumer, Producer, TopicPartition

from expectations.contracts.home import HomePaths
from expectations.contracts.lake import CORE_EVENTS, QUARANTINE
from operate.kafka import KafkaBroker, running_kafka
from spark_jobs.lake.tables import Lake
from spark_jobs.sources.registry import LIVE_SOURCE, load_sources

ROOT = Path(__file__).resolve().parents[3]
TOPIC = "concierge.events"
RATE = 300  # events a second
N_TWICE, N_RUBBISH = 2, 1  # of a hundred
UP_SECONDS = 90.0
# Where a batch dies: module, function, and whether behind it.
POINTS = (
    ("spark_jobs.sources.topic_landing:write_durably", False),
    ("spark_jobs.sources.topic_landing:TopicLanding._commit", False),
    ("spark_jobs.sources.topic_landing:TopicLanding._commit", True),
    ("spark_jobs.sources.topic_landing:sync_folder", True),
    ("spark_jobs.ingest.deliveries:DeliveryManifest.begin", True),
    ("spark_jobs.ingest.feed_ingest:FeedIngest._write_raw", True),
    ("spark_jobs.ingest.feed_ingest:FeedIngest._add_records", True),
    ("spark_jobs.ingest.job:write_derived_tables", True),
    ("spark_jobs.ingest.deliveries:DeliveryManifest.commit", False),
    ("spark_jobs.ingest.deliveries:DeliveryManifest.commit", True),
    ("spark_jobs.stream.open_days:OpenDays.drop_closed", True),
    ("spark_jobs.stream.progress:Progress.tell_batch", True),
)
DEADLY = """
import importlib, os, signal, sys
place, is_behind, countdown = sys.argv[1], sys.argv[2] == "True", [int(sys.argv[3])]
module, _, path = place.partition(":")
owner = importlib.import_module(module)
*outer, name = path.split(".")
for each in outer:
    owner = getattr(owner, each)
real = getattr(owner, name)
def die(*args, **more):
    countdown[0] -= 1
    if not countdown[0] and not is_behind:
        os.killpg(0, signal.SIGKILL)
    result = real(*args, **more)
    if not countdown[0]:
        os.killpg(0, signal.SIGKILL)
    return result
setattr(owner, name, die)
from spark_jobs.stream.job import main
sys.exit(main([]))
"""


@dataclass
class Events:
    """A producer of events that goes on until told; the ids that the broker acknowledged."""

    servers: str
    seed: int
    stop: threading.Event = field(default_factory=threading.Event)
    acknowledged: set[str] = field(default_factory=set)
    n_lines: int = 0

    def run(self) -> None:
        """Produce; a line that cannot be delivered is sent again by the client until it can."""
        draw, number = random.Random(self.seed), 0
        producer = Producer(
            {"bootstrap.servers": self.servers, "acks": "all", "enable.idempotence": True, "log_level": 0}
        )
        while not self.stop.wait(0.1):
            for _ in range(RATE // 10):
                number += 1
                name = f"m{number}"
                line = b"rubbish" if draw.random() * 100 < N_RUBBISH else make_line(name, number)
                for _ in range(2 if draw.random() * 100 < N_TWICE else 1):
                    producer.produce(TOPIC, line, key=f"a{number % 500}", on_delivery=self._note(name, line))
            producer.poll(0)
        if producer.flush(120):
            raise SystemExit("the broker did not take all events")

    def _note(self, name: str, line: bytes):
        def note(error, _) -> None:
            if error is None:
                self.n_lines += 1
                if line != b"rubbish":
                    self.acknowledged.add(name)

        return note


def make_line(name: str, number: int) -> bytes:
    """A view of now as the service logs it."""
    at = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
    event = {
        "type": "track",
        "event": "Product Viewed",
        "messageId": name,
        "anonymousId": f"a{number % 500}",
        "timestamp": at,
        "receivedAt": at,
        "source": "sample_shop",
        "properties": {"product_id": f"p{number % 40}"},
        "context": {"sessionId": "s1"},
    }
    return json.dumps(event).encode()


@dataclass
class StreamProcess:
    """The stream as a program of its own."""

    home: Path
    servers: str
    settings: dict[str, str] = field(default_factory=dict)

    def start(self, *deadly: str, arguments: tuple[str, ...] = ()) -> subprocess.Popen:
        """Start it.

        Args:
            deadly: where it kills itself, as `DEADLY` reads it.
        """
        program = ["-c", DEADLY, *deadly] if deadly else ["-m", "spark_jobs.stream.job", *arguments]
        env = {name: value for name, value in os.environ.items() if not name.startswith("CONCIERGE_")}
        env |= {
            "CONCIERGE_HOME": str(self.home),
            "CONCIERGE_SOURCES": "sample_shop",
            "CONCIERGE_EVENTS": "kafka",
            "CONCIERGE_KAFKA_SERVERS": self.servers,
            "CONCIERGE_STREAM_SECONDS": "0",
            "CONCIERGE_SPARK_MEMORY": "1g",
            "CONCIERGE_SPARK_MASTER": "local[2]",
            "PYTHONPATH": str(ROOT),
            **self.settings,
        }
        log_file = HomePaths(self.home).log("stream")
        log_file.parent.mkdir(parents=True, exist_ok=True)
        log = log_file.open("a")
        command = [sys.executable, *program]
        return subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log, start_new_session=True)

    def wait_until_it_works(self, process: subprocess.Popen) -> bool:
        """Whether it did a batch before it ended, or had long enough."""
        file, until = HomePaths(self.home).stream_progress, time.monotonic() + UP_SECONDS
        before = file.stat().st_mtime_ns if file.exists() else 0
        while process.poll() is None and time.monotonic() < until:
            if file.exists() and file.stat().st_mtime_ns != before:
                return True
            time.sleep(0.05)
        return False


def kill_again_and_again(stream: StreamProcess, broker: KafkaBroker, args: argparse.Namespace) -> Counter:
    """Kill as often as is asked for, or until the time is over; how often where."""
    draw, n_kills = random.Random(args.seed), args.kills
    killed: Counter = Counter()
    until = time.monotonic() + 60 * args.minutes
    for number in range(n_kills):
        if time.monotonic() > until:
            break
        if args.control and number:
            HomePaths(stream.home).landed_offsets.unlink(missing_ok=True)
            for folder in HomePaths(stream.home).stream_checkpoint.glob("*"):
                subprocess.run(["rm", "-r", str(folder)], check=True)
        place, is_behind = draw.choice(POINTS) if draw.random() < 0.5 else ("", False)
        deadly = (place, str(is_behind), str(draw.randint(1, 3))) if place else ()
        process = stream.start(*deadly)
        works = stream.wait_until_it_works(process)
        if deadly and process.poll() is None:
            wait_for_end(process, 30.0)
        elif works:
            time.sleep(draw.uniform(0.0, 3.0))
        if number % 8 == 7:
            broker.kill()
            broker.start()
            killed["broker"] += 1
        is_self_killed = process.poll() is not None
        if not is_self_killed:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        killed[place.rpartition(":")[2] if deadly and is_self_killed else "random moment"] += 1
        print(f"{number + 1} of {n_kills} kills", flush=True)
    return killed


def wait_for_end(process: subprocess.Popen, seconds: float) -> None:
    """Wait until a process has ended, for a while."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return


def read_topic(servers: str) -> Counter:
    """Each line of the topic, and how often it is there."""
    consumer = Consumer(
        {"bootstrap.servers": servers, "group.id": "soak", "enable.partition.eof": True, "log_level": 0}
    )
    partitions = list(consumer.list_topics(TOPIC, timeout=20).topics[TOPIC].partitions)
    consumer.assign([TopicPartition(TOPIC, number, 0) for number in partitions])
    lines, n_ended = Counter(), 0
    while n_ended < len(partitions):
        for message in consumer.consume(10_000, timeout=1):
            if message.error():
                n_ended += 1
            else:
                lines[message.value()] += 1
    consumer.close()
    return lines


def compare(home: Path, lines: Counter, acknowledged: set[str]) -> list[str]:
    """What differs between the topic and what has landed and stands in the lakes; sentences."""
    paths, flaws = HomePaths(home), []
    files = paths.landed_events.glob("*/[!.]*.jsonl")
    landed = Counter(line.rstrip(b"\n") for file in files for line in file.open("rb"))
    lost, doubled = (lines - landed).total(), (landed - lines).total()
    print(f"topic {lines.total():,} lines, landed {landed.total():,}: lost {lost}, doubled {doubled}")
    if lost or doubled:
        flaws.append(f"landed lines: {lost} lost, {doubled} doubled")
    raw = next(each for each in load_sources(("sample_shop",)) if each.name == LIVE_SOURCE)
    table, n_raw, n_refused, ids = raw.raw_table(raw.feeds[0]), 0, 0, Counter()
    for day in sorted(paths.open_days.glob("*")):
        lake = Lake(day)
        n_raw += lake.read_arrow(table).num_rows
        n_refused += lake.read_arrow(QUARANTINE).num_rows
        ids.update(lake.read_arrow(CORE_EVENTS)["event_id"].to_pylist())
    print(f"raw {n_raw:,} and quarantined {n_refused:,}; events {len(ids):,} of {len(acknowledged):,} sent")
    if n_raw + n_refused != lines.total():
        flaws.append(f"{n_raw + n_refused - lines.total():+} records in raw and quarantine")
    if acknowledged - ids.keys():
        flaws.append(f"{len(acknowledged - ids.keys())} acknowledged events lost")
    if max(ids.values(), default=0) > 1:
        flaws.append(f"{sum(n > 1 for n in ids.values())} events doubled")
    return flaws


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--minutes", type=float, default=120.0, help="after which no more are killed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--control", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running_kafka(Path(folder) / "kafka") as broker:
        home = Path(folder) / "home"
        home.mkdir()
        stream, events = StreamProcess(home, broker.servers), Events(broker.servers, args.seed)
        producer = threading.Thread(target=events.run)
        producer.start()
        try:
            killed = kill_again_and_again(stream, broker, args)
        finally:
            events.stop.set()
            producer.join()
        if stream.start(arguments=("--once",)).wait():
            raise SystemExit(HomePaths(home).log("stream").read_text()[-3000:])
        flaws = compare(home, read_topic(broker.servers), events.acknowledged)
    print(", ".join(f"{n} × {name}" for name, n in sorted(killed.items())))
    print("; ".join(flaws) or "nothing lost, nothing doubled")
    sys.exit(bool(flaws) != args.control)


if __name__ == "__main__":
    main()
