"""A producer of events, and the stream as a program of its own."""

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from confluent_kafka import KafkaError, Message, Producer

from expectations.contracts.home import HomePaths

ROOT = Path(__file__).resolve().parents[3]
TOPIC = "concierge.events"
RATE = 300  # events a second
N_TWICE, N_RUBBISH = 2, 1  # of a hundred
UP_SECONDS = 90.0
# As the stream, but that it kills itself at the n-th call of a function, or behind it.
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

    def _note(self, name: str, line: bytes) -> Callable[[KafkaError | None, Message], None]:
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
            is_new = file.exists() and file.stat().st_mtime_ns != before
            if is_new and json.loads(file.read_text())["n_batches"]:  # of this process alone
                return True
            time.sleep(0.05)
        return False
