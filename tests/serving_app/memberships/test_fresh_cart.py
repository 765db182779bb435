"""In the cart in the last ten minutes and not bought: in at once, out by time, out by a purchase."""

from datetime import timedelta

from expectations.contracts.identifiers import hash_identifier
from serving_app.live.backends import BackendError
from tests.serving_app.conftest import KEY, NOW, REGULAR, SOURCE, Shop
from tests.serving_app.intake.sent_events import bought, send, viewed
from tests.serving_app.memberships.conftest import keep, list_turns, read_told
from tests.serving_app.memberships.nights import make_snapshot


def put_into_cart(shop, message_id="m-1", **who):
    assert send(shop, viewed(message_id, event="Product Added", **who)).json["n_accepted"] == 1


def list_segments(shop, customer_id=REGULAR):
    return shop.client.get(f"/v1/customers/{customer_id}").json["segment_ids"]


def test_in_at_once_and_out_by_time(live_shop, clock):
    assert list_segments(live_shop) == ["vip"]
    put_into_cart(live_shop, userId="u-regular")
    assert list_segments(live_shop) == ["fresh_cart", "vip"]
    clock.move(minutes=9, seconds=59)
    keep(live_shop)
    assert list_segments(live_shop) == ["fresh_cart", "vip"]
    clock.move(seconds=2)
    keep(live_shop)
    assert list_segments(live_shop) == ["vip"]
    assert list_turns(live_shop) == [("fresh_cart", True, "event"), ("fresh_cart", False, "time")]
    entered, left = (one.since for one in read_told(live_shop))
    assert left - entered == 600 * 1_000_000 + 1


def test_an_answer_does_not_wait_for_the_timer(live_shop, clock):
    put_into_cart(live_shop, userId="u-regular")
    clock.move(minutes=10, seconds=1)
    assert list_segments(live_shop) == ["vip"]


def test_out_at_once_when_bought(live_shop, clock):
    put_into_cart(live_shop, userId="u-regular")
    clock.move(minutes=3)
    one = [{"product_id": "item-05", "quantity": 1, "price": 3}]
    send(live_shop, bought("m-2", products=one) | {"userId": "u-regular"})
    assert list_segments(live_shop) == ["vip"]
    keep(live_shop)
    assert list_turns(live_shop) == [("fresh_cart", True, "event"), ("fresh_cart", False, "event")]


def test_the_timer_is_kept_while_the_service_is_down(live_shop, clock):
    put_into_cart(live_shop, userId="u-regular")
    keep(live_shop)
    clock.move(hours=2)
    other = Shop(live_shop.home, clock)
    other.snapshots.publish(live_shop.snapshots.get_current())
    other.database.values, other.database.outbox = live_shop.database.values, live_shop.database.outbox
    keep(other)
    turns = read_told(other)
    assert [(one.segment_id, one.is_entered) for one in turns] == [
        ("fresh_cart", True),
        ("fresh_cart", False),
    ]
    assert turns[1].since - turns[0].since == 600 * 1_000_000 + 1
    assert turns[1].told_at - turns[1].since > 6_000_000_000


def test_a_visitor_whom_no_night_knows(live_shop):
    put_into_cart(live_shop)
    asked = live_shop.client.get("/v1/customers", query_string={"anonymous_id": "b-1"})
    assert asked.json["segment_ids"] == ["fresh_cart"]
    keep(live_shop)
    (turn,) = read_told(live_shop)
    assert turn.customer_id == hash_identifier(KEY, "anonymous_id", SOURCE, "b-1")


def test_an_event_twice_is_told_once(live_shop):
    for _ in range(2):
        send(live_shop, viewed("m-1", event="Product Added", userId="u-regular"))
    keep(live_shop)
    assert list_turns(live_shop) == [("fresh_cart", True, "event")]


def test_a_no_ends_it(live_shop):
    put_into_cart(live_shop, userId="u-regular")
    no = {"consent": {"categoryPreferences": {"personalization": False}}}
    send(live_shop, viewed("m-2", userId="u-regular", context=no))
    keep(live_shop)
    assert [one.segment_id for one in read_told(live_shop) if not one.is_entered] == [
        "champions",
        "fresh_cart",
        "vip",
    ]


def test_the_override_of_a_live_segment(live_shop):
    override = {
        "kind": "pin",
        "item_id": "item-33",
        "position": 1,
        "segment_id": "fresh_cart",
        "until": (NOW + timedelta(days=1)).isoformat(),
        "reason": "finish the cart",
    }
    made = live_shop.client.post("/v1/overrides", json=override)
    assert made.status_code in (200, 201), made.json
    query = {"user_id": "u-regular", "n": 5}
    before = live_shop.client.get("/v1/recommendations", query_string=query).json["items"]
    put_into_cart(live_shop, userId="u-regular")
    after = live_shop.client.get("/v1/recommendations", query_string=query).json["items"]
    assert before[0]["item_id"] != "item-33"
    assert after[0]["item_id"] == "item-33"


def test_without_the_live_states_the_night_answers(live_shop, monkeypatch):
    live_shop.snapshots.publish(make_snapshot("night-2"))
    put_into_cart(live_shop, userId="u-regular")

    def fail(keys):
        raise BackendError("away")

    monkeypatch.setattr(live_shop.database, "read", fail)
    assert list_segments(live_shop) == ["vip"]
