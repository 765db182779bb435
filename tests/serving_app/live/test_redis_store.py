"""A Redis server that is away, slow or none: an answer waits little, then not at all, and nothing is lost."""

import time

import pytest
import redis

from benchmarks.soak.dependencies.unreliable import GARBAGE, GOOD, HANGING, REFUSED, SLOW
from expectations.contracts.identifiers import hash_identifier
from expectations.contracts.identity_rules import load_identity_rules
from serving_app.live.backends import BackendError, get_state_key
from serving_app.live.breaker import GuardedBackend
from serving_app.live.redis_store import TIMEOUT_SECONDS, RedisBackend
from serving_app.live.roots import RootFinder
from serving_app.live.service import LiveStates
from serving_app.live.state import UNREAD_STATE, VisitorKeys
from tests.serving_app.live.events import KEY, make_event
from tests.serving_app.live.test_breaker import Seconds

HARMS = [REFUSED, HANGING, SLOW, GARBAGE]
PATIENT = 10  # seconds; a machine that is busy with other tests is no server that hangs


class CountingBackend(RedisBackend):
    """Counts what it is asked."""

    n_calls = 0

    def read(self, keys):
        self.n_calls += 1
        return super().read(keys)


@pytest.fixture
def seconds():
    return Seconds()


@pytest.fixture
def make_live(unreliable, shop, seconds):
    """Makes live states in a Redis server behind one that misbehaves; the breaker's clock is the test's."""

    def make(timeout_seconds):
        backend = CountingBackend(f"redis://127.0.0.1:{unreliable.port}/0", timeout_seconds)
        guarded = GuardedBackend(backend, seconds)
        roots = RootFinder(shop.restrictions, shop.snapshots, KEY, load_identity_rules())
        return LiveStates(guarded, roots), backend

    return make


def settle(live, seconds):
    """Let the breaker's second pass until the server has answered in time: at once, on a quiet machine."""
    for _ in range(100):
        seconds.now += 1
        live.flush()
        if not live.describe_problem():
            return
    raise AssertionError(live.describe_problem())


def keys_of(shop, browser) -> VisitorKeys:
    return VisitorKeys((hash_identifier(KEY, "anonymous_id", "sample_shop", browser),))


@pytest.mark.parametrize("harm", HARMS)
def test_a_server_that_fails_is_left_alone_and_loses_nothing(make_live, unreliable, seconds, shop, harm):
    visitor, (live, backend) = keys_of(shop, "b"), make_live(TIMEOUT_SECONDS)
    live.record([make_event("view", "item-00", browser="b")])
    settle(live, seconds)

    unreliable.behave(harm)
    before = backend.n_calls
    for n in range(1, 20):
        live.record([make_event("view", f"item-{n:02d}", browser="b", minute=n)])
        assert live.read(visitor, None) == UNREAD_STATE
    assert backend.n_calls - before <= 6  # three that read and three that would write
    assert "Redis" in live.describe_problem()

    unreliable.behave(GOOD)
    settle(live, seconds)
    assert backend.read([get_state_key(visitor.identifier_ids[0])]) != [None]
    state = live.read(visitor, None)
    assert [event.item_id for event in state.events] == [f"item-{n:02d}" for n in range(20)]


def test_without_harm_the_same_is_read_at_once(make_live, shop):
    """What the test above would see if the harm did nothing."""
    live, backend = make_live(PATIENT)
    for n in range(20):
        live.record([make_event("view", f"item-{n:02d}", browser="b", minute=n)])
        assert len(live.read(keys_of(shop, "b"), None).events) == n + 1
    assert backend.n_calls >= 20


@pytest.mark.parametrize("harm", [HANGING, SLOW])
def test_a_call_waits_no_longer_than_its_timeout(make_live, unreliable, harm):
    """The server takes 500 ms, or for ever; the limit here is what a busy machine may add to 2 × 30 ms."""
    _, backend = make_live(TIMEOUT_SECONDS)
    unreliable.behave(harm)
    started = time.perf_counter()
    with pytest.raises(BackendError):
        backend.read([get_state_key("i_a")])
    assert time.perf_counter() - started < 0.4


def test_a_replica_that_only_reads_is_read(make_live, shop, redis_port, seconds):
    live, _ = make_live(PATIENT)
    live.record([make_event("view", "item-01", browser="b")])
    client = redis.Redis(port=redis_port)
    client.replicaof("127.0.0.1", 1)
    try:
        for n in range(5):
            live.record([make_event("view", "item-02", browser="b", minute=n)])
        assert len(live.read(keys_of(shop, "b"), None).events) == 1
        assert "Redis" in live.describe_problem()
    finally:
        client.replicaof("NO", "ONE")
    settle(live, seconds)
    assert len(live.read(keys_of(shop, "b"), None).events) == 6


def test_no_reason_holds_an_address_or_password():
    backend = RedisBackend("redis://:secret-word@127.0.0.1:1/0")
    with pytest.raises(BackendError) as caught:
        backend.read([get_state_key("i_a")])
    assert "secret-word" not in str(caught.value) and "127.0.0.1" not in str(caught.value)
