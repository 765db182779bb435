"""Amounts and orders while a day goes on: as the night counts them, in one currency and each order once."""

import pytest

from expectations.contracts import snapshot as contract
from expectations.contracts.identifiers import hash_identifier
from expectations.contracts.live_segments import (
    pack_live_rules,
    pack_segment_base,
    unpack_live_rules,
    unpack_segment_base,
)
from segments.events import Event
from serving_app.storage.snapshots import Snapshot
from tests.serving_app.conftest import KEY, NEWCOMER, NOW, REGULAR, SOURCE
from tests.serving_app.intake.sent_events import bought, send, viewed
from tests.serving_app.memberships import nights
from tests.serving_app.memberships.conftest import keep
from tests.serving_app.memberships.test_nights import iterate_pairs

BEFORE_MIDNIGHT = (int(NOW.timestamp()) - 12 * 3_600 - 60) * 1_000_000
SPENDER = """
segment_id: spender
name: Spender
kind: rule
description: Bought for a hundred or more, ever.
members: {sum: amount, of: purchase, op: ">=", value: 100}
"""
LATE_EVENING = "2026-02-20T23:59:00Z"


@pytest.fixture
def publish(shop, monkeypatch):
    """Publish a night with the segment of spenders."""
    monkeypatch.setitem(nights.TEXTS, "spender", SPENDER)

    def publish(
        name="night-1", currency="", feeds=(SOURCE,), history=(), absorbed="2026-02-20", identifiers=None
    ):
        night = nights.make_snapshot(name, {REGULAR: history}, absorbed, identifiers=identifiers)
        pairs = dict(iterate_pairs(night))
        rules = unpack_live_rules(pairs[contract.LIVE_RULES])
        pairs[contract.LIVE_RULES] = pack_live_rules(rules._replace(order_feeds=feeds))
        key = contract.get_segment_base_key(REGULAR)
        pairs[key] = pack_segment_base(unpack_segment_base(pairs[key])._replace(currency=currency))
        shop.snapshots.publish(Snapshot.from_pairs(name, pairs.items()))
        keep(shop)

    return publish


def buy(shop, message_id, price, currency="EUR", order_id=None, **more):
    products = [{"product_id": "item-05", "quantity": 1, "price": price}]
    fields = {"order_id": order_id or f"o-{message_id}", "currency": currency, "products": products}
    sent = bought(message_id, **{name: value for name, value in fields.items() if value})
    answer = send(shop, sent | {"userId": "u-regular"} | more)
    assert answer.json["n_accepted"] == 1, answer.json


def is_in(shop, segment="spender"):
    return (
        segment in shop.client.get("/v1/customers", query_string={"user_id": "u-regular"}).json["segment_ids"]
    )


def test_amounts_in_another_currency_are_not_added(shop, publish):
    publish(currency="EUR")
    buy(shop, "m-1", 100, "USD")
    buy(shop, "m-2", 60)
    assert not is_in(shop)
    buy(shop, "m-3", 40)
    assert is_in(shop)


def test_the_first_order_of_somebody_new_says_the_currency(shop, publish, clock):
    publish()
    buy(shop, "m-1", 60, "USD")
    buy(shop, "m-2", 60)
    assert not is_in(shop)
    clock.move(hours=2)
    publish("night-1-again")  # which knows of neither yet
    buy(shop, "m-3", 39, "USD")
    assert not is_in(shop)
    buy(shop, "m-4", 1, "USD")
    assert is_in(shop)


def test_what_a_browser_bought_keeps_its_currency_when_it_is_the_users(shop, publish):
    publish()
    buy(shop, "m-1", 60, "USD", userId=None, anonymousId="b-9")
    send(shop, viewed("m-2", anonymousId="b-9", userId="u-regular"))
    buy(shop, "m-3", 60)
    assert not is_in(shop)
    buy(shop, "m-4", 40, "USD")
    assert is_in(shop)


@pytest.mark.parametrize("kept_before", [True, False])
def test_what_a_visitor_bought_keeps_its_currency_when_a_night_knows_them(shop, publish, kept_before):
    """Brought along by whoever keeps all memberships, or by the visitor's own next event."""
    publish(currency="EUR")
    buy(shop, "m-1", 60, "USD", userId=None, anonymousId="b-9")
    stranger = hash_identifier(KEY, "anonymous_id", SOURCE, "b-9")
    publish("night-1-again", currency="EUR", identifiers={stranger: REGULAR})
    if kept_before:
        keep(shop)
    buy(shop, "m-2", 60, userId=None, anonymousId="b-9")
    assert not is_in(shop)
    buy(shop, "m-3", 40)
    assert is_in(shop)


def test_what_a_customer_bought_keeps_its_currency_when_they_are_another(shop, publish):
    """A browser that the night knows as a customer of its own, who buys in dollars, is a user's by now."""
    stranger = hash_identifier(KEY, "anonymous_id", SOURCE, "b-9")
    publish(currency="EUR", identifiers={stranger: NEWCOMER})
    buy(shop, "m-1", 60, "USD", userId=None, anonymousId="b-9")
    send(shop, viewed("m-2", anonymousId="b-9", userId="u-regular"))
    buy(shop, "m-3", 60)
    assert not is_in(shop)
    buy(shop, "m-4", 40)
    assert is_in(shop)


def test_without_a_feed_of_orders_all_are_added_as_the_night_does(shop, publish):
    """The control: of such a shop the night knows no order, so no currency."""
    publish(feeds=())
    buy(shop, "m-1", 60, "USD")
    buy(shop, "m-2", 60)
    assert is_in(shop)


@pytest.mark.parametrize(("feeds", "is_twice"), [((SOURCE,), False), ((), True)])
def test_an_order_that_is_sent_twice_is_one_where_orders_have_a_feed(shop, publish, feeds, is_twice):
    """As a page that is loaded again sends it: by events alone the night takes it for two as well."""
    publish(feeds=feeds)
    for n in range(2):
        buy(shop, f"m-{n}", 60, order_id="o-1")
    assert is_in(shop) == is_twice
    buy(shop, "m-3", 40, order_id="o-2")
    assert is_in(shop)


@pytest.mark.parametrize(("feeds", "is_twice"), [((SOURCE,), False), ((), True)])
def test_an_order_that_the_night_has_is_not_counted_again_by_its_web_event(shop, publish, feeds, is_twice):
    """Bought a minute before midnight, in the feed of that day; the browser tells it on the next."""
    line = Event(
        BEFORE_MIDNIGHT,
        f"line:{SOURCE}:o-1:7",
        "purchase",
        "item-05",
        quantity=1.0,
        price=60.0,
        amount=60.0,
        order_id="o-1",
    )
    publish(history=[line], currency="EUR", feeds=feeds)
    buy(shop, "m-1", 60, order_id="o-1", timestamp=LATE_EVENING)
    assert is_in(shop) == is_twice


def test_a_web_event_of_before_midnight_gives_way_to_the_night_that_has_the_order(shop, publish, clock):
    """Received before that night was published: counted until then, and once from then on."""
    publish(currency="EUR", absorbed="2026-02-19")
    buy(shop, "m-1", 60, order_id="o-1", timestamp=LATE_EVENING)
    buy(shop, "m-2", 40)
    assert is_in(shop)
    line = Event(BEFORE_MIDNIGHT, f"line:{SOURCE}:o-1:7", "purchase", amount=59.0)
    publish("night-2", currency="EUR", history=[line])
    assert not is_in(shop)  # the feed says 59, and the web's 60 do not come on top
    buy(shop, "m-3", 1)
    assert is_in(shop)
