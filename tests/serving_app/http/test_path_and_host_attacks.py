"""Addresses, hosts and proxies' headers as an attacker writes them: no way round a scope, no word of theirs
in an answer, no visitor's list for another.
"""

import itertools
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.serving_app.keys.made_keys import bearer, make_keys, server_key

EVIL = "evil.example"
POISON = {
    "Host": EVIL,
    "X-Forwarded-Host": EVIL,
    "X-Forwarded-Proto": "gopher",
    "X-Forwarded-Prefix": f"/{EVIL}",
    "X-Forwarded-For": "127.0.0.1",
    "Forwarded": f"for=127.0.0.1;host={EVIL}",
    "X-Real-IP": "127.0.0.1",
    "X-Original-URL": "/v1/overrides",
    "X-Rewrite-URL": "/v1/overrides",
    "X-HTTP-Method-Override": "DELETE",
    "X-Forwarded-User": "admin",
    "X-Host": EVIL,
}
PATHS = (
    "/v1/overrides",
    "/v1//overrides",
    "//v1/overrides",
    f"//{EVIL}/v1/overrides",
    "/v1/overrides/",
    "/v1/./overrides",
    "/v1/popular/../overrides",
    "/v1/popular%2F..%2Foverrides",
    "/v1%2Foverrides",
    "/%76%31/overrides",
    "/V1/Overrides",
    "/v1/overrides;x=1",
    "/v1/overrides%00",
    "/v1/overrides%0d%0aX-Evil:1",
    "/v1\\overrides",
    "/v1/items/similar/../../overrides",
    "/v1/customers/c_regular",
    "/v1/customers/c_regular%2F",
    "/v1/customers/..%2F..%2Fmetrics",
    "/metrics",
    "/metrics/",
    "/metrics%2e",
    "/v1/identity/explain?a=user_id:u-regular&b=email:ada@shop.example",
)


@pytest.fixture
def read(shop):
    keys, (text,) = make_keys(server_key("read", rate="99999/second"))
    shop.use_stores(keys=keys)
    return bearer(text)


def test_no_address_is_a_way_round_a_scope(shop, read):
    for header, path in itertools.product([*POISON, None], PATHS):
        poison = {header: POISON[header]} if header else {}
        for sent in (poison, {**read, **poison}):
            answer = shop.client.get(path, headers=sent)
            context = f"{path} with {header}: {answer.status_code} {answer.headers}"
            assert answer.status_code in (401, 403, 404, 405, 429), context
            assert EVIL not in answer.text and EVIL not in str(answer.headers), context
            assert "X-Evil" not in answer.headers, context


def test_an_answer_is_the_same_whatever_host_is_named(shop, read):
    path = "/v1/items/item-05/similar"
    plain = shop.client.get(path, headers=read)
    assert plain.status_code == 200
    for header, value in POISON.items():
        poisoned = shop.client.get(path, headers={**read, header: value})
        assert poisoned.status_code == 200 and poisoned.json["items"] == plain.json["items"], header
        assert EVIL not in poisoned.text and EVIL not in str(poisoned.headers), header
        assert poisoned.headers["Cache-Control"].startswith("private, ")


def test_where_a_new_one_is_names_no_host(shop):
    body = {"kind": "block", "item_id": "item-05", "until": "2026-02-22T00:00:00Z"}
    made = shop.client.post("/v1/overrides", json=body, headers={"Host": "localhost:1"})
    assert made.status_code == 201 and made.headers["Location"].startswith("/v1/overrides/")


def test_visitors_at_once_get_their_own_lists_alone(shop, read):
    """600 requests of three visitors on eight threads: no list, no id of another."""
    visitors = {
        "user_id=u-regular": ("c_regular", "personal"),
        "anonymous_id=cookie-newcomer": ("c_newcomer", "audience"),
        "user_id=nobody": (None, "popular"),
    }

    def ask(number):
        query, expected = list(visitors.items())[number % 3]
        request_id = f"r-{number}"
        answer = shop.app.test_client().get(
            f"/v1/recommendations?{query}", headers={**read, "X-Request-Id": request_id}
        )
        got = (answer.json["customer_id"], answer.json["source"])
        return got == expected and answer.headers["X-Request-Id"] == request_id

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(600)))
