"""Every route × every caller: who is let in where is written down here, apart from what views declare."""

import re
from base64 import b64encode
from dataclasses import replace

import pytest
from flask import Flask

from expectations.contracts.event_format import CALLS
from serving_app.http.access import register_access
from serving_app.http.auth import require_scope
from serving_app.http.operations import is_page
from serving_app.keys import rate_limits
from serving_app.keys.changes import revoke_key
from serving_app.keys.rate_limits import RateLimits
from serving_app.keys.store import MemoryKeys
from serving_app.keys.user_tokens import UserTokens
from tests.serving_app.conftest import NOW
from tests.serving_app.keys.made_keys import bearer, browser_key, make_keys, server_key

# Which scopes may ask a route, `admin` always; `browser`: with a browser's key too.
ACCESS = {
    "/v1/recommendations": "read browser",
    "/v1/recommendations/why-not": "profiles",
    "/v1/popular": "read browser",
    "/v1/items/<anything:item_id>/similar": "read browser",
    "/v1/items/similar": "read browser",
    "/v1/items/<anything:item_id>": "items",
    "/v1/items/changes": "items",
    "/v1/items/search": "read",
    "/v1/customers/<customer_id>": "profiles",
    "/v1/customers": "profiles",
    "/v1/customers/lookup": "profiles",
    "/v1/customers/<customer_id>/timeline": "profiles",
    "/v1/overrides": "overrides",
    "/v1/overrides/audit": "overrides",
    "/v1/overrides/audit/<number>/undo": "overrides",
    "/v1/overrides/<override_id>": "overrides",
    "/v1/identity/explain": "admin",
    "/v1/identity/reviews": "admin",
    "/v1/identity/decisions": "admin",
    "/v1/identity/decisions/<decision_id>": "admin",
    "/v1/segments": "segments",
    "/v1/segments/overlap": "segments",
    "/v1/segments/preview": "segments",
    "/v1/segments/diff": "segments",
    "/v1/segment-drafts": "segments",
    "/v1/segment-drafts/<draft_id>": "segments",
    "/v1/segment-drafts/<draft_id>/impact": "segments",
    "/v1/segment-drafts/<draft_id>/approve": "definitions",
    "/v1/segment-drafts/<draft_id>/publish": "definitions",
    "/v1/segments/changes": "segments",
    "/v1/segments/<segment_id>/rollback": "definitions",
    "/v1/segments/<segment_id>": "segments",
    "/v1/segments/<segment_id>/members": "profiles",
    "/v1/segments/<segment_id>/explain": "profiles",
    "/v1/stream": "stream",
    "/v1/batch": "events browser",
    **{f"/v1/{call}": "events browser" for call in CALLS},
    **{f"/v1/{initial}": "events browser" for initial in "btpsiag"},
    "/v1/webhooks/<name>": "public",  # a delivery's signature is its key
    "/healthz": "public",
    "/readyz": "public",
    "/metrics": "metrics",
    "/openapi.json": "public",
    "/docs": "public",
    "/docs/<name>": "public",
    "/concierge.js": "public",
}
SCOPES = (
    "read",
    "events",
    "overrides",
    "items",
    "profiles",
    "segments",
    "definitions",
    "stream",
    "metrics",
    "admin",
)
# Of the routes above: a method that needs another scope.
OTHER_ACCESS = {
    ("POST", "/v1/segment-drafts"): "definitions",
    ("PUT", "/v1/segment-drafts/<draft_id>"): "definitions",
    ("DELETE", "/v1/segment-drafts/<draft_id>"): "definitions",
}
CALLERS = {
    **{f"server {scope}": server_key(scope) for scope in SCOPES},
    **{f"browser {scope}": browser_key(scope) for scope in ("read", "events")},
}


def make_texts(shop):
    """A key of each kind of caller; those of nobody beside them."""
    ended = server_key("admin", expires_at=NOW)
    keys, texts = make_keys(*CALLERS.values(), server_key("admin"), ended)
    keys.keys = revoke_key(keys.keys, texts[-2].split("_")[1], NOW)
    shop.use_stores(keys=keys)
    texts = dict(zip([*CALLERS, "revoked", "ended"], texts, strict=True))
    return {**texts, "unknown": "ck_" + "0" * 12 + "_" + "0" * 64, "none": ""}


@pytest.fixture
def texts(shop):
    return make_texts(shop)


def is_let_in(access, caller):
    kind, _, scope = caller.partition(" ")
    if access == "public":
        return True
    if kind == "server":
        return scope == "admin" or scope in access.split()
    return kind == "browser" and scope in access.split() and "browser" in access.split()


def send(shop, rule, method, headers):
    path = re.sub("<[^>]*>", "none", rule)
    return shop.client.open(path, method=method, headers=headers, json={} if method == "POST" else None)


def list_rules(shop):
    """Those of the API: pages for people have a session of their own."""
    return [
        rule for rule in shop.app.url_map.iter_rules() if not is_page(shop.app.view_functions[rule.endpoint])
    ]


def test_the_table_names_every_route(shop):
    assert {rule.rule for rule in list_rules(shop)} == set(ACCESS)


def test_every_route_and_every_caller(shop, monkeypatch):
    monkeypatch.setattr(rate_limits, "FAILURES", "100000/hour")
    texts = make_texts(shop)
    checked = 0
    for rule in list_rules(shop):
        for method in rule.methods:
            for caller, text in texts.items():
                answer = send(shop, rule.rule, method, bearer(text) if text else {})
                context = f"{method} {rule.rule} by {caller}: {answer.status_code} {answer.text}"
                access = OTHER_ACCESS.get((method, rule.rule), ACCESS[rule.rule])
                if is_let_in(access, caller):
                    assert answer.status_code not in (401, 403), context
                elif caller in ("none", "unknown", "revoked", "ended"):
                    assert answer.status_code == 401, context
                else:
                    assert answer.status_code == 403, context
                assert not text or text not in answer.text, context
                checked += 1
    assert checked > 400


def test_a_key_as_the_name_of_a_user(shop, texts):
    def ask(credentials):
        return shop.client.get(
            "/v1/popular",
            headers={"Authorization": f"Basic {b64encode(credentials.encode()).decode()}"},
        ).status_code

    read = texts["server read"]
    assert ask(f"{read}:") == 200
    assert ask(f":{read}") == ask("a:b") == ask(":") == 401


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Basic",
        "Basic !!!",
        "Basic é",
        "Bearer é",
        "Digest username=x",
        "Negotiate x",
        "Bearer " + "x" * 60_000,
        "Basic " + "QQ" * 30_000,
        ",",
        "Bearer null",
        "bearer undefined",
    ],
)
def test_a_header_that_is_no_key(shop, texts, header):
    answer = shop.client.get("/v1/popular", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_the_admin_token_may_all_and_keeps_out_when_no_key_exists(shop):
    shop.settings = replace(shop.settings, admin_token="right-token")
    shop.use_stores()
    assert shop.client.get("/v1/popular").status_code == 401
    assert shop.client.get("/v1/overrides", headers=bearer("right-token")).status_code == 200
    for wrong in ("right-toke", "right-token2", "", "é"):
        assert shop.client.get("/v1/overrides", headers=bearer(wrong)).status_code == 401
    basic = b64encode(b"right-token:").decode()
    assert shop.client.get("/v1/overrides", headers={"Authorization": f"Basic {basic}"}).status_code == 401


def test_the_admin_token_works_beside_keys(shop, texts):
    shop.settings = replace(shop.settings, admin_token="right-token")
    shop.use_stores()
    assert shop.client.get("/v1/identity/reviews", headers=bearer("right-token")).status_code == 200
    assert shop.client.get("/v1/popular", headers=bearer(texts["server read"])).status_code == 200


@pytest.mark.parametrize(
    ("address", "headers", "may"),
    [
        ("127.0.0.1", {}, True),
        ("127.0.0.1", {"Origin": "http://localhost:8080"}, True),
        ("127.0.0.1", {"Host": "LOCALHOST:80"}, True),
        ("127.0.0.1", {"Origin": "https://evil.example"}, False),
        ("127.0.0.1", {"Origin": "null"}, False),
        ("127.0.0.1", {"Sec-Fetch-Site": "cross-site"}, False),
        ("127.0.0.1", {"Sec-Fetch-Site": "none"}, True),
        ("127.0.0.1", {"Host": "localhost.evil.example"}, False),
        ("127.0.0.1", {"Host": "127.0.0.1.evil.example:80"}, False),
        ("127.0.0.1", {"Forwarded": "for=10.0.0.1"}, False),
        ("127.0.0.1", {"Via": "1.1 proxy"}, False),
        ("10.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, False),
        ("10.0.0.1", {"Host": "localhost"}, False),
    ],
)
@pytest.mark.parametrize("path", ["/v1/recommendations", "/v1/popular", "/v1/overrides"])
def test_before_there_are_keys_only_this_machine_may_ask(shop, path, address, headers, may):
    answer = shop.client.get(path, environ_base={"REMOTE_ADDR": address}, headers=headers)
    assert answer.status_code == (200 if may else 403)


def test_a_view_that_declares_nothing_stops_the_service(shop):
    with pytest.raises(ValueError, match="nobody is no scope"):
        require_scope("nobody")
    app = Flask(__name__)
    app.add_url_rule("/open", view_func=lambda: "hello")
    with pytest.raises(TypeError, match="lacks @require_scope"):
        register_access(app, MemoryKeys(), UserTokens((), lambda: NOW), RateLimits("", 1), lambda: NOW)
