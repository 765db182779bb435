"""Profiles: by any identifier, in parts, with consent and what happened since the night."""

import pytest

from expectations.contracts.restrictions import CONSENTS, Permission
from serving_app.live.events import CART, VIEW
from tests.serving_app.conftest import NOW, REGULAR
from tests.serving_app.live.events import make_event

EMAIL = "ada@shop.example"


def look_up(shop, kind, value, **more):
    return shop.client.post("/v1/customers/lookup", json={"kind": kind, "value": value, **more})


def test_a_customer_is_found_by_any_identifier(shop):
    by_id = shop.client.get(f"/v1/customers/{REGULAR}").json
    assert by_id["customer_id"] == REGULAR and by_id["n_orders"] == 4
    found = [
        shop.client.get("/v1/customers?user_id=u-regular"),
        look_up(shop, "user_id", "u-regular"),
        look_up(shop, "email", EMAIL),
        look_up(shop, "email", " Ada@Shop.example"),
    ]
    assert [answer.json for answer in found] == [by_id] * 4
    assert look_up(shop, "crm_id", "u-regular").status_code == 404, "an id of another kind is another's"
    assert shop.client.get("/v1/customers", query_string={"email": EMAIL}).status_code == 400


def test_nothing_sent_is_quoted(shop):
    for answer in (look_up(shop, "email", "no@shop.example"), look_up(shop, "mail", EMAIL)):
        assert answer.status_code in (400, 404) and "@" not in answer.text


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ({"fields": "n_orders,country"}, {"n_orders", "country"}),
        ({"slice": "segments"}, {"rfm_segment", "segment_ids"}),
        ({"slice": "commerce,live", "fields": "country"}, {"n_orders", "last_order_at", "live", "country"}),
    ],
)
def test_a_part_has_what_was_asked_for(shop, query, fields):
    answer = shop.client.get(f"/v1/customers/{REGULAR}", query_string=query)
    assert {*answer.json} == fields | {"customer_id", "ages", "snapshot"}


def test_what_is_unknown_is_refused(shop):
    for query in ({"fields": "email"}, {"slice": "everything"}, {"field": "country"}):
        answer = shop.client.get(f"/v1/customers/{REGULAR}", query_string=query)
        assert answer.status_code == 400


def test_live_facts_stand_beside_those_of_the_night_with_their_ages(shop):
    shop.live.record([make_event(VIEW, "item-01", user="u-regular", minute=-3)])
    shop.live.record([make_event(CART, "item-02", user="u-regular", minute=-1)])
    profile = look_up(shop, "email", EMAIL).json
    assert [(event["item_id"], event["event_type"]) for event in profile["live"]["events"]] == [
        ("item-02", "cart"),
        ("item-01", "view"),
    ]
    assert profile["live"]["cart"] == {"item-02": 1}
    # published at 03:00, now it is 12:00
    assert profile["ages"] == {"night": 9 * 3600.0, "live": 60.0}


def test_consent_is_part_of_it_and_a_no_has_no_profile(shop):
    assert look_up(shop, "email", EMAIL).json["consent"] == {"personalization": None, "at": None}
    shop.restrictions.record_permission(CONSENTS, [REGULAR], Permission(True, NOW, "test"))
    consent = look_up(shop, "email", EMAIL).json["consent"]
    assert consent == {"personalization": True, "at": "2026-02-21T12:00:00.000000Z"}
    shop.restrictions.record_permission(CONSENTS, [REGULAR], Permission(False, NOW, "test"))
    assert look_up(shop, "email", EMAIL).status_code == 404
