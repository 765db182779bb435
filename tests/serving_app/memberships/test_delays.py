"""What metrics say of how late live segments are: each stage by itself, the watermark, and what waits."""

import pytest

from serving_app.live.backends import BackendError
from serving_app.memberships import keeper as module
from serving_app.memberships.readings import make_readings
from serving_app.metrics.declarations import REGISTRY
from tests.serving_app.memberships.conftest import keep
from tests.serving_app.memberships.test_fresh_cart import put_into_cart

WATERMARK = "concierge_segment_watermark_timestamp_seconds"


@pytest.fixture
def count():
    """Observations and seconds of a histogram since the test began."""

    def read(name):
        return [REGISTRY.get_sample_value(f"concierge_{name}_seconds_{part}") for part in ("count", "sum")]

    names = ("live_event", "transition_told")
    before = {name: read(name) for name in names}
    return lambda name: tuple(now - was for now, was in zip(read(name), before[name], strict=True))


def test_a_turn_is_timed_from_the_events_receipt(live_shop, clock, count):
    put_into_cart(live_shop, userId="u-regular")
    assert count("live_event") == (1, 0)
    clock.move(seconds=3)
    age = make_readings(live_shop.memberships.keeper)["concierge_outbox_age_seconds"]
    assert (age.read(), count("transition_told")) == (3.0, (0, 0))
    keep(live_shop)
    assert (age.read(), count("transition_told")) == (0.0, (1, 3.0))


def test_an_event_that_waited_for_the_live_states_is_late(live_shop, clock, count, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(live_shop.database, "update", raise_away)
        put_into_cart(live_shop, userId="u-regular")
    assert count("live_event") == (0, 0)
    clock.move(seconds=31)  # behind which the breaker asks again
    live_shop.live.flush()
    assert count("live_event") == (1, 31.0)


def raise_away(*_):
    raise BackendError("away")


def test_the_watermark_is_the_moment_up_to_which_all_are_decided(live_shop, clock, monkeypatch):
    """Two carts a minute apart; a worker that gets through one a turn is behind by the others."""
    put_into_cart(live_shop, "m-1", userId="u-regular")
    keep(live_shop)
    assert REGISTRY.get_sample_value(WATERMARK) == clock().timestamp()
    first = clock().timestamp()
    clock.move(minutes=1)
    put_into_cart(live_shop, "m-2", anonymousId="cookie-newcomer")
    clock.move(minutes=11)
    monkeypatch.setattr(module, "MOST_LOOKS", 1)
    monkeypatch.setattr(module, "DUE_AT_ONCE", 1)
    behind = []
    for _ in range(3):
        keep(live_shop, 1)
        behind.append(REGISTRY.get_sample_value(WATERMARK) - first - 600)
    assert behind == pytest.approx([0, 60, 120], abs=1e-3)
