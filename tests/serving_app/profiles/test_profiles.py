"""Profiles: by any identifier, in parts, with consent and what happened since the night."""

from datetime import UTC, datetime

import pytest

from expectations.contracts.identifiers import hash_identifier
from expectations.contracts.restrictions import CONSENTS, ERASURES, Permission
from serving_app.live.events import CART, VIEW
from serving_app.storage.snapshots import Snapshot
from tests.serving_app.conftest import KEY, NEWCOMER, NOW, REGULAR, SOURCE, pairs
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
        ({"slice": "traits"}, {"traits"}),
        ({"slice": "commerce,live", "fields": "country"}, {"n_orders", "last_order_at", "live", "country"}),
    ],
)
def test_a_part_has_what_was_asked_for(shop, query, fields):
    answer = shop.client.get(f"/v1/customers/{REGULAR}", query_string=query)
    assert {*answer.json} == fields | {"customer_id", "ages", "snapshot"}


def test_traits_are_there_by_their_names_and_without_code(shop):
    assert shop.client.get(f"/v1/customers/{REGULAR}").json["traits"] == {
        "favourite_brand": "Acme",
        "n_orders_of_90_days": 2,
    }
    assert shop.client.get(f"/v1/customers/{NEWCOMER}?fields=traits").json["traits"] == {}


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


def test_what_landed_too_late_for_the_night_is_live_still(shop):
    """The snapshot is of 20 February, and knows live events up to the 18th alone."""
    content = dict(pairs(absorbed_date="2026-02-18"))
    shop.snapshots.publish(Snapshot.from_pairs("night-2", content.items()))
    for day, item_id in ((18, "item-01"), (20, "item-02")):
        at = datetime(2026, 2, day, 12, tzinfo=UTC)
        shop.live.record([make_event(VIEW, item_id, user="u-regular", received_at=at)])
    events = look_up(shop, "email", EMAIL).json["live"]["events"]
    assert [event["item_id"] for event in events] == ["item-02"]


def test_a_no_that_the_live_state_alone_knows_is_one(shop):
    no = make_event(VIEW, "item-01", user="u-regular", has_personalization_consent=False)
    shop.live.record([no])
    assert look_up(shop, "email", EMAIL).status_code == 404


def test_a_no_to_analytics_hides_traits_at_once_and_nothing_else(shop):
    before = look_up(shop, "email", EMAIL).json
    assert before["traits"]
    shop.live.record([make_event(CART, "item-02", user="u-regular", minute=-2, has_analytics_consent=False)])
    for answer in (look_up(shop, "email", EMAIL), shop.client.get(f"/v1/customers/{REGULAR}")):
        assert answer.json["traits"] is None
        assert answer.json["live"]["cart"] == {"item-02": 1}
        assert answer.json["segment_ids"] == before["segment_ids"]
    shop.live.record([make_event(VIEW, user="u-regular", minute=-1, has_analytics_consent=True)])
    assert look_up(shop, "email", EMAIL).json["traits"] == before["traits"]


def test_a_visitor_whom_no_night_has_met_has_live_facts_alone(shop):
    query = "/v1/customers?anonymous_id=b-new"
    assert shop.client.get(query).status_code == 404, "nothing is known"
    shop.live.record([make_event(CART, "item-02", browser="b-new", minute=-1)])
    by_browser = shop.client.get(query).json
    assert by_browser == look_up(shop, "anonymous_id", "b-new").json
    assert by_browser["live"]["cart"] == {"item-02": 1}
    assert by_browser["ages"] == {"night": 9 * 3600.0, "live": 60.0}
    assert by_browser["consent"] == {"personalization": None, "at": None}
    nightly = "customer_id", "is_known", "country", "rfm_segment", "segment_ids", "n_orders", "last_order_at"
    assert {name: by_browser[name] for name in nightly} == dict.fromkeys(nightly)
    part = shop.client.get(f"{query}&slice=live").json
    assert {*part} == {"customer_id", "live", "ages", "snapshot"}
    assert look_up(shop, "email", "b-new").status_code == 404, "an id of another kind is another's"
    assert shop.client.get("/v1/customers/b-new").status_code == 404, "and it is no customer's"


@pytest.mark.parametrize("kind", [CONSENTS, ERASURES])
def test_of_a_visitor_who_may_not_be_answered_for_nothing_live_is_told(shop, kind):
    shop.live.record([make_event(VIEW, "item-02", browser="b-new", minute=-1)])
    assert shop.client.get("/v1/customers?anonymous_id=b-new").status_code == 200
    browser = hash_identifier(KEY, "anonymous_id", SOURCE, "b-new")
    shop.restrictions.record_permission(kind, [browser], Permission(False, NOW, "test"))
    assert shop.client.get("/v1/customers?anonymous_id=b-new").status_code == 404


def test_a_new_visitors_no_in_the_live_state_alone_is_one(shop):
    shop.live.record([make_event(VIEW, "item-01", browser="b-new", minute=-2)])
    shop.live.record([make_event(VIEW, browser="b-new", has_personalization_consent=False)])
    assert shop.client.get("/v1/customers?anonymous_id=b-new").status_code == 404


def test_a_browsers_yes_is_its_customers(shop):
    """Recorded under the browser, which is not what was asked for."""
    shop.live.record([make_event(VIEW, user="u-regular", minute=-1, has_personalization_consent=True)])
    consent = shop.client.get(f"/v1/customers/{REGULAR}").json["consent"]
    assert consent == {"personalization": True, "at": None}


def test_consent_is_part_of_it_and_a_no_has_no_profile(shop):
    assert look_up(shop, "email", EMAIL).json["consent"] == {"personalization": None, "at": None}
    shop.restrictions.record_permission(CONSENTS, [REGULAR], Permission(True, NOW, "test"))
    consent = look_up(shop, "email", EMAIL).json["consent"]
    assert consent == {"personalization": True, "at": "2026-02-21T12:00:00.000000Z"}
    shop.restrictions.record_permission(CONSENTS, [REGULAR], Permission(False, NOW, "test"))
    assert look_up(shop, "email", EMAIL).status_code == 404
