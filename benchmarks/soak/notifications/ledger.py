"""What endpoints saw, and what is wrong with it."""

import base64
import hashlib
import hmac
import threading
import time
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import orjson

from expectations.contracts.transitions import Transition, parse_moment


class Arrival(NamedTuple):
    """One request at an endpoint.

    Attributes:
        is_genuine: whether its signature is right, its time close, and its ids are one.
        told_at: when the transition was told, seconds since 1970.
        late_seconds: since then.
    """

    transition_id: str
    customer_id: str
    body: bytes
    is_accepted: bool
    is_genuine: bool
    told_at: float
    late_seconds: float


class Ledger:
    """The arrivals at one endpoint, in their order; for many threads."""

    def __init__(self, secret: str) -> None:
        self._key = base64.b64decode(secret.removeprefix("whsec_"))
        self._lock = threading.Lock()
        self.arrivals: list[Arrival] = []

    def note(self, headers: Mapping[str, str], body: bytes, is_accepted: bool) -> None:
        """Note a request and what it was answered."""
        data = orjson.loads(body)["data"]
        message_id, timestamp = headers["webhook-id"], headers["webhook-timestamp"]
        content = f"{message_id}.{timestamp}.".encode() + body
        digest = base64.b64encode(hmac.new(self._key, content, hashlib.sha256).digest()).decode()
        now = time.time()
        is_genuine = (
            headers["webhook-signature"] == f"v1,{digest}"
            and message_id == data["transition_id"]
            and abs(int(timestamp) - now) < 15
        )
        told_at = parse_moment(data["told_at"]) / 1e6
        arrival = Arrival(
            message_id, data["customer_id"], body, is_accepted, is_genuine, told_at, now - told_at
        )
        with self._lock:
            self.arrivals.append(arrival)

    def count_accepted(self) -> int:
        """How many different transitions were accepted."""
        with self._lock:
            return len({each.transition_id for each in self.arrivals if each.is_accepted})


class Verdict(NamedTuple):
    """What is wrong: transitions that were accepted never, neighbours of a customer that were accepted the
    first time in another order than they were told, requests before their turn, ids with two bodies, and
    requests that are not genuine. And what is not: requests, and those beyond the first acceptance.
    """

    n_missing: int
    n_disordered: int
    n_early: int
    n_ambiguous: int
    n_forged: int
    n_requests: int
    n_repeated: int

    @property
    def is_right(self) -> bool:
        return self[:5] == (0, 0, 0, 0, 0)


def judge(arrivals: Sequence[Arrival], told: Sequence[Transition]) -> Verdict:
    """Compare what an endpoint saw with what was told, in the order in which it was."""
    first: dict[str, int] = {}  # by id the place of its first acceptance
    asked: dict[str, int] = {}  # … of its first request
    bodies: dict[str, set[bytes]] = {}
    for place, each in enumerate(arrivals):
        bodies.setdefault(each.transition_id, set()).add(each.body)
        asked.setdefault(each.transition_id, place)
        if each.is_accepted:
            first.setdefault(each.transition_id, place)
    by_customer: dict[str, list[str]] = {}
    for transition in told:
        by_customer.setdefault(transition.customer_id, []).append(transition.transition_id)
    pairs = [pair for ids in by_customer.values() for pair in pairwise(ids)]
    end = len(arrivals)
    return Verdict(
        n_missing=sum(each.transition_id not in first for each in told),
        n_disordered=sum(first.get(a, end) > first.get(b, end) for a, b in pairs),
        n_early=sum(first.get(a, end) > asked.get(b, end) for a, b in pairs),
        n_ambiguous=sum(len(each) > 1 for each in bodies.values()),
        n_forged=sum(not each.is_genuine for each in arrivals),
        n_requests=len(arrivals),
        n_repeated=sum(each.is_accepted for each in arrivals) - len(first),
    )
