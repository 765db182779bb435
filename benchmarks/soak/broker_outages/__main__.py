"""Takes the broker away while clients send events: `make soak NAME=broker_outages ARGS="--seconds 30 300"`.

The real server with its two workers writes to a real broker, which is killed for so many seconds, then
stopped with its connections open for so many; a worker is killed in each outage. Each client is one visitor,
sends one event after another and notes which were acknowledged. At the end the topic must hold each of these,
the first copies of each visitor's in order, and no answer may have been 5xx.

With `--kills 50` so many random kills of workers and the server follow, while the broker is killed at random
moments too. Then the same with a spool that is soon full: 503 must be said, and what was acknowledged must be
there. As a control, a server that spools nothing and says it did: there events must be lost.
"""

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import orjson
import requests

from benchmarks.intake import publish_shop
from benchmarks.soak.damage.server import COMMAND, ServiceProcess
from benchmarks.soak.intake_kills.__main__ import kill_at_random as kill_service
from operate.kafka import KafkaBroker, running_kafka
from serving_app.storage.event_log import START, Position, move_position
from serving_app.storage.kafka_log import KafkaLog

TOPIC = "concierge.events"
FORGETFUL = (
    sys.executable,
    "-c",
    """
import sys
from serving_app.__main__ import main
from serving_app.storage.spool import Spool
Spool.append_lines = lambda self, lines, keys, is_only_behind_others=False: True
sys.exit(main())
""",
)
PAUSE_SECONDS = 0.02  # of a client behind each event
DRAIN_SECONDS = 300


@dataclass
class Client:
    """One visitor, and what it knows.

    Attributes:
        acknowledged: numbers of its events.
        statuses: how often each was answered; 0: no answer, as of a worker that was killed.
    """

    name: str
    n_sent: int = 0
    acknowledged: list[int] = field(default_factory=list)
    statuses: Counter = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    def send_until(self, stop: threading.Event, server: ServiceProcess) -> None:
        """Send one event after another; one without an answer is sent again."""
        while not stop.is_set():
            event = {
                "type": "track",
                "event": "Product Viewed",
                "messageId": f"{self.name}/{self.n_sent:06d}",
                "anonymousId": self.name,
                "properties": {"product_id": "item-05"},
            }
            while not (status := self.post(server, event)) and not stop.is_set():
                time.sleep(PAUSE_SECONDS)
            if status == 200:
                self.acknowledged.append(self.n_sent)
            self.n_sent += 1
            time.sleep(PAUSE_SECONDS)

    def post(self, server: ServiceProcess, event: dict) -> int:
        """The status of an answer; 0 where there was none."""
        began = time.perf_counter()
        try:
            body = json.dumps({"batch": [event]})
            status = requests.post(server.url("/v1/batch"), data=body, timeout=10).status_code
        except requests.RequestException:
            status = 0
        self.statuses[status] += 1
        self.seconds.append(time.perf_counter() - began)
        return status


def take_away(broker: KafkaBroker, server: ServiceProcess, seconds: Sequence[float], seed: int) -> None:
    """Kill the broker, and start it again; then stop it, and let it go on. A worker dies in each outage."""
    draw = random.Random(seed)
    for pause in seconds:
        for leave, come_back in ((broker.kill, broker.start), (broker.pause, broker.resume)):
            time.sleep(2)
            leave()
            time.sleep(pause / 2)
            os.kill(draw.choice(server.workers()), signal.SIGKILL)
            time.sleep(pause / 2)
            come_back()


def kill_at_random_moments(broker: KafkaBroker, server: ServiceProcess, n_kills: int, seed: int) -> Counter:
    """Kill workers and the server so often, and the broker meanwhile; how often what was killed."""
    draw, is_over, n_broker = random.Random(seed), threading.Event(), 0

    def kill_broker() -> None:
        nonlocal n_broker
        while not is_over.wait(draw.uniform(0.2, 3)):
            broker.kill()
            n_broker += 1
            time.sleep(draw.uniform(0, 1))
            broker.start()

    killing = threading.Thread(target=kill_broker)
    killing.start()
    try:
        killed = kill_service(server, random.Random(seed), n_kills, lambda: True)
    finally:
        is_over.set()
        killing.join()
    return killed + Counter(broker=n_broker)


def wait_until_drained(server: ServiceProcess) -> float:
    """Seconds until no event waits on disk."""
    began = time.monotonic()
    while any("Kafka" in problem for problem in server.ready()["problems"]):
        if time.monotonic() > began + DRAIN_SECONDS:
            raise SystemExit("events still wait on disk")
        time.sleep(0.1)
    return time.monotonic() - began


def read_topic(servers: str, start: Position) -> dict[str, list[int]]:
    """The numbers of each client's events in the topic, in their order."""
    log, numbers, position = KafkaLog(servers, TOPIC), defaultdict(list), start
    while lines := log.read_lines(position, 10_000):
        for line in lines:
            name, _, number = orjson.loads(line.line)["messageId"].partition("/")
            numbers[name].append(int(number))
        position = move_position(position, lines)
    log.rotate(is_forced=True)
    return numbers


def run(
    broker: KafkaBroker,
    seconds: Sequence[float],
    n_clients: int,
    command: tuple[str, ...] = COMMAND,
    spool_bytes: int = 10**9,
    n_kills: int = 0,
) -> dict[str, object]:
    """One run; what came of it."""
    settings = {
        "CONCIERGE_EVENTS": "kafka",
        "CONCIERGE_KAFKA_SERVERS": broker.servers,
        "CONCIERGE_SPOOL_BYTES": str(spool_bytes),
    }
    end = KafkaLog(broker.servers, TOPIC).find_end()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        publish_shop(home)
        server, stop = ServiceProcess(home, command, settings), threading.Event()
        clients = [Client(f"visitor-{n}") for n in range(n_clients)]
        threads = [threading.Thread(target=client.send_until, args=(stop, server)) for client in clients]
        try:
            for thread in threads:
                thread.start()
            take_away(broker, server, seconds, seed=18)
            killed = kill_at_random_moments(broker, server, n_kills, seed=18) if n_kills else {}
            drain_seconds = wait_until_drained(server)
            time.sleep(2)
            stop.set()
            for thread in threads:
                thread.join()
            wait_until_drained(server)
        finally:
            stop.set()
            server.stop()
    there = read_topic(broker.servers, end or START)
    first_copies = {name: [*dict.fromkeys(numbers)] for name, numbers in there.items()}
    statuses = sum((client.statuses for client in clients), Counter())
    latencies = np.concatenate([client.seconds for client in clients])
    return {
        "kills": dict(killed),
        "sent": sum(client.n_sent for client in clients),
        "acknowledged": sum(len(client.acknowledged) for client in clients),
        "statuses": dict(statuses),
        "lost": sum(len({*client.acknowledged} - {*there[client.name]}) for client in clients),
        "visitors_reordered": sum(numbers != sorted(numbers) for numbers in first_copies.values()),
        "doubled": sum(len(numbers) - len({*numbers}) for numbers in there.values()),
        "drained_after_seconds": round(drain_seconds, 1),
        "answer_ms": {p: round(1e3 * float(np.percentile(latencies, p)), 1) for p in (50, 99, 100)},
    }


def main(argv: list[str] | None = None) -> int:
    """Run all three; 1 when an event was lost, reordered or refused, or the control lost none."""
    parser = argparse.ArgumentParser(
        prog="make soak NAME=broker_outages", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--seconds", type=float, nargs="+", default=[30.0], help="how long it is away")
    parser.add_argument("--kills", type=int, default=0, help="of workers and the server, behind that")
    parser.add_argument("--clients", type=int, default=4)
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder, running_kafka(Path(folder)) as broker:
        service = run(broker, args.seconds, args.clients, n_kills=args.kills)
        print(json.dumps({"service": service}), flush=True)
        small = run(broker, [10.0], 4 * args.clients, spool_bytes=10**6)
        print(json.dumps({"with room for a megabyte": small}), flush=True)
        control = run(broker, [5.0], args.clients, FORGETFUL)
        print(json.dumps({"control that spools nothing": control}))
    is_right = not any(one[flaw] for one in (service, small) for flaw in ("lost", "visitors_reordered"))
    is_calm = not any(status >= 500 for status in service["statuses"])
    return 0 if is_right and is_calm and 503 in small["statuses"] and control["lost"] else 1


if __name__ == "__main__":
    sys.exit(main())
