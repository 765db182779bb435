"""Clients that ask all the while, and compare every answer with what it must be."""

import http.client
import json
import random
import threading
import time
from dataclasses import dataclass, field

from benchmarks.soak.damage.home import STRANGER, build_list_path


@dataclass
class ClientCounts:
    """What the clients met during one harm.

    Attributes:
        milliseconds: of each answer.
        snapshots: which they named, with how many answers.
        wrong: answers that were not what their snapshot says, or no list: at most a few, in words.
        resets: connections that broke.
    """

    milliseconds: list[float] = field(default_factory=list)
    snapshots: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    resets: int = 0


class LoadClients:
    """Threads with a connection each. `seen` is exchanged for an empty one between harms."""

    def __init__(self, port: int, n: int, expected: dict[str, dict[str, list[str]]]) -> None:
        self._port, self._expected, self._stop, self._lock = (
            port,
            expected,
            threading.Event(),
            threading.Lock(),
        )
        self._seen, self.may_be_nameless, self._n_asked = ClientCounts(), False, [0] * n
        self._threads = [threading.Thread(target=self._ask, args=(seed,), daemon=True) for seed in range(n)]
        for thread in self._threads:
            thread.start()

    def take(self) -> ClientCounts:
        """What was seen since the last call."""
        with self._lock:
            counts, self._seen = self._seen, ClientCounts()
        return counts

    def wait_until_met(self, seconds: float = 120) -> None:
        """Wait until each client has met what was done before this call: one request may be under way, the
        next was made afterwards. Events and not time, as a busy machine may need seconds for them.
        """
        until, before = time.monotonic() + seconds, list(self._n_asked)
        while any(now < then + 2 for now, then in zip(self._n_asked, before, strict=True)):
            if time.monotonic() > until:
                raise TimeoutError(f"not every client got a second answer within {seconds:.0f} s")
            time.sleep(0.01)

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, seed: int) -> None:
        draw, connection = random.Random(seed), None
        customers = [*next(iter(self._expected.values())), STRANGER]
        while not self._stop.is_set():
            customer, start = draw.choice(customers), time.perf_counter()
            try:
                connection = connection or http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
                connection.request("GET", build_list_path(customer))
                answer = connection.getresponse()
                status, body = answer.status, answer.read()
            except (OSError, http.client.HTTPException):
                connection = None
                with self._lock:
                    self._seen.resets += 1
                time.sleep(0.02)
            else:
                self._note(customer, status, body, (time.perf_counter() - start) * 1000)
            self._n_asked[seed] += 1

    def _note(self, customer: str, status: int, body: bytes, milliseconds: float) -> None:
        answer = json.loads(body)
        name = answer.get("snapshot")
        ids = [item["item_id"] for item in answer.get("items", ())]
        lists = self._expected.get(name, {})
        # Without the restrictions nobody is answered for by name: everyone's list is a stranger's. A customer
        # who said no has no other in any case, so that theirs is never looser.
        allowed = [lists.get(customer), *([lists.get(STRANGER)] if self.may_be_nameless else [])]
        is_right = status == 200 and ids in allowed
        with self._lock:
            self._seen.milliseconds.append(milliseconds)
            self._seen.snapshots[name] = self._seen.snapshots.get(name, 0) + 1
            if not is_right and len(self._seen.wrong) < 5:
                self._seen.wrong.append(
                    f"{status} {name} {answer.get('source')} {customer or 'a stranger'}: {ids[:3]}"
                )
