"""A page can say who its user is; where the shop signs that, nobody is believed without the proof."""

from dataclasses import replace

import jwt
import pytest

from expectations.contracts.identifiers import hash_identifier
from serving_app.live.state import VisitorKeys
from tests.serving_app.conftest import KEY, SOURCE
from tests.serving_app.intake.sent_events import log_records, outcomes, send, viewed
from tests.serving_app.keys.made_keys import ORIGIN, bearer, browser_key, make_keys, server_key

SECRET = "a secret of the shop that is long enough to sign with"


@pytest.fixture
def texts(shop):
    """A browser's key and a server's, in a shop that signs its users."""
    keys, texts = make_keys(browser_key("events"), server_key("events", "read"))
    shop.settings = replace(shop.settings, user_token_secrets=(SECRET,))
    shop.use_stores(keys=keys)
    return {"browser": bearer(texts[0]) | {"Origin": ORIGIN}, "server": bearer(texts[1])}


def token(shop, user_id, secret=SECRET):
    claims = {"sub": user_id, "aud": "concierge", "exp": int(shop.clock().timestamp()) + 60}
    return jwt.encode(claims, secret, algorithm="HS256")


def live_items(shop, kind, value):
    key = VisitorKeys((hash_identifier(KEY, kind, SOURCE, value),))
    return [event.item_id for event in shop.live.read(key, None).events]


def test_a_claim_without_proof_reads_and_merges_nothing(shop, texts):
    forged = token(shop, "u-1", secret="another secret that is as long as the first")
    for number, claimed in enumerate(("", forged, token(shop, "u-2"), "x.y.z")):
        event = viewed(f"m-{number}", userId="u-1", type="track", context={"userToken": claimed})
        assert outcomes(send(shop, event, headers=texts["browser"])) == [("accepted", None)]
    for record in log_records(shop):
        assert (record.get("userId"), record["claimedUserId"], record["context"]) == (None, "u-1", {})
    assert live_items(shop, "user_id", "u-1") == []
    assert live_items(shop, "anonymous_id", "b-1") != []


def test_a_claim_with_proof(shop, texts):
    own = viewed("m-1", userId="u-1", context={"userToken": token(shop, "u-1")})
    send(shop, own, headers=texts["browser"])
    by_header = {**texts["browser"], "X-Concierge-User-Token": token(shop, "u-1")}
    send(shop, viewed("m-2", item_id="item-06", userId="u-1"), headers=by_header)
    assert [record["userId"] for record in log_records(shop)] == ["u-1", "u-1"]
    assert SECRET not in str(log_records(shop)) and "userToken" not in str(log_records(shop))
    assert sorted(live_items(shop, "user_id", "u-1")) == ["item-05", "item-06"]


def test_a_server_is_believed(shop, texts):
    send(shop, viewed("m-1", userId="u-1"), headers=texts["server"])
    assert log_records(shop)[0]["userId"] == "u-1"


def test_a_claim_with_nothing_else_is_refused_and_nobody_elses_no_counts(shop, texts):
    no = {"consent": {"categoryPreferences": {"personalization": False}}}
    alone = viewed("m-1", userId="u-regular", anonymousId=..., context=no)
    refused = viewed("m-2", userId="u-regular", event="Unknown", context={**no, "userToken": "x.y.z"})
    answer = send(shop, alone, refused, headers=texts["browser"])
    assert outcomes(answer) == [("quarantined", "missing_field"), ("quarantined", "unknown_type")]
    first, second = log_records(shop)
    assert (first["claimedUserId"], second["claimedUserId"]) == ("u-regular", "u-regular")
    assert "x.y.z" not in second["raw_text"]
    answer = shop.client.get("/v1/recommendations?user_id=u-regular", headers=texts["server"])
    assert answer.json["customer_id"] == "c_regular"

    known_since = send(shop, refused, headers=texts["browser"])
    assert outcomes(known_since) == [("duplicate", "unknown_type")]
    believed = send(shop, refused, headers=texts["server"])
    assert outcomes(believed) == [("quarantined", "unknown_type")], "the shop's own no is no repetition"
    answer = shop.client.get("/v1/recommendations?user_id=u-regular", headers=texts["server"])
    assert answer.json["customer_id"] is None


def test_a_key_names_the_source_of_its_ids(shop):
    keys, (text,) = make_keys(server_key("events", source="other_shop"))
    shop.use_stores(keys=keys)
    send(shop, viewed(), headers=bearer(text))
    assert log_records(shop)[0]["source"] == "other_shop"


def test_a_page_that_can_set_no_header(shop, texts):
    """`sendBeacon`: the key is in the address, or in the body as Segment's client for browsers writes it."""
    key, server = texts["browser"]["Authorization"].split()[1], texts["server"]["Authorization"].split()[1]
    page = {"Origin": ORIGIN, "Content-Type": "text/plain"}
    assert outcomes(send(shop, viewed("m-1"), path=f"/v1/batch?writeKey={key}", headers=page)) == [
        ("accepted", None)
    ]
    large = [viewed(f"n-{n}", pad="x" * 900) for n in range(100)]
    assert send(shop, *large, headers=page, writeKey=key).json["n_accepted"] == 100
    answer = shop.client.post("/v1/page", json={**viewed("m-2"), "writeKey": key}, headers=page)
    assert outcomes(answer) == [("accepted", None)]
    for path, fields in (
        ("/v1/batch", {"writeKey": server}),
        (f"/v1/batch?writeKey={server}", {}),
        ("/v1/batch", {}),
    ):
        assert send(shop, viewed("m-3"), path=path, headers=page, **fields).status_code == 401
    elsewhere = {**page, "Origin": "https://other.example"}
    assert send(shop, viewed("m-3"), headers=elsewhere, writeKey=key).status_code == 403
    assert shop.client.get(f"/v1/popular?writeKey={key}", headers=page).status_code == 401
    assert key not in str(log_records(shop))
