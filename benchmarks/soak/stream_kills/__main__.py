"""Kills the stream, the broker and the service while events come, and asks whether one was lost or doubled:
`make soak NAME=stream_kills ARGS="--kills 100 [--seed 1] [--control]"`.

A producer writes events to a real broker all the time, some twice, some of them rubbish; clients send others
to the real service, which writes them there. The stream, as its own program, is killed (SIGKILL, Python and
JVM together) at a random moment after it came up, or at a named point of a batch, each of twelve in turn. The
service is killed while the stream comes up, and with it; the broker in every third round, with both. At the
end all goes on: the landed lines must be the topic's, each as often as it is there, the raw tables and the
quarantine must hold as many records, `core_events` each message id once, and every acknowledged one.

With `--control` what has landed is forgotten at each start: then lines must be doubled, or the soak would
find nothing.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from confluent_kafka import Consumer, TopicPartition

from benchmarks.soak.stream_kills.processes import TOPIC, Events, StreamProcess
from benchmarks.soak.stream_kills.service import Client, DeadlyService
from expectations.contracts.home import HomePaths
from expectations.contracts.lake import CORE_EVENTS, QUARANTINE
from operate.kafka import KafkaBroker, running_kafka
from spark_jobs.lake.tables import Lake
from spark_jobs.sources.registry import LIVE_SOURCE, load_sources

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


class Killer:
    """Kills one, two or all three in rounds, until there were enough or the time is over.

    Attributes:
        killed: how often what was killed.
    """

    def __init__(self, stream: StreamProcess, broker: KafkaBroker, service: DeadlyService, seed: int) -> None:
        self._stream, self._broker, self._service = stream, broker, service
        self._draw, self.killed = random.Random(seed), Counter()

    def run(self, n_kills: int, minutes: float, is_control: bool) -> None:
        """Kill so often, unless the time is over before."""
        until, number = time.monotonic() + 60 * minutes, 0
        while self.killed.total() < n_kills and time.monotonic() < until:
            if is_control and number:
                HomePaths(self._stream.home).landed_offsets.unlink(missing_ok=True)
                for folder in HomePaths(self._stream.home).stream_checkpoint.glob("*"):
                    subprocess.run(["rm", "-r", str(folder)], check=True)
            self._do_round(number)
            number += 1
            print(f"{self.killed.total()} of {n_kills} kills", flush=True)

    def _do_round(self, number: int) -> None:
        draw = self._draw
        place, is_behind = POINTS[number // 2 % len(POINTS)] if number % 2 == 0 else ("", False)
        deadly = (place, str(is_behind), str(draw.randint(1, 3))) if place else ()
        process = self._stream.start(*deadly)
        time.sleep(draw.uniform(0.0, 3.0))
        self._kill_service()
        self._service.start()
        works = self._stream.wait_until_it_works(process)
        if deadly and process.poll() is None:
            wait_for_end(process, 20.0)
        elif works:
            time.sleep(draw.uniform(0.0, 3.0))
        is_self_killed = process.poll() is not None
        self._kill_service()
        if number % 3 == 2:
            self._broker.kill()
            self.killed["broker"] += 1
        if not is_self_killed:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self.killed[place.rpartition(":")[2] if deadly and is_self_killed else "stream at random"] += 1
        if number % 3 == 2:
            self._broker.start()
        self._service.start()

    def _kill_service(self) -> None:
        self._service.kill()
        self.killed["service"] += 1


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
    parser.add_argument("--minutes", type=float, default=13.0, help="after which no more are killed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--control", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running_kafka(Path(folder) / "kafka") as broker:
        home = Path(folder) / "home"
        home.mkdir()
        stream, events = StreamProcess(home, broker.servers), Events(broker.servers, args.seed)
        service = DeadlyService(home, broker.servers)
        clients = [Client(f"client-{n}", service) for n in range(2)]
        threads = [threading.Thread(target=each.run) for each in (events, *clients)]
        killer = Killer(stream, broker, service, args.seed)
        try:
            for thread in threads:
                thread.start()
            killer.run(args.kills, args.minutes, args.control)
        finally:
            for each in (events, *clients):
                each.stop.set()
            for thread in threads:
                thread.join()
        service.end()
        if stream.start(arguments=("--once",)).wait():
            raise SystemExit(HomePaths(home).log("stream").read_text()[-3000:])
        acknowledged = events.acknowledged.union(*(client.acknowledged for client in clients))
        flaws = compare(home, read_topic(broker.servers), acknowledged)
    n_http = sum(len(client.acknowledged) for client in clients)
    n_again = sum(client.n_again for client in clients)
    print(f"{n_http:,} of them acknowledged by the service; {n_again:,} batches were sent again")
    print(", ".join(f"{n} × {name}" for name, n in sorted(killer.killed.items())))
    print("; ".join(flaws) or "nothing lost, nothing doubled")
    sys.exit(bool(flaws) != args.control)


if __name__ == "__main__":
    main()
