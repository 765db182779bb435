"""The answer after an event knows it: what was bought is gone, the cart is left out, fatigue counts."""

from datetime import timedelta

import pytest

from expectations.contracts.restrictions import CONSENTS, Permission
from serving_app.live.events import CART, PURCHASE, VIEW
from tests.serving_app.conftest import NOW, REGULAR
from tests.serving_app.live.events import make_event
from tests.serving_app.recommendations.calls import get, ids

PATHS = ("/v1/recommendations", "/v1/popular", "/v1/items/item-05/similar")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("who", [{"anonymous_id": "new"}, {"user_id": "u-regular"}])
def test_what_was_bought_is_gone_from_the_next_answer(shop, path, who):
    before = ids(get(shop, path, n=100, **who))
    others = ids(get(shop, path, n=100))
    names = {"anonymous_id": "browser", "user_id": "user"}
    [(kind, value)] = who.items()
    shop.live.record([make_event(PURCHASE, before[1], **{names[kind]: value})])
    assert ids(get(shop, path, n=100, **who)) == [before[0], *before[2:]]
    assert ids(get(shop, path, n=100)) == others, "nobody else's list changes"


def test_an_event_over_http_counts_in_the_next_answer(shop):
    event = {
        "messageId": "m-1",
        "userId": "u-regular",
        "event": "Order Completed",
        "properties": {"order_id": "o-1", "products": [{"product_id": "item-00", "quantity": 1}]},
        "timestamp": "2026-02-21T11:59:59Z",
    }
    assert ids(get(shop, user_id="u-regular", n=1)) == ["item-00"]
    accepted = shop.client.post("/v1/track", json=event)
    assert accepted.status_code == 200, accepted.text
    assert ids(get(shop, user_id="u-regular", n=1)) == ["item-01"]
    assert get(shop, user_id="u-regular")["ages"]["live"] is not None


def test_what_the_night_has_absorbed_counts_no_more(shop):
    # the snapshot is of 20 February; a purchase received then is the night's to know
    early = NOW - timedelta(days=1)
    shop.live.record([make_event(PURCHASE, "item-00", user="u-regular", received_at=early)])
    assert ids(get(shop, user_id="u-regular", n=1)) == ["item-00"]


def test_the_cart_is_left_out_and_fills_a_rung_of_its_own(shop):
    shop.live.record([make_event(CART, "item-05", browser="new")])
    assert "item-05" not in ids(get(shop, anonymous_id="new", n=100))
    answer = get(shop, anonymous_id="new", placement="cart", n=2)
    # similar to item-05 are item-06, 07 and 08; the placement allows three of a category
    assert (answer["source"], ids(answer)) == ("cart", ["item-06", "item-07"])
    assert answer["items"][0]["reason"].startswith("similar to item-05, which is in the cart")


def test_whoever_says_no_is_shown_what_a_stranger_is(shop):
    shop.live.record([make_event(PURCHASE, "item-37", browser="cookie-newcomer")])
    known = get(shop, anonymous_id="cookie-newcomer", n=100)
    assert "item-37" not in ids(known)
    shop.restrictions.record_permission(
        CONSENTS, [shop.ids["cookie-newcomer"], "c_newcomer"], Permission(False, NOW, "test")
    )
    answer = get(shop, anonymous_id="cookie-newcomer", n=100)
    assert ids(answer) == ids(get(shop, n=100)) and "item-37" in ids(answer)
    assert answer["ages"]["live"] is None


def test_what_is_shown_again_and_again_sinks_where_the_placement_says_so(shop):
    shown = []
    for _ in range(6):
        shown.append(ids(get(shop, user_id="u-regular", placement="home", n=3, diversity=0)))
        shop.live.flush()
        shop.clock.move(minutes=1)
    assert shown[:4] == [["item-00", "item-01", "item-02"]] * 4, "three times are free"
    # 0.99, 0.98 and 0.97 have lost a tenth: item-03 with its 0.96 is the best
    assert shown[4] == ["item-03", "item-04", "item-05"]
    again = [ids(get(shop, user_id="u-regular", n=3)) for _ in range(6)]
    assert again == [["item-00", "item-01", "item-02"]] * 6, "and nowhere else"


def test_a_session_without_learned_weights_leaves_the_list_as_it_is(shop):
    before = get(shop, user_id="u-regular")
    shop.live.record([make_event(VIEW, "item-05", user="u-regular")])
    assert ids(get(shop, user_id="u-regular")) == ids(before)


@pytest.mark.parametrize("path", PATHS)
def test_a_filter_holds_on_every_rung(shop, path):
    query = {"n": 100, "filter": "price < $most and not item_id in $not", "customer_id": REGULAR}
    answer = get(shop, path, **query | {"param.most": "20", "param.not": "item-03,item-04"})
    # an item's price is 2.5 and its number
    assert {*ids(answer)} == {f"item-{n:02d}" for n in range(18)} - {"item-03", "item-04"} - (
        {"item-05"} if "similar" in path else set()
    )
    body = {"filter": query["filter"], "parameters": {"most": 20, "not": ["item-03"]}, "n": 1}
    assert shop.client.post("/v1/recommendations", json=body).status_code == 200


@pytest.mark.parametrize(
    "query", [{"filter": "prise < 3"}, {"filter": "price < $most"}, {"param.most": "3"}, {"parameters": "{}"}]
)
def test_a_filter_that_is_not_understood_is_refused(shop, query):
    assert shop.client.get("/v1/recommendations", query_string=query).status_code == 400
