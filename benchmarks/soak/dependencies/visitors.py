"""Visitors of the service: some that ask and click all the while, and one who buys and looks whether what was
bought is gone from the list.
"""

import http.client
import json
import threading
import time
from dataclasses import dataclass, field
from itertools import count

from benchmarks.soak.damage.home import build_list_path

PATIENCE_SECONDS = 8.0  # for what was bought to be gone from the list again
_numbers = count(1)


@dataclass
class Seen:
    """What visitors met during one cell.

    Attributes:
        list_milliseconds: of each list.
        event_statuses: by HTTP status, how many events.
        wrong: lists that were no list, in words; at most a few.
    """

    list_milliseconds: list[float] = field(default_factory=list)
    event_statuses: dict[int, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


class Connection:
    """A connection of one visitor, opened anew when it broke."""

    def __init__(self, port: int) -> None:
        self._port, self._connection = port, None

    def ask(self, method: str, path: str, body: dict | None = None) -> tuple[int, dict]:
        """Status and answer; 0 where the connection broke."""
        try:
            self._connection = self._connection or http.client.HTTPConnection(
                "127.0.0.1", self._port, timeout=30
            )
            text = json.dumps(body) if body is not None else None
            self._connection.request(method, path, text, {"Content-Type": "application/json"})
            answer = self._connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException) as error:
            self._connection = None
            return 0, {"detail": type(error).__name__}

    def send_event(self, browser: str, name: str, properties: dict) -> int:
        """The status of an event of this browser's."""
        event = {"event": name, "anonymousId": browser, "messageId": f"m-{next(_numbers)}-{time.time_ns()}"}
        return self.ask("POST", "/v1/track", {**event, "properties": properties})[0]

    def list_items(self, query: str) -> list[str]:
        """The items of a visitor's list."""
        return [item["item_id"] for item in self.ask("GET", query)[1].get("items", ())]


class Crowd:
    """Threads that ask for lists, and now and then say what was looked at."""

    def __init__(self, port: int, n_threads: int, n_customers: int) -> None:
        self._port, self._n_customers = port, n_customers
        self._stop, self._lock, self._seen = threading.Event(), threading.Lock(), Seen()
        self._threads = [
            threading.Thread(target=self._visit, args=(n,), daemon=True) for n in range(n_threads)
        ]
        for thread in self._threads:
            thread.start()

    def take(self) -> Seen:
        """What was seen since the last call."""
        with self._lock:
            seen, self._seen = self._seen, Seen()
        return seen

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _visit(self, number: int) -> None:
        connection, n_visits = Connection(self._port), number
        while not self._stop.is_set():
            n_visits += 1
            if n_visits % 8 == 0:
                browser = f"crowd-{n_visits % 50}"
                viewed = {"product_id": f"item-{n_visits % 100}"}
                status = connection.send_event(browser, "Product Viewed", viewed)
                with self._lock:
                    self._seen.event_statuses[status] = self._seen.event_statuses.get(status, 0) + 1
                continue
            start = time.perf_counter()
            status, answer = connection.ask("GET", build_list_path(f"c_{n_visits % self._n_customers}"))
            self._note(status, answer, (time.perf_counter() - start) * 1000)
            time.sleep(0.005)

    def _note(self, status: int, answer: dict, milliseconds: float) -> None:
        with self._lock:
            self._seen.list_milliseconds.append(milliseconds)
            if (status != 200 or not answer.get("items")) and len(self._seen.wrong) < 5:
                words = answer.get("detail") or answer.get("source")
                self._seen.wrong.append(f"{status}: {words}, {len(answer.get('items', ()))} items")


class Buyer:
    """Buys the first item of their list, and another one while something is wrong."""

    def __init__(self, port: int) -> None:
        self._connection, self._browser = Connection(port), f"buyer-{time.time_ns()}"
        self._path = f"/v1/recommendations?n=10&anonymous_id={self._browser}"
        self._bought: list[str] = []

    def buy(self) -> bool:
        """Buy the first item of the list; whether the purchase was accepted."""
        items = [item for item in self._connection.list_items(self._path) if item not in self._bought]
        if not items:
            return False
        products = {
            "order_id": f"o-{next(_numbers)}-{time.time_ns()}",
            "products": [{"product_id": items[0]}],
        }
        is_accepted = self._connection.send_event(self._browser, "Order Completed", products) == 200
        self._bought += items[:1] if is_accepted else []
        return is_accepted

    def sees_what_was_bought(self) -> bool:
        """Whether the list still has something they have bought, or is none."""
        items = self._connection.list_items(self._path)
        return not items or bool(set(items) & set(self._bought))

    def wait_until_it_is_gone(self) -> float | None:
        """After how many seconds the list is right again; None: not in time."""
        start = time.monotonic()
        while time.monotonic() - start < PATIENCE_SECONDS:
            if not self.sees_what_was_bought():
                return time.monotonic() - start
            time.sleep(0.05)
        return None
