"""How often each caller may ask: a moving window a key, in each worker's memory. Its cost is 4 µs a
request, and its end is exact: `Retry-After` is when the next request is allowed.

A worker counts its share of a rate, as the kernel spreads connections over the workers; a client that keeps a
single connection meets one worker's share.
"""

import ipaddress
import math
import time
from typing import NamedTuple

from limits import RateLimitItem
from limits import parse as parse_rate
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from serving_app.keys.callers import Caller

# Of refused credentials, by address: nobody guesses 256 bits, but refusing need not be dear.
FAILURES = "60/minute"


class RateWindow(NamedTuple):
    """What is left of a caller's rate.

    Attributes:
        reset_seconds: until more is allowed, at least 1.
        window_seconds: of the rate.
    """

    is_allowed: bool
    limit: int
    remaining: int
    reset_seconds: int
    window_seconds: int

    def describe(self) -> dict[str, str]:
        """The headers that say so (draft-ietf-httpapi-ratelimit-headers)."""
        return {
            "RateLimit-Policy": f'"key";q={self.limit};w={self.window_seconds}',
            "RateLimit": f'"key";r={self.remaining};t={self.reset_seconds}',
        }


class RateLimits:
    """Counts the requests of one worker's callers."""

    def __init__(self, default_rate: str, n_workers: int) -> None:
        """
        Args:
            default_rate: of keys that have none of their own; empty: as often as they like.
            n_workers: that share each rate.
        """
        self._default, self._n_workers = default_rate, n_workers
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._items: dict[str, RateLimitItem] = {}

    def count(self, caller: Caller) -> RateWindow | None:
        """Count a request of a caller; None where it has no rate."""
        rate = caller.rate or self._default
        return self._count(rate, "key", caller.name) if rate else None

    def count_failure(self, address: str | None) -> RateWindow:
        """Count refused credentials of an address."""
        return self._count(FAILURES, "failures", group_address(address))

    def _count(self, rate: str, kind: str, name: str) -> RateWindow:
        item = self._items.get(rate) or self._items.setdefault(rate, self._make_share(rate))
        is_allowed = self._limiter.hit(item, kind, name)
        stats = self._limiter.get_window_stats(item, kind, name)
        seconds = max(1, math.ceil(stats.reset_time - time.time()))
        return RateWindow(is_allowed, item.amount, max(0, stats.remaining), seconds, item.get_expiry())

    def _make_share(self, rate: str) -> RateLimitItem:
        whole = parse_rate(rate)
        return type(whole)(math.ceil(whole.amount / self._n_workers), whole.multiples)


def group_address(address: str | None) -> str:
    """An address; of IPv6 the network of 64 bits that one client has."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    return str(ipaddress.ip_network((parsed, 64), strict=False)) if parsed.version == 6 else str(parsed)
