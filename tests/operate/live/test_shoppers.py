"""Simulated shoppers do what people do: a cart holds what was put in, and nobody buys what they have not."""

import random
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from operate.live.shoppers import Shopper, make_shopper

SHOWN = [{"item_id": f"i-{n}", "price": 2.5} for n in range(8)]


def visit(seed: int, n_pages: int = 200) -> list[dict]:
    shopper, events = Shopper(random.Random(seed), "b-1", "s-1"), []
    for _ in range(n_pages):
        events += shopper.make_events(SHOWN, "r-1")
    return events


@given(st.integers(0, 10_000))
def test_what_is_bought_or_taken_out_is_what_was_put_in(seed):
    cart: Counter[str] = Counter()
    for event in visit(seed):
        properties = event["properties"]
        if event["event"] == "Product Added":
            cart[properties["product_id"]] += properties["quantity"]
        elif event["event"] == "Product Removed":
            assert cart.pop(properties["product_id"]) == properties["quantity"]
        elif event["event"] == "Order Completed":
            assert {each["product_id"]: each["quantity"] for each in properties["products"]} == cart
            cart.clear()


def test_every_message_has_an_id_of_its_own_and_answers_its_list():
    events = [event for seed in range(20) for event in visit(seed)]
    assert len({event["messageId"] for event in events}) == len(events)
    answering = [event for event in events if event["event"] != "Product Removed"]
    assert {event["properties"].get("request_id") for event in answering} == {"r-1"}
    assert {event["event"] for event in events} == {
        "Product Viewed",
        "Product Added",
        "Product Removed",
        "Order Completed",
    }


def test_an_order_names_a_list_that_holds_something_of_it():
    for seed in range(20):
        shopper, offered = Shopper(random.Random(seed), "b-1", "s-1"), {}
        for n in range(100):
            shown = [{"item_id": f"i-{n}-{place}", "price": 2.5} for place in range(8)]
            offered[f"r-{n}"] = {each["item_id"] for each in shown}
            for event in shopper.make_events(shown, f"r-{n}"):
                if event["event"] == "Order Completed":
                    bought = {each["product_id"] for each in event["properties"]["products"]}
                    assert bought & offered[event["properties"]["request_id"]]


def test_who_is_shown_nothing_leaves():
    assert Shopper(random.Random(1), "b-1", "s-1").make_events([], "r-1") == []


def test_some_log_in_and_the_others_are_browsers_that_nobody_has_seen():
    draw = random.Random(1)
    shoppers = [make_shopper(draw, ["u-1", "u-2"]) for _ in range(500)]
    assert 100 < sum(bool(each.user_id) for each in shoppers) < 200
    assert len({each.anonymous_id for each in shoppers}) == 500
