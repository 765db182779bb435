"""Who has said no to personalization since the night: its base and timers tell nothing of them."""

import pytest

from segments.events import Event
from tests.serving_app.conftest import NOW, REGULAR
from tests.serving_app.intake.sent_events import send, viewed
from tests.serving_app.memberships.conftest import keep, read_told
from tests.serving_app.memberships.nights import make_snapshot
from tests.serving_app.memberships.test_nights import add_to_cart, list_segments

HOUR = 3_600_000_000
NOON = int(NOW.timestamp()) * 1_000_000
VIEWS = [Event(NOON - n * HOUR, f"v-{n}", "view") for n in (13, 14, 15)]  # busy until 09:00 behind noon


@pytest.fixture
def busy_shop(shop):
    """The regular is busy by the night, and has said no since."""
    shop.snapshots.publish(make_snapshot("night-1", {REGULAR: VIEWS}))
    keep(shop)
    no = {"consent": {"categoryPreferences": {"personalization": False}}}
    send(shop, viewed("m-1", userId="u-regular", context=no))
    keep(shop)
    return shop


def list_entered(shop):
    return [one.segment_id for one in read_told(shop) if one.is_entered]


def test_their_exits_are_told_once(busy_shop):
    left = [one.segment_id for one in read_told(busy_shop)]
    assert sorted(left) == ["busy", "champions", "vip"]
    keep(busy_shop)
    assert len(read_told(busy_shop)) == 3


def test_neither_a_timer_nor_a_worker_that_takes_the_lead_nor_a_night_again_brings_them_back(
    busy_shop, clock
):
    busy_shop.memberships.keeper._takeover = None  # as in a worker that takes the lead anew
    keep(busy_shop)
    clock.move(hours=12)
    keep(busy_shop)
    busy_shop.snapshots.publish(make_snapshot("again-1", {REGULAR: VIEWS}))
    keep(busy_shop)
    assert list_entered(busy_shop) == []


def test_nobody_is_told_of_while_it_is_not_known_who_said_no(busy_shop, clock, monkeypatch):
    add_to_cart(busy_shop, "m-2", anonymousId="b-2")
    keep(busy_shop)
    assert list_entered(busy_shop) == ["fresh_cart"]
    clock.move(minutes=11)
    n_told = len(read_told(busy_shop))
    with monkeypatch.context() as patch:
        patch.setattr(busy_shop.restrictions, "describe_problem", lambda: "damaged")
        keep(busy_shop)
        assert len(read_told(busy_shop)) == n_told
        assert busy_shop.live.describe_problem() == ""  # events are recorded as ever
    keep(busy_shop)
    assert len(read_told(busy_shop)) == n_told + 1


def test_a_yes_lets_events_count_again(busy_shop, clock):
    clock.move(seconds=1)
    yes = {"consent": {"categoryPreferences": {"personalization": True}}}
    send(busy_shop, viewed("m-2", userId="u-regular", context=yes))
    clock.move(seconds=1)
    add_to_cart(busy_shop, "m-3", userId="u-regular")
    assert "fresh_cart" in list_segments(busy_shop, user_id="u-regular")
