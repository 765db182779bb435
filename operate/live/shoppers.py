"""Simulated shoppers: they browse, fill carts and buy over the HTTP API, as a storefront's pages would.

What a shopper does next is drawn by seed from what they are shown; nothing here knows how the service works.
"""

import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import requests

from operate.visitors import RunningService

N_SHOWN = 8
N_THREADS = 8
PAUSE_SECONDS = (0.5, 4.0)  # between two pages of a shopper
# Of a page: that something is put into the cart, taken out again, bought; that it was the last one.
CART, UNCART, BUY, LEAVE = 0.25, 0.05, 0.3, 0.08


@dataclass
class Shopper:
    """A visit as it goes on.

    Attributes:
        user_id: of who logs in; empty: an anonymous visitor.
        cart: pieces by item.
        lists: by item in the cart, the list that it was found in: as the snippet does, an order names one.
    """

    draw: random.Random
    anonymous_id: str
    session_id: str
    user_id: str = ""
    cart: Counter[str] = field(default_factory=Counter)
    lists: dict[str, str] = field(default_factory=dict)

    def make_events(self, shown: Sequence[dict[str, Any]], request_id: str) -> list[dict[str, Any]]:
        """What a shopper does on a page that shows these items, as messages of `POST /v1/batch`; empty: they
        have left.
        """
        if not shown or self.draw.random() < LEAVE:
            return []
        item = self.draw.choice(shown[: 1 + self.draw.randrange(len(shown))])  # the first ones oftener
        product = {"product_id": item["item_id"], "price": item.get("price") or 10.0}
        product["request_id"] = request_id
        events = [self._track("Product Viewed", product)]
        if self.draw.random() < CART:
            self.cart[item["item_id"]] += 1
            self.lists[item["item_id"]] = request_id
            events.append(self._track("Product Added", {**product, "quantity": 1}))
        elif self.cart and self.draw.random() < UNCART:
            taken = self.draw.choice(sorted(self.cart))
            n = self.cart.pop(taken)
            events.append(self._track("Product Removed", {"product_id": taken, "quantity": n}))
        elif self.cart and self.draw.random() < BUY:
            bought = [{"product_id": name, "quantity": n, "price": 10.0} for name, n in self.cart.items()]
            order_id = f"live-{self.draw.getrandbits(48):012x}"
            order = {
                "order_id": order_id,
                "products": bought,
                "request_id": self.lists[bought[0]["product_id"]],
            }
            events.append(self._track("Order Completed", order))
            self.cart.clear()
        return events

    def _track(self, event: str, properties: dict[str, Any]) -> dict[str, Any]:
        who = {"userId": self.user_id} if self.user_id else {}
        return {
            "type": "track",
            "event": event,
            "anonymousId": self.anonymous_id,
            **who,
            "messageId": str(uuid.UUID(int=self.draw.getrandbits(128), version=4)),
            "timestamp": datetime.now(UTC).isoformat(),
            "properties": {**properties, "session_id": self.session_id},
        }


def make_shopper(draw: random.Random, user_ids: Sequence[str], known_share: float = 0.3) -> Shopper:
    """Somebody who comes in: one of the shop's users, or a browser that nobody has seen."""
    user_id = draw.choice(user_ids) if user_ids and draw.random() < known_share else ""
    browser = f"live-{draw.getrandbits(48):012x}"
    return Shopper(draw, browser, f"s-{draw.getrandbits(48):012x}", user_id)


@dataclass
class Traffic:
    """What shoppers have done so far, and what became of it.

    Attributes:
        n_events: by outcome, as the service said.
        n_failed: requests that were not answered with 200.
        seconds: of the newest requests for a list.
    """

    n_events: Counter[str] = field(default_factory=Counter)
    n_failed: int = 0
    n_visits: int = 0
    seconds: list[float] = field(default_factory=list)


class Crowd:
    """Shoppers who shop at once until they are told to go home; each who leaves is followed by another."""

    def __init__(
        self,
        service: RunningService,
        n_shoppers: int,
        user_ids: Sequence[str],
        seed: int = 7,
        wait: Callable[[float], object] | None = None,
    ) -> None:
        """
        Args:
            user_ids: of the shop, some of whom come and log in.
            wait: waits so many seconds, or until the crowd is told to go home.
        """
        self.traffic, self._service, self._user_ids = Traffic(), service, user_ids
        self._is_over, self._lock = threading.Event(), threading.Lock()
        self._wait = wait or self._is_over.wait
        self._threads = ThreadPoolExecutor(min(n_shoppers, N_THREADS), thread_name_prefix="shoppers")
        draws = [random.Random(f"{seed}/{n}") for n in range(n_shoppers)]
        shares = [draws[n::N_THREADS] for n in range(min(n_shoppers, N_THREADS))]
        self._jobs = [self._threads.submit(self._shop, share) for share in shares]

    def send_home(self) -> Traffic:
        """Tell all to leave; what they have done, when the last answer has come."""
        self._is_over.set()
        self._threads.shutdown()
        for job in self._jobs:
            job.result()
        return self.traffic

    def _shop(self, draws: Sequence[random.Random]) -> None:
        """Several shoppers on one thread, a page at a time each."""
        shoppers = [make_shopper(draw, self._user_ids) for draw in draws]
        while not self._is_over.is_set():
            for n, shopper in enumerate(shoppers):
                if self._is_over.is_set():
                    return
                if not self._visit_page(shopper):
                    shoppers[n] = make_shopper(shopper.draw, self._user_ids)
                    with self._lock:
                        self.traffic.n_visits += 1
            self._wait(shoppers[0].draw.uniform(*PAUSE_SECONDS))

    def _visit_page(self, shopper: Shopper) -> bool:
        """Whether the shopper stays."""
        who = {"user_id": shopper.user_id} if shopper.user_id else {"anonymous_id": shopper.anonymous_id}
        began = time.perf_counter()
        try:
            answer = self._service.request("GET", "/v1/recommendations", params={**who, "n": N_SHOWN})
            answer.raise_for_status()
            seconds, page = time.perf_counter() - began, answer.json()
            events = shopper.make_events(page["items"], page["request_id"])
            outcomes: Counter[str] = Counter()
            if events:
                sent = self._service.request("POST", "/v1/batch", json={"batch": events})
                sent.raise_for_status()
                outcomes.update(each["outcome"] for each in sent.json()["events"])
        except requests.RequestException:
            with self._lock:
                self.traffic.n_failed += 1
            return True
        with self._lock:
            self.traffic.n_events += outcomes
            self.traffic.seconds = [*self.traffic.seconds[-499:], seconds]
        return bool(events)
