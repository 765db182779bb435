"""The service beside the stream, and clients whose acknowledged events must reach the lake."""

import json
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import requests

from benchmarks.intake import publish_shop
from benchmarks.soak.damage.server import ServiceProcess

PAUSE_SECONDS = 0.05  # of a client behind each batch
BATCH = 5
DRAIN_SECONDS = 120.0


class DeadlyService:
    """The real service with its two workers, that writes to the broker; killed and started again."""

    def __init__(self, home: Path, servers: str) -> None:
        publish_shop(home)
        settings = {"CONCIERGE_EVENTS": "kafka", "CONCIERGE_KAFKA_SERVERS": servers}
        self.process = ServiceProcess(home, settings=settings)

    def kill(self) -> None:
        """End all of it at once."""
        server = psutil.Process(self.process.process.pid)
        for each in [server, *server.children(recursive=True)]:
            each.kill()
        self.process.process.wait()

    def start(self) -> None:
        self.process.start()

    def end(self) -> None:
        """Let it bring what waits in its spool to the broker, then end it."""
        until = time.monotonic() + DRAIN_SECONDS
        while any("Kafka" in problem for problem in self.process.ready()["problems"]):
            if time.monotonic() > until:
                raise SystemExit("events still wait in the spool")
            time.sleep(0.2)
        self.process.stop()


@dataclass
class Client:
    """Sends batch after batch; one that is not acknowledged is sent again as it was."""

    name: str
    service: DeadlyService
    stop: threading.Event = field(default_factory=threading.Event)
    acknowledged: set[str] = field(default_factory=set)
    n_again: int = 0

    def run(self) -> None:
        """Send until told to stop."""
        n_batches = 0
        while not self.stop.wait(PAUSE_SECONDS):
            n_batches += 1
            ids = [f"{self.name}-{n_batches}-{n}" for n in range(BATCH)]
            while not self._send(ids):
                self.n_again += 1
                if self.stop.wait(PAUSE_SECONDS):
                    return
            self.acknowledged |= {*ids}

    def _send(self, ids: list[str]) -> bool:
        events = [
            {
                "type": "track",
                "event": "Product Viewed",
                "messageId": message_id,
                "anonymousId": self.name,
                "properties": {"product_id": "item-05"},
            }
            for message_id in ids
        ]
        try:
            url, body = self.service.process.url("/v1/batch"), json.dumps({"batch": events})
            return requests.post(url, data=body, timeout=5).status_code == 200
        except requests.RequestException:
            return False
