"""A shop's other systems send what happened of their own accord: signed, mapped, stored, known at once."""

import base64
import hashlib
import hmac
import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expectations.contracts.home import HomePaths
from expectations.contracts.identifiers import hash_identifier
from serving_app.intake.webhook_declaration import Signature
from serving_app.intake.webhook_signature import is_signed
from serving_app.live.state import VisitorKeys
from serving_app.metrics import declarations as metrics
from tests.serving_app.conftest import KEY, SOURCE

EXAMPLES = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "webhooks"
SECRET, NEXT_SECRET = "of the shop's platform", "the one that follows it"
HEADER = "X-Shopify-Hmac-Sha256"
ORDER = {
    "id": 450789469,
    "created_at": "2026-02-21T07:30:00-04:00",
    "currency": "EUR",
    "cart_token": "cart-1",
    "customer": {"id": 207119551, "email": "bob@example.org"},
    "shipping_address": None,
    "billing_address": {"country_code": "FR"},
    "line_items": [
        {"product_id": "item-01", "quantity": 2, "price": "4.50", "title": "Mug"},
        {"product_id": "item-02", "quantity": 1, "price": "3.00", "title": "Cup"},
    ],
}


def sign(body: bytes, secret: str = SECRET) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


@pytest.fixture
def hooks(shop):
    """The shop with the two webhooks of the examples."""
    shutil.copytree(EXAMPLES, HomePaths(shop.home).webhooks)
    secrets = {"orders_create": (NEXT_SECRET, SECRET), "customers_update": (SECRET,)}
    return restart(shop, secrets)


def restart(shop, secrets):
    shop.settings = replace(shop.settings, webhook_secrets=secrets)
    shop.use_stores()
    return shop


def send(shop, name: str, document: object, **headers: str):
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return shop.client.post(f"/v1/webhooks/{name}", data=body, headers={HEADER: sign(body), **headers})


def read_log(shop) -> list[dict]:
    """What the night will read, once the worker has finished its file."""
    shop.stores.events.rotate(is_forced=True)
    files = sorted(HomePaths(shop.home).event_log.glob("*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def test_an_order_is_logged_as_an_event_and_known_at_once(hooks):
    answer = send(hooks, "orders_create", ORDER)
    assert (answer.status_code, answer.json["n_accepted"]) == (200, 1)
    [record] = read_log(hooks)
    assert (record["type"], record["event"], record["userId"]) == ("track", "Order Completed", 207119551)
    assert (record["source"], record["timestamp"]) == (SOURCE, "2026-02-21T11:30:00.000000Z")
    assert record["properties"] == {
        "order_id": 450789469,
        "currency": "EUR",
        "products": [
            {"product_id": "item-01", "quantity": 2, "price": "4.50"},
            {"product_id": "item-02", "quantity": 1, "price": "3.00"},
        ],
    }
    assert record["context"] == {"location": {"country": "FR"}}, "the first place that holds something"
    assert "bob@example.org" not in json.dumps(record), "what is not declared is not kept"
    bought = [(event.item_id, event.quantity) for event in read_live(hooks, user_id="207119551").events]
    assert bought == [("item-01", 2), ("item-02", 1)]


def read_live(shop, **ids: str):
    """What is known of a visitor."""
    names = tuple(hash_identifier(KEY, kind, SOURCE, value) for kind, value in ids.items())
    return shop.live.read(VisitorKeys(names), None)


def test_a_changed_customers_no_holds_at_once(hooks):
    customer = {"id": "u-regular", "updated_at": "2026-02-21T08:30:00Z", "first_name": "Ann"}
    before = hooks.client.get("/v1/recommendations?user_id=u-regular").json
    assert before["source"] == "personal"
    no = customer | {"consent": {"personalization": {"state": "unsubscribed"}}}
    assert send(hooks, "customers_update", no).json["n_accepted"] == 1
    assert hooks.client.get("/v1/recommendations?user_id=u-regular").json["source"] == "popular"


@pytest.mark.parametrize(
    ("state", "source"), [(False, "popular"), (0, "popular"), (True, "personal"), (None, "personal")]
)
def test_a_platforms_words_may_be_no_texts(hooks, state, source):
    path = HomePaths(hooks.home).webhooks / "customers_update.yml"
    words = {"subscribed: true": '"true": "yes"', "unsubscribed: false": '"false": "no"\n        "0": "no"'}
    text = path.read_text()
    for word, json_word in words.items():
        text = text.replace(f" {word}", f" {json_word}", 1)
    path.write_text(text)
    restart(hooks, {"orders_create": (SECRET,), "customers_update": (SECRET,)})
    customer = {"id": "u-regular", "updated_at": "2026-02-21T08:30:00Z"}
    said = customer | {"consent": {"personalization": {"state": state}}}
    assert send(hooks, "customers_update", said).json["n_accepted"] == 1
    [record] = read_log(hooks)
    expected = None if state is None else "yes" if state else "no"
    found = record.get("context", {}).get("consent", {}).get("categoryPreferences", {})
    assert found.get("personalization") == expected
    assert hooks.client.get("/v1/recommendations?user_id=u-regular").json["source"] == source


def test_a_consent_without_its_time_is_not_declared(hooks):
    """A delivery that is sent again after the week for which its id is remembered would count as of now."""
    path = HomePaths(hooks.home).webhooks / "customers_update.yml"
    path.write_text(path.read_text().replace("    timestamp: updated_at\n", ""))
    restart(hooks, {"orders_create": (SECRET,), "customers_update": (SECRET,)})
    assert "needs timestamp" in json.dumps(hooks.client.get("/readyz").json)


@pytest.mark.parametrize("name", ["orders_create", "customers_update"])
@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        "not base64!",
        "ü",
        sign(b"another body"),
        sign(json.dumps(ORDER).encode(), "another secret"),
        sign(json.dumps(ORDER).encode(), ""),
        sign(json.dumps(ORDER).encode())[:-4],
        hmac.new(SECRET.encode(), json.dumps(ORDER).encode(), hashlib.sha256).hexdigest(),
        "A" * 100_000,
    ],
)
def test_without_its_signature_nothing_is_taken(hooks, name, signature, caplog):
    before = count_unsigned()
    headers = {} if signature is None else {HEADER: signature.encode()}
    answer = hooks.client.post(f"/v1/webhooks/{name}", data=json.dumps(ORDER), headers=headers)
    assert (answer.status_code, answer.json["type"]) == (401, "urn:concierge:problem:bad-signature")
    assert read_log(hooks) == []
    assert count_unsigned() == before + 1
    assert f"webhook {name}: a delivery without its signature was refused" in caplog.text


def count_unsigned() -> float:
    return metrics.REFUSED.labels(reason="bad-signature")._value.get()


def test_a_flood_of_unsigned_deliveries_is_one_line_a_minute(hooks, caplog):
    for _ in range(50):
        hooks.client.post("/v1/webhooks/orders_create", data=b"{}")
    hooks.clock.move(seconds=61)
    hooks.client.post("/v1/webhooks/orders_create", data=b"{}")
    assert caplog.text.count("a delivery without its signature was refused") == 2


def test_a_delivery_that_comes_again_is_a_duplicate_whatever_its_headers_say(hooks):
    """A platform repeats what was not answered in time; whoever saw one delivery can repeat it, too."""
    first = send(hooks, "orders_create", ORDER, **{"X-Shopify-Webhook-Id": "one"})
    hooks.clock.move(days=3)
    again = send(hooks, "orders_create", ORDER, **{"X-Shopify-Webhook-Id": "another"})
    assert (first.json["n_accepted"], again.json["n_accepted"], again.json["n_duplicate"]) == (1, 0, 1)
    assert len(read_log(hooks)) == 1
    assert send(hooks, "orders_create", ORDER | {"id": 2}).json["n_accepted"] == 1, "the control"


def test_a_delivery_for_one_webhook_is_none_for_another(hooks):
    restart(hooks, {"orders_create": (SECRET,), "customers_update": (NEXT_SECRET,)})
    assert send(hooks, "customers_update", ORDER).status_code == 401


def test_two_secrets_hold_while_one_replaces_the_other(hooks):
    body = json.dumps(ORDER).encode()
    for secret in (SECRET, NEXT_SECRET):
        answer = hooks.client.post(
            "/v1/webhooks/orders_create", data=body, headers={HEADER: sign(body, secret)}
        )
        assert answer.status_code == 200
    restart(hooks, {"orders_create": (NEXT_SECRET,)})
    assert send(hooks, "orders_create", ORDER).status_code == 401


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not_parseable"),
        (b"[1]", "not_parseable"),
        (b'{"id": NaN}', "not_parseable"),
        (b"\xff", "not_parseable"),
        (b"[" * 100_000, "not_parseable"),
        (b"{}", "missing_field"),
        (json.dumps(ORDER | {"line_items": []}).encode(), "missing_field"),
        (json.dumps(ORDER | {"line_items": "?"}).encode(), "missing_field"),
        (json.dumps(ORDER | {"line_items": [1]}).encode(), "wrong_kind"),
        (json.dumps(ORDER | {"created_at": "soon"}).encode(), "bad_time"),
        (json.dumps(ORDER | {"customer": [{}], "cart_token": None}).encode(), "missing_field"),
    ],
)
def test_a_signed_delivery_that_does_not_fit_is_quarantined_and_acknowledged(hooks, body, reason):
    """A platform switches a webhook off that answers with errors."""
    answer = send(hooks, "orders_create", body)
    assert (answer.status_code, answer.json["n_quarantined"]) == (200, 1)
    assert answer.json["events"][0]["reason"] == reason
    [record] = read_log(hooks)
    assert record["quarantined"]["reason"] == reason
    assert send(hooks, "orders_create", ORDER).json["n_accepted"] == 1


def test_a_large_delivery_is_refused(hooks):
    assert send(hooks, "orders_create", b'"' + b"x" * (500 << 10) + b'"').status_code == 413


def test_other_names_and_methods(hooks):
    for name in ("nothing", "..%2Fplacements", "orders_create.yml", "ORDERS_CREATE"):
        assert send(hooks, name, ORDER).status_code == 404, name
    assert hooks.client.get("/v1/webhooks/orders_create").status_code == 405


def test_a_file_that_is_wrong_is_named_and_its_neighbours_work(hooks):
    folder = HomePaths(hooks.home).webhooks
    (folder / "broken.yml").write_text("signature: {header: X, encoding: rot13}\n")
    (folder / "no_secret.yml").write_text((EXAMPLES / "orders_create.yml").read_text())
    restart(hooks, {"orders_create": (SECRET,), "customers_update": (SECRET,)})
    assert send(hooks, "orders_create", ORDER).json["n_accepted"] == 1
    assert send(hooks, "broken", ORDER).status_code == 404
    assert send(hooks, "no_secret", ORDER).status_code == 401
    problems = json.dumps(hooks.client.get("/readyz").json)
    assert (
        "broken.yml" in problems and "no_secret.yml: CONCIERGE_WEBHOOK_SECRETS has no no_secret:" in problems
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("base64", "rot13", "allowed: hex, base64"),
        ("event: Order Completed", "event: Lottery", "event is 'Lottery'"),
        ("type: track", "type: buy", "type is 'buy'"),
        ("properties.order_id: id", "source: id", "source"),
        ("properties.order_id: id", "properties: id", "properties"),
        ("properties.order_id: id", "properties.products.0: id", "properties.products.0"),
        ("properties.order_id: id", "properties.products.x: id", "filled twice"),
        ("timestamp: created_at", "timestamp: a..b", "timestamp"),
        ("signature:", "signatures:", "did you mean 'signature'"),
    ],
)
def test_a_mistake_in_a_file_is_named(hooks, old, new, message):
    text = (EXAMPLES / "orders_create.yml").read_text()
    assert old in text
    (HomePaths(hooks.home).webhooks / "orders_create.yml").write_text(text.replace(old, new, 1))
    restart(hooks, {"orders_create": (SECRET,), "customers_update": (SECRET,)})
    assert message in json.dumps(hooks.client.get("/readyz").json)


@given(st.binary(max_size=200), st.binary(max_size=64), st.sampled_from(["hex", "base64"]))
def test_a_signature_is_of_one_body_and_one_secret(body, other, encoding):
    declared = Signature(header="X", encoding=encoding, prefix="sha256=")
    digest = hmac.new(b"one secret", body, hashlib.sha256).digest()
    text = digest.hex() if encoding == "hex" else base64.b64encode(digest).decode()
    assert is_signed(body, f"sha256={text}", declared, ["another", "one secret"])
    assert not is_signed(body, text, declared, ["one secret"]), "the prefix is part of it"
    assert not is_signed(body, f"sha256={text}", declared, [])
    assert is_signed(other, f"sha256={text}", declared, ["one secret"]) == (other == body)


def test_the_times_of_an_order_are_the_platforms(hooks):
    """`created_at` is when it was bought, however late the platform delivers it."""
    hooks.clock.time = datetime(2026, 3, 1, tzinfo=UTC)
    send(hooks, "orders_create", ORDER)
    [record] = read_log(hooks)
    assert record["timestamp"] == "2026-02-21T11:30:00.000000Z"
    assert record["receivedAt"].startswith("2026-03-01")
