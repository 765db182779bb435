"""What happens while clients ask: items are hidden and shown, nights published, workers killed."""

import os
import random
import signal
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import requests

from benchmarks.soak.damage.server import ServiceProcess
from benchmarks.soak.hidden_items.books import HiddenBooks
from benchmarks.soak.hidden_items.home import N_ITEMS, publish_night

MOST_HIDDEN = 80
RESPAWN_SECONDS = 6.0  # granian gives up on a worker that dies twice within 5.5 s
HIDES = ({"n_stock": 0}, {"is_in_stock": False}, {"is_recommendable": False})
SHOWS = {"n_stock": 5, "is_in_stock": True, "is_recommendable": True}


class ItemFlipper:
    """Hides items, by their stock or by a block, and shows them again.

    Attributes:
        milliseconds: from a hide that is sent to its acknowledgement.
    """

    def __init__(self, server: ServiceProcess, books: HiddenBooks, is_silent: bool = False) -> None:
        """
        Args:
            is_silent: the service is told nothing; the control.
        """
        self._server, self._books, self._is_silent = server, books, is_silent
        self._draw, self._session = random.Random(1), requests.Session()
        self._blocks: dict[str, str] = {}
        self.milliseconds: list[float] = []

    def flip(self) -> None:
        """Hide an item or show one again."""
        hidden = self._books.list_hidden()
        try:
            if hidden and self._draw.random() < len(hidden) / MOST_HIDDEN:
                self._show(self._draw.choice(hidden))
            else:
                shown = {f"item-{n}" for n in range(N_ITEMS)} - set(hidden)
                self._hide(self._draw.choice(sorted(shown)))
        except requests.RequestException:  # a worker that was killed: nothing is acknowledged
            time.sleep(0.02)

    def _hide(self, item_id: str) -> None:
        started = time.perf_counter()
        if self._is_silent:
            pass
        elif self._draw.random() < 0.3:
            until = (datetime.now(UTC) + timedelta(hours=6)).isoformat()
            block = {"kind": "block", "item_id": item_id, "until": until}
            answer = self._send("POST", "/v1/overrides", block)
            self._blocks[item_id] = answer.json()["override_id"]
        else:
            self._send("PATCH", f"/v1/items/{item_id}", self._draw.choice(HIDES))
        now = time.perf_counter()
        self._books.hide(item_id, now)
        self.milliseconds.append((now - started) * 1000)

    def _show(self, item_id: str) -> None:
        self._books.show(item_id, time.perf_counter())
        if self._is_silent:
            return
        if override_id := self._blocks.pop(item_id, None):
            self._send("DELETE", f"/v1/overrides/{override_id}")
        self._send("PATCH", f"/v1/items/{item_id}", SHOWS)

    def _send(self, method: str, path: str, body: dict | None = None) -> requests.Response:
        answer = self._session.request(method, self._server.url(path), json=body, timeout=20)
        answer.raise_for_status()
        return answer


class NightPublisher:
    """Publishes one night after another."""

    def __init__(self, server: ServiceProcess) -> None:
        self._server, self.n_published = server, 1

    def publish(self) -> None:
        """Publish the next night."""
        self.n_published += 1
        publish_night(self._server.home, self.n_published)


class WorkerKiller:
    """Kills one worker after another; the server starts another in its place."""

    def __init__(self, server: ServiceProcess) -> None:
        self._server, self.n_killed, self._killed_at = server, 0, 0.0

    def kill(self) -> None:
        """Kill a worker with signal 9, unless one was killed just now."""
        workers, now = self._server.workers(), time.monotonic()
        if workers and now - self._killed_at > RESPAWN_SECONDS:
            self._killed_at = now
            os.kill(workers[self.n_killed % len(workers)], signal.SIGKILL)
            self.n_killed += 1


def repeat(action: Callable[[], None], every_seconds: float, stop: threading.Event) -> threading.Thread:
    """A thread that does something again and again until it is told to stop."""

    def run() -> None:
        while not stop.wait(every_seconds):
            action()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread
