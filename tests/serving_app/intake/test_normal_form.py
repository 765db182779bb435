"""What the live state learns of an event, worked out by hand; and why an event is refused."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from expectations.contracts.ids import normalise_id
from serving_app.intake.batches import SentEvent
from serving_app.intake.normal_form import normalise_event
from serving_app.intake.receipts import Receipt
from serving_app.live.events import EventItem, LiveEvent
from tests.serving_app.conftest import NOW
from tests.serving_app.intake.sent_events import bought, viewed

RECEIPT = Receipt(
    received_at=NOW,
    source="sample_shop",
    zone=ZoneInfo("Europe/Amsterdam"),
    normalise_item_id=lambda text: normalise_id(text, "item_id", "upper"),
    new_id=lambda: "made",
)


def judge(message, receipt=RECEIPT):
    return normalise_event(SentEvent(message), receipt)


SEEN = (EventItem("ITEM-05"),)


def live(event_type="view", items=SEEN, **fields):
    plain = LiveEvent("m-1", event_type, NOW, NOW, "sample_shop", anonymous_id="b-1", items=items)
    return replace(plain, **fields)


def call(name, **more):
    return viewed(type=name, event=..., properties=..., **more)


OF_ONE = {
    "Product Viewed": "view",
    "Product Added": "cart",
    "Product Removed": "uncart",
    "Product Clicked": "click",
}
EXPECTED = {
    **{name: (viewed(event=name), live(kind)) for name, kind in OF_ONE.items()},
    "an order": (
        bought(request_id="r-1"),
        live(
            "purchase",
            (EventItem("ITEM-01", 2, 3.5), EventItem("ITEM-02")),
            user_id="u-1",
            order_id="o-1",
            request_id="r-1",
            currency="EUR",
        ),
    ),
    "an order of one item": (
        bought(products=[], product_id="a", quantity="3.0", price=" 2.50 "),
        live("purchase", (EventItem("A", 3, 2.5),), user_id="u-1", order_id="o-1", currency="EUR"),
    ),
    "a search": (viewed(event="Products Searched", properties={"query": "tea"}), live("search", ())),
    "the cart": (viewed(event="Cart Viewed"), live("page", ())),
    "a list": (viewed(event="Product List Viewed", properties=None), live("page", ())),
    "a page": (call("page"), live("page", ())),
    "a screen": (call("screen"), live("screen", ())),
    "who it is": (call("identify", userId=7), live("identify", (), user_id="7")),
    "another id": (
        call("alias", userId="u-1", previousId="b-0"),
        live("identify", (), user_id="u-1", anonymous_id="b-0", is_alias=True),
    ),
    "a group": (call("group", userId="u-1"), live("group", (), user_id="u-1")),
    "a click on a list": (
        viewed(
            event="Product Clicked",
            properties={"product_id": " item-05 ", "request_id": "r-1", "position": 2},
        ),
        live("click", request_id="r-1"),
    ),
    "its context": (
        viewed(context={"sessionId": "s-1", "consent": {"categoryPreferences": {"analytics": "no"}}}),
        live(session_id="s-1", has_analytics_consent=False),
    ),
    "where it was": (
        viewed(
            context={
                "device": {"type": " mobile "},
                "timezone": "Asia/Tokyo",
                "campaign": {"name": "spring"},
                "location": {"country": "DE", "latitude": "48.1", "longitude": 11.5},
            }
        ),
        live(
            device="mobile",
            campaign="spring",
            country="DE",
            latitude=48.1,
            longitude=11.5,
            time_zone="Asia/Tokyo",
        ),
    ),
    "no place and no zone": (
        viewed(context={"timezone": "Mars/Olympus", "location": {"latitude": 91, "longitude": 11.5}}),
        live(),
    ),
    "ids in another form": (viewed("\ufeffm-1", anonymousId=" b-1\u200b"), live()),
    "ids of nobody": (viewed(userId=True, context={"sessionId": "x" * 600}), live()),
    "an hour ago, by the shop's clock": (
        viewed(timestamp="2026-02-21T12:00:00"),
        live(occurred_at=NOW - timedelta(hours=1)),
    ),
}


@pytest.mark.parametrize(("message", "expected"), EXPECTED.values(), ids=EXPECTED)
def test_what_the_live_state_learns(message, expected):
    judged = judge(message)
    assert (judged.flaw, judged.event) == (None, expected)


REFUSED = {
    "no type": (viewed(type=...), "unknown_type", "type, event"),
    "no name": (viewed(event=None), "unknown_type", "type, event"),
    "nobody": (viewed(anonymousId=" "), "missing_field", "userId, anonymousId"),
    "no item": (viewed(properties=...), "wrong_kind", "properties"),
    "an empty item": (viewed(item_id=" "), "missing_field", "product_id"),
    "an item that is none": (viewed(item_id="undefined"), "bad_id", "product_id is an unfilled template"),
    "an item that is a fraction": (viewed(item_id=1.5), "wrong_kind", "properties.product_id"),
    "no order id": (bought(order_id=None), "missing_field", "order_id"),
    "an order of nothing": (bought(products=None), "missing_field", "product_id"),
    "a product without an id": (bought(products=[{"price": 1}]), "missing_field", "product_id"),
    "a price": (bought(products=[{"product_id": "a", "price": "cheap"}]), "bad_number", "price"),
    "a negative price": (viewed(properties={"product_id": "a", "price": -0.01}), "bad_number", "price"),
    "a price beyond the column": (
        viewed(properties={"product_id": "a", "price": 1e8}),
        "bad_number",
        "price",
    ),
    "half a piece": (viewed(properties={"product_id": "a", "quantity": 0.5}), "bad_number", "quantity"),
    "no piece": (viewed(properties={"product_id": "a", "quantity": 0}), "bad_number", "quantity"),
    "a million and one": (
        viewed(properties={"product_id": "a", "quantity": 1_000_001}),
        "bad_number",
        "quantity",
    ),
    "a currency": (bought(currency="Euro"), "bad_value", "currency"),
    "a time": (viewed(timestamp="yesterday"), "bad_time", "ISO 8601"),
    "a time to come": (viewed(timestamp="2027-02-21T12:00:00Z"), "bad_time", "when it happened"),
    "a time before the web": (viewed(timestamp="1970-01-01T00:00:00Z"), "bad_time", "when it happened"),
    "a context that is a list": (viewed(context=[]), "wrong_kind", "context"),
    "a page that is a text": (viewed(context={"page": "/"}), "wrong_kind", "context.page"),
    "a long path": (viewed(context={"page": {"path": "/" * 8_193}}), "too_large", "context.page.path"),
    "an id of signs that double": (viewed("#" * 512), "too_large", "messageId"),
    "a long id": (viewed("m" * 513), "bad_id", "messageId has more than 512"),
}


@pytest.mark.parametrize(("message", "reason", "detail"), REFUSED.values(), ids=REFUSED)
def test_why_an_event_is_refused(message, reason, detail):
    judged = judge(message)
    assert judged.event is None
    assert judged.flaw.reason == reason and detail in judged.flaw.detail
    assert judged.key.startswith("refused:")


def test_no_value_is_quoted():
    secret = "ada@shop.example"
    for message in (
        viewed(event=secret),
        viewed(timestamp=secret),
        viewed(item_id=[secret]),
        bought(currency=secret),
        viewed(properties={"product_id": "a", "price": secret}),
        viewed(context={"page": secret}),
    ):
        judged = judge(message)
        assert judged.flaw and secret not in judged.flaw.detail


def test_what_a_request_says_of_all_its_events():
    fields = {"context": {"userAgent": "a", "sessionId": "general"}, "sentAt": "2027-02-21T12:00:30Z"}
    receipt = replace(RECEIPT, fields=fields)
    judged = judge(viewed(context={"sessionId": "own"}, timestamp="2027-02-21T12:00:00Z"), receipt)
    assert judged.event.session_id == "own"
    assert judged.event.occurred_at == NOW - timedelta(seconds=30)
    assert judge(viewed(context="text"), receipt).flaw.reason == "wrong_kind"
