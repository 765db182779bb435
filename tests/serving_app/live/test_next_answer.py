"""What is sent to one worker is known to the next answer of another, over the database on disk."""

import json

import pytest

from serving_app.stores import open_stores
from tests.serving_app.conftest import Shop
from tests.serving_app.intake.sent_events import bought, send, viewed


@pytest.fixture
def workers(tmp_path, clock):
    """Two workers of one home, each with the live states on its disk."""
    shops = [Shop(tmp_path, clock) for _ in range(2)]
    for shop in shops:
        shop.use_stores(live=open_stores(shop.settings, clock).live, restrictions=shops[0].restrictions)
        shop.stores.live._roots = shop.live._roots  # the snapshot and the restrictions of the small shop
    return shops


def list_items(shop, **who):
    answer = shop.client.get("/v1/recommendations", query_string={"n": 10, **who})
    assert answer.status_code == 200
    return [item["item_id"] for item in answer.json["items"]]


@pytest.mark.parametrize("who", [{"user_id": "u-regular"}, {"anonymous_id": "b-1"}])
def test_what_was_bought_is_gone_with_the_next_answer(workers, who):
    sender, asked = workers
    item_id = list_items(asked, **who)[0]
    ids = {"anonymousId": "b-1", "userId": who.get("user_id", ...)}
    order = bought("m-9", products=[{"product_id": item_id, "quantity": 1}]) | ids
    order = {name: value for name, value in order.items() if value is not ...}
    assert send(sender, order).json["n_accepted"] == 1
    assert item_id not in list_items(asked, **who) and item_id not in list_items(sender, **who)


def test_somebody_elses_purchase_changes_nothing(workers):
    """What the test above would see of an answer that knows nothing."""
    sender, asked = workers
    before = list_items(asked, user_id="u-regular")
    send(sender, bought("m-9", products=[{"product_id": before[0]}]) | {"userId": "u-else"})
    assert list_items(asked, user_id="u-regular") == before


def test_a_no_sent_to_one_worker_is_the_others_too(workers):
    sender, asked = workers
    item_id = list_items(asked, anonymous_id="b-1")[0]
    no = {"consent": {"categoryPreferences": {"personalization": False}}}
    send(sender, bought("m-1", products=[{"product_id": item_id}]) | {"userId": None})
    assert item_id not in list_items(asked, anonymous_id="b-1")
    send(sender, viewed("m-2", "item-07", context=no))
    assert item_id in list_items(asked, anonymous_id="b-1")
    assert json.loads(asked.client.get("/readyz").data)["problems"] == []
