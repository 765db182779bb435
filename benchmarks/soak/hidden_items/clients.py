"""Clients that ask for lists all the while and look every item up in the books."""

import random
import re
import socket
import threading
import time

from benchmarks.soak.hidden_items.books import Counts, HiddenBooks

ITEM = re.compile(rb'"item_id":"([^"]+)"')
SNAPSHOT = re.compile(rb'"snapshot":"([^"]+)"')
LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
N = 20
PATHS = (  # {n} is a customer's or an item's number
    "/v1/recommendations?customer_id=c_{n}",
    "/v1/recommendations?customer_id=c_{n}&mode=strict",
    "/v1/recommendations?customer_id=c_{n}&filter=price%20%3C%20100&diversity=0.5",
    "/v1/recommendations?anonymous_id=stranger-{n}",
    "/v1/items/item-{n}/similar?placement=product",
    "/v1/popular?exclude=item-{n}",
)


class CheckingClients:
    """Threads with a connection each, until `stop` is called. The sockets are read by hand: a client library
    would take more of the cores than the service.
    """

    def __init__(self, port: int, n_clients: int, n_numbers: int, books: HiddenBooks) -> None:
        self._port, self._books, self._n_numbers = port, books, n_numbers
        self._stop, self._lock = threading.Event(), threading.Lock()
        self.counts = Counts()
        self._threads = [
            threading.Thread(target=self._ask, args=(seed,), daemon=True) for seed in range(n_clients)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> Counts:
        """What the clients met, once all have stopped."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        return self.counts

    def _ask(self, seed: int) -> None:
        draw, connection = random.Random(seed), None
        while not self._stop.is_set():
            path = draw.choice(PATHS).format(n=draw.randrange(self._n_numbers))
            asked_at = time.perf_counter()
            try:
                connection = connection or socket.create_connection(("127.0.0.1", self._port), timeout=20)
                connection.sendall(f"GET {path}&n={N} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
                status, body = read_answer(connection)
            except (OSError, EOFError):
                connection = None
                with self._lock:
                    self.counts.resets += 1
                time.sleep(0.02)
                continue
            self._check(status, path, body, asked_at, time.perf_counter())

    def _check(self, status: bytes, path: str, body: bytes, asked_at: float, answered_at: float) -> None:
        ids = [item_id.decode() for item_id in ITEM.findall(body)]
        snapshot = SNAPSHOT.search(body)
        hidden = self._books.find_violations(ids, asked_at, answered_at)
        with self._lock:
            counts = self.counts
            counts.n_answers, counts.n_items = counts.n_answers + 1, counts.n_items + len(ids)
            if snapshot:
                counts.snapshots.add(snapshot[1].decode())
            if hidden or status != b"200" or not ids:
                counts.n_violations += 1
                if len(counts.violations) < 5:
                    counts.violations.append(f"{status.decode()} {path}: {len(ids)} items, hidden {hidden}")


def read_answer(connection: socket.socket) -> tuple[bytes, bytes]:
    """The status and body of one answer on a kept-alive connection.

    Raises:
        EOFError: the connection ended before it did.
    """
    received = b""
    while (end := received.find(b"\r\n\r\n")) < 0:
        received += receive(connection)
    length = int(LENGTH.search(received, 0, end)[1])
    parts, missing = [received[end + 4 :]], length - (len(received) - end - 4)
    while missing > 0:
        parts.append(receive(connection))
        missing -= len(parts[-1])
    return received[9:12], b"".join(parts)


def receive(connection: socket.socket) -> bytes:
    """Some bytes, at least one."""
    received = connection.recv(65536)
    if not received:
        raise EOFError
    return received
