"""A Redis server that is away, slow or none: an answer waits little, then not at all, and nothing is lost."""

import time

import pytest
import redis

from expectations.contracts.identifiers import hash_identifier
from serving_app.live.backends import BackendError, get_state_key
from serving_app.live.breaker import GuardedBackend
from serving_app.live.redis_store import SLOW_SECONDS, RedisBackend
from serving_app.live.service import LiveStates
from serving_app.live.state import EMPTY_STATE, VisitorKeys
from tests.serving_app.live.events import KEY, make_event
from tests.serving_app.live.test_breaker import Seconds
from tests.serving_app.live.unreliable import GARBAGE, GOOD, HANGING, REFUSED, SLOW

HARMS = [REFUSED, HANGING, SLOW, GARBAGE]


@pytest.fixture
def seconds():
    return Seconds()


@pytest.fixture
def live(unreliable, shop, seconds):
    """Live states in a Redis server behind one that misbehaves; the breaker's clock is the test's."""
    backend = RedisBackend(f"redis://127.0.0.1:{unreliable.port}/0")
    return LiveStates(GuardedBackend(backend, seconds, SLOW_SECONDS), shop.restrictions, shop.snapshots, KEY)


def keys_of(shop, browser) -> VisitorKeys:
    return VisitorKeys((hash_identifier(KEY, "anonymous_id", "sample_shop", browser),))


@pytest.mark.parametrize("harm", HARMS)
def test_a_server_that_fails_costs_little_and_loses_nothing(live, unreliable, seconds, shop, harm):
    visitor = keys_of(shop, "b")
    live.record([make_event("view", "item-01", browser="b")])
    assert len(live.read(visitor, None).events) == 1 and live.describe_problem() == ""

    unreliable.behave(harm)
    started = time.perf_counter()
    for n in range(20):
        live.record([make_event("view", f"item-{n:02d}", browser="b", minute=1 + n)])
        assert live.read(visitor, None) == EMPTY_STATE
    # three tries of each, of 30 ms (40 where a connection is made first), and 34 that ask nobody
    assert time.perf_counter() - started < 1
    assert "Redis" in live.describe_problem()

    unreliable.behave(GOOD)
    seconds.now += 1
    live.flush()
    assert len(live.read(visitor, None).events) == 21 and live.describe_problem() == ""


def test_without_harm_the_same_is_read_at_once(live, shop):
    """What the test above would see if the harm did nothing."""
    for n in range(20):
        live.record([make_event("view", f"item-{n:02d}", browser="b", minute=1 + n)])
        assert len(live.read(keys_of(shop, "b"), None).events) == n + 1


def test_a_replica_that_only_reads_is_read(live, shop, redis_port, seconds):
    live.record([make_event("view", "item-01", browser="b")])
    client = redis.Redis(port=redis_port)
    client.replicaof("127.0.0.1", 1)
    try:
        for n in range(5):
            live.record([make_event("view", "item-02", browser="b", minute=n)])
        assert len(live.read(keys_of(shop, "b"), None).events) == 1
        assert "ReadOnlyError" in live.describe_problem() or "ResponseError" in live.describe_problem()
    finally:
        client.replicaof("NO", "ONE")
    seconds.now += 1
    live.flush()
    assert len(live.read(keys_of(shop, "b"), None).events) == 6


def test_no_reason_holds_an_address_or_password():
    backend = RedisBackend("redis://:secret-word@127.0.0.1:1/0")
    with pytest.raises(BackendError) as caught:
        backend.read([get_state_key("i_a")])
    assert "secret-word" not in str(caught.value) and "127.0.0.1" not in str(caught.value)
