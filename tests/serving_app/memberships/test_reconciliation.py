"""Each cause for which a night decides otherwise than live segments did is found where it is the cause, and
the night's answer is in force afterwards.
"""

import json

import pytest

from expectations.contracts import snapshot as contract
from expectations.contracts.home import HomePaths
from expectations.contracts.live_segments import pack_segment_base, unpack_segment_base
from segments.events import Event
from serving_app.metrics.declarations import REGISTRY
from serving_app.storage.snapshots import Snapshot
from tests.serving_app.conftest import NEWCOMER, NOW, REGULAR
from tests.serving_app.intake.sent_events import send, viewed
from tests.serving_app.memberships.conftest import keep
from tests.serving_app.memberships.nights import make_snapshot
from tests.serving_app.memberships.test_nights import iterate_pairs

NOON = int(NOW.timestamp()) * 1_000_000
HOUR = 3_600_000_000


def view(name, at=NOON, item_id="item-05"):
    return Event(at, name, "view", item_id)


@pytest.fixture
def publish_next(live_shop, clock):
    """Publish the night of the day, and what its report says: causes by customer and segment, live or not."""

    def publish(histories, change_base=None):
        clock.move(hours=13)
        night = make_snapshot("night-2", histories, absorbed="2026-02-21")
        if change_base:
            pairs = dict(iterate_pairs(night))
            key = contract.get_segment_base_key(REGULAR)
            pairs[key] = pack_segment_base(change_base(unpack_segment_base(pairs[key])))
            night = Snapshot.from_pairs("night-2", pairs.items())
        before = count_by_cause()
        live_shop.snapshots.publish(night)
        keep(live_shop)
        report = json.loads(HomePaths(live_shop.home).live_parity_report("night-2").read_text())
        assert report["n_differing"] == len(report["differences"]) == sum(report["by_cause"].values())
        now = count_by_cause()
        counted = {cause: n for cause in now if (n := now[cause] - before.get(cause, 0))}
        assert counted == report["by_cause"]
        return {
            (each["customer_id"], each["segment_id"], each["is_live"]): each["cause"]
            for each in report["differences"]
        }

    return publish


def count_by_cause():
    [family] = [each for each in REGISTRY.collect() if each.name == "concierge_live_differences"]
    return {one.labels["cause"]: one.value for one in family.samples if one.name.endswith("_total")}


def view_live(shop, *names, **who):
    for name in names:
        send(shop, viewed(name, **(who or {"userId": "u-regular"})))
    keep(shop)


def list_segments(shop):
    return shop.client.get(f"/v1/customers/{REGULAR}").json["segment_ids"]


def test_nothing_differs_where_both_have_the_same(live_shop, publish_next):
    """The negative control of all below."""
    view_live(live_shop, "m-0", "m-1", "m-2")
    assert publish_next({REGULAR: [view(f"m-{n}") for n in range(3)]}) == {}
    assert list_segments(live_shop) == ["busy", "vip"]


def test_late(live_shop, publish_next):
    view_live(live_shop, "m-0", "m-1")
    more = view("line:1", NOON + HOUR)
    assert publish_next({REGULAR: [view("m-0"), view("m-1"), more]}) == {(REGULAR, "busy", False): "late"}
    assert list_segments(live_shop) == ["busy", "vip"]


def test_merge(live_shop, publish_next):
    """A browser said that it is the user's, and the night's rules of identity do not follow it."""
    view_live(live_shop, "m-0", anonymousId="cookie-newcomer")
    view_live(live_shop, "m-1", userId="u-regular")
    view_live(live_shop, "m-2", anonymousId="cookie-newcomer", userId="u-regular")
    assert "busy" in list_segments(live_shop)
    histories = {REGULAR: [view("m-1"), view("m-2")], NEWCOMER: [view("m-0")]}
    assert publish_next(histories) == {(REGULAR, "busy", True): "merge"}
    assert list_segments(live_shop) == ["vip"]


def test_clock(live_shop, publish_next):
    """A device that was a day ahead: the night has corrected one of the three."""
    view_live(live_shop, "m-0", "m-1", "m-2")
    corrected = view("m-0", NOON - 24 * HOUR)
    histories = {REGULAR: [corrected, view("m-1"), view("m-2")]}
    assert publish_next(histories) == {(REGULAR, "busy", True): "clock"}
    assert list_segments(live_shop) == ["vip"]


def test_lost_timer(live_shop, publish_next):
    """In the cart at noon, and until the night nobody has looked at whose ten minutes are over."""
    send(live_shop, viewed("m-0", event="Product Added", userId="u-regular"))
    cart = Event(NOON, "m-0", "cart", "item-05", quantity=1.0)
    assert publish_next({REGULAR: [cart]}) == {(REGULAR, "fresh_cart", True): "lost timer"}
    assert list_segments(live_shop) == ["vip"]


def test_a_timer_that_was_looked_at_is_not_lost(live_shop, publish_next, clock):
    """The control: the same, and the worker with the lead has looked within the day."""
    send(live_shop, viewed("m-0", event="Product Added", userId="u-regular"))
    clock.move(minutes=11)
    keep(live_shop)
    assert publish_next({REGULAR: [Event(NOON, "m-0", "cart", "item-05", quantity=1.0)]}) == {}


def test_an_overdue_timer_is_not_blamed_for_what_else_differs(live_shop, publish_next):
    """Nobody has looked at the cart, and a view of the feed makes them busy as well."""
    view_live(live_shop, "m-0", "m-1")
    send(live_shop, viewed("m-2", event="Product Added", userId="u-regular"))
    cart = Event(NOON, "m-2", "cart", "item-05", quantity=1.0)
    assert publish_next({REGULAR: [view("m-0"), view("m-1"), cart, view("line:1")]}) == {
        (REGULAR, "busy", False): "late",
        (REGULAR, "fresh_cart", True): "lost timer",
    }


def test_context(live_shop, publish_next):
    """The events are the same; what the rule asks beside them, as a list that was uploaded, is other."""
    view_live(live_shop, "m-0")

    def change(base):
        return base._replace(members={"busy": NOON}, lists=("vip",))

    assert publish_next({REGULAR: [view("m-0")]}, change) == {(REGULAR, "busy", False): "context"}
    assert list_segments(live_shop) == ["busy", "vip"]


def test_other(live_shop, publish_next):
    """Nothing is other, and still the night says it: two hosts of one definition have parted."""
    view_live(live_shop, "m-0")
    change = {"members": {"busy": NOON}}
    found = publish_next({REGULAR: [view("m-0")]}, lambda base: base._replace(**change))
    assert found == {(REGULAR, "busy", False): "other"}
