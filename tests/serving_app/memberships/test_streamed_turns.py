"""From an event to a stream: what turns in a request, or by time, leaves the service."""

import re

from serving_app.live.backends import BackendError
from serving_app.memberships.readings import make_readings
from tests.serving_app.memberships.conftest import keep
from tests.serving_app.memberships.test_fresh_cart import put_into_cart
from tests.serving_app.triggers.test_stream import read


def count_waiting(shop):
    [line] = re.findall(rb"^concierge_outbox_transitions (.*)$", shop.client.get("/metrics").data, re.M)
    return float(line)


def test_turns_are_streamed_as_they_are_told(live_shop, clock):
    put_into_cart(live_shop, userId="u-regular")
    assert count_waiting(live_shop) == 1
    assert read(live_shop)[0] == []
    keep(live_shop)
    assert count_waiting(live_shop) == 0
    entered, last = read(live_shop)
    clock.move(minutes=10, seconds=1)
    keep(live_shop)
    left, _ = read(live_shop, "/v1/stream?segment=fresh_cart", last)
    [(_, first, data), (_, second, later)] = entered + left
    assert (first, second) == ("segment.entered", "segment.left")
    assert data["customer_id"] == later["customer_id"] and data["transition_id"] != later["transition_id"]


def test_the_outbox_of_a_store_that_is_away_is_not_counted(live_shop, monkeypatch):
    readings = make_readings(live_shop.memberships.keeper).values()
    assert [reading.read() for reading in readings] == [0, 0.0]
    monkeypatch.setattr(live_shop.database, "read_outbox", raise_away)
    assert [reading.read() for reading in readings] == [None, None]


def raise_away(_):
    raise BackendError("away")
