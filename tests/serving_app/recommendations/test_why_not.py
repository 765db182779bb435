"""Why an item is not in a list, and that the change that is named has it there."""

import pytest

from serving_app.live.events import PURCHASE
from tests.serving_app.conftest import REGULAR
from tests.serving_app.live.events import make_event
from tests.serving_app.recommendations.calls import get, ids

WHO = {"customer_id": REGULAR}


def ask(shop, item_id, **query):
    answer = shop.client.get("/v1/recommendations/why-not", query_string={"item_id": item_id, **query})
    assert answer.status_code == 200, answer.text
    return answer.json


def reasons(absence):
    return [one["reason"] for one in absence["obstacles"]]


def test_an_item_that_is_listed_has_no_obstacle(shop):
    absence = ask(shop, "item-02", **WHO)
    assert (absence["rank"], absence["obstacles"], absence["rank_without"]) == (3, [], None)


@pytest.mark.parametrize(
    ("item_id", "query", "expected", "rank"),
    [
        pytest.param("item-38", {}, ["out_of_stock"], 1, id="sold out: it would be first"),
        pytest.param("item-39", {}, ["not_recommendable", "below_end"], 13, id="and behind the end"),
        pytest.param("item-02", {"exclude": "item-02"}, ["excluded"], 3, id="excluded"),
        pytest.param("item-02", {"filter": "price < 3"}, ["filtered"], 2, id="filtered"),
        pytest.param("item-11", {}, ["below_end"], 12, id="below the end"),
        pytest.param("item-20", {"mode": "strict", "n": 100}, ["lower_rung"], 30, id="of a lower rung"),
        pytest.param("item-02", {"max_per_category": 2}, ["cap"], 3, id="the cap"),
        pytest.param("nothing", {}, ["unknown_item"], None, id="no item of the shop"),
    ],
)
def test_what_keeps_an_item_out(shop, item_id, query, expected, rank):
    absence = ask(shop, item_id, **WHO, **query)
    assert (reasons(absence), absence["rank_without"]) == (expected, rank)


def test_the_change_that_is_named_has_the_item_there(shop):
    body = {"kind": "block", "item_id": "item-11", "until": "2026-02-22T00:00:00Z"}
    override_id = shop.client.post("/v1/overrides", json=body).json["override_id"]
    absence = ask(shop, "item-11", **WHO)
    assert reasons(absence) == ["blocked", "below_end"]
    assert absence["obstacles"][0] == {
        "stage": "overrides",
        "reason": "blocked",
        "override_id": override_id,
        "change": f"remove the override {override_id}",
    }
    assert absence["obstacles"][1]["change"] == "ask with n=12 or more"
    shop.client.delete(f"/v1/overrides/{override_id}")
    assert ids(get(shop, n=12, **WHO))[11] == "item-11" and "item-11" not in ids(get(shop, n=11, **WHO))


def test_a_list_about_an_item(shop):
    page = {"placement": "product", "page_item_id": "item-05"}
    assert ask(shop, "item-06", **page)["rank"] == 1
    absence = ask(shop, "item-05", **page)
    assert reasons(absence) == ["page_item"]
    assert absence["obstacles"][0]["change"] == "nothing: the list is about it"


def test_what_was_bought_is_named(shop):
    shop.live.record([make_event(PURCHASE, "item-00", user="u-regular")])
    absence = ask(shop, "item-00", user_id="u-regular")
    assert (reasons(absence), absence["rank_without"]) == (["bought"], 1)


def test_nothing_published(shop):
    shop.snapshots.publish(None)
    answer = shop.client.get("/v1/recommendations/why-not?item_id=item-00")
    assert answer.status_code == 503
