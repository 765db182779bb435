"""How often a caller may ask, and what they hear when it is too often."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving_app.keys import rate_limits
from serving_app.keys.callers import Caller
from serving_app.keys.rate_limits import RateLimits, group_address
from tests.serving_app.keys.made_keys import bearer, make_keys, server_key

START = 1_771_675_200.0


@pytest.fixture
def seconds(monkeypatch):
    """A clock for the library, which reads `time.time`."""
    now = [START]
    monkeypatch.setattr("time.time", lambda: now[0])
    return now


def caller(name="k1", rate=None):
    return Caller(name, frozenset({"read"}), rate=rate)


def test_a_rate_is_allowed_and_no_more_until_its_window_moves_on(seconds):
    limits = RateLimits("10/minute", 1)
    windows = [limits.count(caller()) for _ in range(12)]
    assert [window.is_allowed for window in windows] == [True] * 10 + [False] * 2
    assert [window.remaining for window in windows] == [*range(9, -1, -1), 0, 0]
    assert 1 <= windows[-1].reset_seconds <= 60
    seconds[0] += 120
    assert limits.count(caller()).is_allowed


def test_no_minute_however_placed_holds_more_than_the_rate(seconds):
    """A fixed window lets twice the rate pass round its edge."""
    limits, allowed = RateLimits("60/minute", 1), []
    for _ in range(3_000):
        seconds[0] += 0.1
        if limits.count(caller()).is_allowed:
            allowed.append(seconds[0])
    assert max(sum(start <= moment < start + 60 for moment in allowed) for start in allowed) == 60
    assert len(allowed) >= 60 * 5


def test_callers_do_not_share_and_have_rates_of_their_own(seconds):
    limits = RateLimits("1/minute", 1)
    assert limits.count(caller("a")).is_allowed and limits.count(caller("b")).is_allowed
    assert not limits.count(caller("a")).is_allowed
    assert [limits.count(caller("c", "3/hour")).is_allowed for _ in range(4)] == [True] * 3 + [False]


def test_each_worker_counts_its_share(seconds):
    assert RateLimits("10/second", 4).count(caller()).limit == 3
    assert RateLimits("1/second", 4).count(caller()).limit == 1


@given(st.integers(1, 40), st.integers(1, 8), st.lists(st.integers(0, 7), min_size=60, max_size=120))
def test_all_workers_together_keep_a_rate_within_what_is_stated(amount, n_workers, connections):
    """Whatever worker a connection meets: the rate, and at most one more for each other worker."""
    workers = [RateLimits(f"{amount}/hour", n_workers) for _ in range(n_workers)]
    allowed = [workers[one % n_workers].count(caller()).is_allowed for one in connections]
    assert sum(allowed) <= amount + n_workers - 1
    spread = [RateLimits(f"{amount}/hour", n_workers) for _ in range(n_workers)]
    evenly = sum(spread[number % n_workers].count(caller()).is_allowed for number in range(amount))
    assert evenly == amount, "spread evenly, none within the rate is refused"
    alone = RateLimits(f"{amount}/hour", n_workers)
    assert sum(alone.count(caller()).is_allowed for _ in range(50)) >= amount / n_workers


def test_a_worker_without_a_default_lets_all_pass():
    assert RateLimits("", 1).count(caller()) is None


def test_too_often_over_http(shop, seconds):
    keys, (text, other) = make_keys(server_key("read", rate="2/hour"), server_key("read"))
    shop.settings = replace(shop.settings, workers=1, key_rate="1000/second")
    shop.use_stores(keys=keys)
    answers = [shop.client.get("/v1/popular", headers=bearer(text)) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[0].headers["RateLimit-Policy"] == '"key";q=2;w=3600'
    assert answers[0].headers["RateLimit"].startswith('"key";r=1;t=')
    refused = answers[2]
    assert refused.json["type"] == "urn:concierge:problem:too-many-requests"
    assert 1 <= int(refused.headers["Retry-After"]) <= 3600
    assert shop.client.get("/v1/popular", headers=bearer(other)).status_code == 200
    seconds[0] += int(refused.headers["Retry-After"]) - 1
    assert shop.client.get("/v1/popular", headers=bearer(text)).status_code == 429
    seconds[0] += 1.001
    assert shop.client.get("/v1/popular", headers=bearer(text)).status_code == 200


def test_an_address_that_fails_often_is_refused_cheaply_and_valid_keys_beside_it_are_not(shop, seconds):
    keys, (text,) = make_keys(server_key("read"))
    shop.use_stores(keys=keys)
    statuses = [shop.client.get("/v1/popular", headers=bearer("wrong")).status_code for _ in range(70)]
    assert set(statuses[:30]) == {401} and statuses[-1] == 429
    assert shop.client.get("/v1/popular", headers=bearer(text)).status_code == 200
    elsewhere = {"REMOTE_ADDR": "10.0.0.9"}
    assert shop.client.get("/v1/popular", environ_base=elsewhere).status_code == 401


@pytest.mark.parametrize(
    ("address", "group"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("", "unknown"),
        (None, "unknown"),
        ("unix", "unknown"),
    ],
)
def test_an_ipv6_client_is_its_network(address, group):
    assert group_address(address) == group
    assert rate_limits.FAILURES == "60/minute"
