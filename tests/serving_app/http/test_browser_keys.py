"""A browser's key: what it may ask about whom, and which pages may read the answers."""

from dataclasses import replace

import pytest

from serving_app.keys.user_tokens import UserTokens
from tests.serving_app.keys.made_keys import ORIGIN, bearer, browser_key, make_keys, server_key
from tests.serving_app.keys.test_user_tokens import SECRET, T, claims, sign

TOKEN = "X-Concierge-User-Token"
REGULAR = sign(claims(sub="u-regular", exp=T + 60))
EVIL = "https://evil.example"
PREFLIGHT = {"Access-Control-Request-Method": "GET"}


@pytest.fixture
def texts(shop):
    keys, texts = make_keys(browser_key("read", "events"), server_key("read"))
    shop.settings = replace(shop.settings, user_token_secrets=(SECRET,))
    shop.use_stores(keys=keys)
    return dict(zip(("browser", "server"), texts, strict=True))


@pytest.fixture
def ask(shop, texts):
    def send(query="", token="", key="browser", **headers):
        headers = {**bearer(texts[key]), **({TOKEN: token} if token else {}), **headers}
        return shop.client.get(f"/v1/recommendations?{query}", headers=headers)

    return send


@pytest.mark.parametrize(
    ("query", "token", "kind"),
    [
        ("anonymous_id=cookie-newcomer", "", None),
        ("", "", None),
        ("user_id=", "", None),
        ("user_id=u-regular", REGULAR, None),
        ("user_id=%20u-regular%20", REGULAR, None),
        ("user_id=u-regular", "", "user-unproven"),
        ("user_id=u-regular", sign(claims(sub="u-sister", exp=T + 60)), "user-unproven"),
        ("user_id=U-REGULAR", REGULAR, "user-unproven"),
        ("user_id=u-regular", sign(claims(sub="u-regular", exp=T)), "user-unproven"),
        ("user_id=u-regular", sign(claims(sub="u-regular"), secret="x" * 32), "user-unproven"),
        ("user_id=u-regular&user_id=u-sister", REGULAR, "user-unproven"),
        ("customer_id=c_regular", "", "user-unproven"),
        ("customer_id=c_regular", REGULAR, "user-unproven"),
        ("explain=true&anonymous_id=cookie-newcomer", "", "user-unproven"),
        ("filter=price<10&anonymous_id=cookie-newcomer", "", None),
        ("filter=customer.n_orders>2&user_id=u-regular", REGULAR, None),
        ("filter=customer.n_orders>2&anonymous_id=cookie-newcomer", "", "user-unproven"),
        ("filter=customer.n_orders>2&anonymous_id=cookie-newcomer", REGULAR, "user-unproven"),
        ("filter=customer.country is null&anonymous_id=cookie-newcomer", "", "user-unproven"),
        ("filter=price<1 or not customer.is_known&anonymous_id=c", "", "user-unproven"),
        ('filter=customer.rfm_segment in ["vip"]&user_id=', "", "user-unproven"),
        ("filter=customer.segments contains $a&param.a=vip&anonymous_id=c", "", "user-unproven"),
    ],
)
def test_about_whom_a_page_may_ask(ask, query, token, kind):
    answer = ask(query, token)
    if kind is None:
        assert answer.status_code == 200
    else:
        assert (answer.status_code, answer.json["type"]) == (403, f"urn:concierge:problem:{kind}")
        assert "u-regular" not in answer.text and "sister" not in answer.text


def test_a_filter_by_the_customer_in_a_body(shop, texts):
    for path, method in (("/v1/recommendations", "post"), ("/v1/popular", "get")):
        query = {"filter": "customer.n_orders > 2", "anonymous_id": "cookie-newcomer"}
        sent = {"json": query} if method == "post" else {"query_string": query}
        for key, status in (("browser", 403), ("server", 200)):
            answer = getattr(shop.client, method)(path, headers=bearer(texts[key]), **sent)
            assert answer.status_code == status, (path, key)


def test_a_proven_user_gets_their_own_list(ask):
    assert ask("user_id=u-regular", REGULAR).json["source"] == "personal"
    assert ask("anonymous_id=unheard-of").json["source"] == "popular"


def test_a_server_needs_no_token(ask):
    assert ask("user_id=u-regular", key="server").json["source"] == "personal"
    assert ask("user_id=u-regular", "nonsense", key="server").json["source"] == "personal"


def test_without_secrets_no_page_asks_by_user(shop, texts):
    shop.settings = replace(shop.settings, user_token_secrets=())
    shop.use_stores()
    answer = shop.client.get(
        "/v1/recommendations?user_id=u-regular", headers={**bearer(texts["browser"]), TOKEN: REGULAR}
    )
    assert answer.status_code == 403 and "CONCIERGE_USER_TOKEN_SECRETS" in answer.json["detail"]
    assert not UserTokens((), shop.clock).is_required


@pytest.mark.parametrize(
    ("origin", "may"),
    [
        (ORIGIN, True),
        (ORIGIN.upper().replace("HTTPS", "https"), True),
        (EVIL, False),
        ("null", False),
        (f"{ORIGIN}.evil.example", False),
        (f"{ORIGIN}:8443", False),
        ("http://shop.example", False),
        ("", False),
    ],
)
def test_the_page_that_asks(ask, origin, may):
    answer = ask("anonymous_id=a", Origin=origin)
    if may:
        assert answer.status_code == 200
        assert answer.headers["Access-Control-Allow-Origin"] == origin
        assert "Origin" in answer.headers["Vary"]
        assert "Access-Control-Allow-Credentials" not in answer.headers
    else:
        assert (answer.status_code, answer.json["type"]) == (403, "urn:concierge:problem:origin-refused")
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_page_can_read_why_it_was_refused(shop, texts):
    answer = shop.client.get("/v1/popular", headers={"Origin": ORIGIN})
    assert answer.status_code == 401 and answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert (
        "Access-Control-Allow-Origin" not in shop.client.get("/v1/popular", headers={"Origin": EVIL}).headers
    )


@pytest.mark.parametrize(
    ("path", "origin", "may"),
    [
        ("/v1/recommendations", ORIGIN, True),
        ("/v1/popular", ORIGIN, True),
        ("/v1/recommendations", EVIL, False),
        ("/v1/recommendations", "null", False),
        ("/v1/overrides", ORIGIN, False),
        ("/v1/customers/c_regular", ORIGIN, False),
        ("/v1/identity/decisions", ORIGIN, False),
        ("/healthz", ORIGIN, False),
    ],
)
def test_a_preflight(shop, texts, path, origin, may):
    answer = shop.client.options(path, headers={**PREFLIGHT, "Origin": origin})
    if may:
        assert answer.status_code == 204 and answer.headers["Access-Control-Allow-Origin"] == origin
        assert TOKEN in answer.headers["Access-Control-Allow-Headers"]
    else:
        assert answer.status_code == 403 and "Access-Control-Allow-Origin" not in answer.headers


def test_a_servers_answers_are_for_no_page(ask, shop, texts):
    assert "Access-Control-Allow-Origin" not in ask(key="server", Origin=ORIGIN).headers
    assert "Access-Control-Allow-Origin" not in ask(key="server", Origin=EVIL).headers


def test_before_there_are_keys_no_page_reads(shop):
    assert shop.client.options("/v1/popular", headers={**PREFLIGHT, "Origin": ORIGIN}).status_code == 403
    answer = shop.client.get("/v1/popular", headers={"Origin": "http://localhost:3000"})
    assert answer.status_code == 200 and "Access-Control-Allow-Origin" not in answer.headers
