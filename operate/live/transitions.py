"""Entries into segments and exits, as `GET /v1/stream` tells them, followed on a thread."""

import json
import threading
from collections import Counter, deque
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import requests

from operate.visitors import RunningService

N_NEWEST = 8
TIMEOUT_SECONDS = 60  # a stream that is silent says that it is there every 15 s


class TransitionFollower:
    """Follows the transitions of a service from now on.

    Attributes:
        counts: how many entered and left, by segment and type.
        newest: the last ones told, with the seconds between their moment and their coming here.
    """

    def __init__(self, service: RunningService) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()
        self.newest: deque[tuple[dict[str, Any], float]] = deque(maxlen=N_NEWEST)
        self._service, self._last_id, self._is_over = service, "", False
        self._thread = threading.Thread(target=self._follow, name="transitions", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Follow no further; the thread ends with the service's answer."""
        self._is_over = True

    def add(self, transition: dict[str, Any], now: datetime) -> None:
        """Count a transition."""
        self.counts[transition["segment_id"], transition["type"]] += 1
        seconds = (now - datetime.fromisoformat(transition["since"])).total_seconds()
        self.newest.appendleft((transition, seconds))

    def _follow(self) -> None:
        while not self._is_over:
            # What ends a stream is no matter: it is opened again behind the last that came.
            with suppress(requests.RequestException):
                self._read_stream()

    def _read_stream(self) -> None:
        headers = {"Authorization": f"Bearer {self._service.token}"}
        if self._last_id:
            headers["Last-Event-ID"] = self._last_id
        url = f"{self._service.url}/v1/stream"
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT_SECONDS) as answer:
            answer.raise_for_status()
            for event_id, data in read_events(answer.iter_lines(chunk_size=1, decode_unicode=True)):
                self._last_id = event_id or self._last_id
                self.add(json.loads(data), datetime.now(UTC))
                if self._is_over:
                    return


def read_events(lines: Iterable[str]) -> Iterable[tuple[str, str]]:
    """The id and the data of each server-sent event; comments, as a heartbeat, are none."""
    event_id, data = "", []
    for line in lines:
        if not line:
            if data:
                yield event_id, "\n".join(data)
            event_id, data = "", []
        name, _, value = line.partition(":")
        if name == "id":
            event_id = value.removeprefix(" ")
        elif name == "data":
            data.append(value.removeprefix(" "))
