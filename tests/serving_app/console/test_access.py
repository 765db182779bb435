"""The console attacked: sessions stolen, forged, outlived; changes sent from elsewhere; pages in frames."""

from dataclasses import replace
from datetime import timedelta

import pytest

from serving_app.console.blueprint import COOKIE, SCOPE
from serving_app.http.operations import is_page
from serving_app.keys.api_key import SCOPES
from serving_app.keys.changes import revoke_key
from serving_app.metrics import declarations as metrics
from tests.serving_app.conftest import NOW
from tests.serving_app.console.conftest import TOKEN, Reader

PAGE = "/console/nothing-here"  # whoever has a session gets 404, everybody else the sign-in


def is_in(reader):
    answer = reader.get(PAGE)
    assert answer.status_code in (303, 404)
    return answer.status_code == 404


def test_every_page_declares_who_may_see_it(shop):
    views = [shop.app.view_functions[rule.endpoint] for rule in shop.app.url_map.iter_rules()]
    scopes = {getattr(view, SCOPE) for view in views if is_page(view) and hasattr(view, SCOPE)}
    assert scopes <= {*SCOPES, "any", "anybody"}
    without = {view.__name__ for view in views if is_page(view) and getattr(view, SCOPE, "") == "anybody"}
    assert without == {"get_sign_in", "sign_in", "get_file"}


def test_a_key_of_a_server_opens_the_console_and_no_other_does(sign_in, keys):
    assert is_in(sign_in(keys["admin"])) and is_in(sign_in(f"  {keys['read']}\n"))
    for other in (keys["page"], "ck_000000000000_" + "0" * 64, keys["admin"][:-1], "guessed"):
        reader = sign_in(other)
        assert reader.answer.status_code == 401 and not reader.cookie and not is_in(reader)
        assert other not in reader.answer.text


def test_without_keys_this_machine_comes_in_and_no_other(shop, sign_in):
    assert is_in(sign_in())
    elsewhere = shop.app.test_client()
    for sent in (
        {"environ_overrides": {"REMOTE_ADDR": "192.0.2.1"}},
        {"headers": {"Host": "shop.example"}},
        {"headers": {"X-Forwarded-For": "192.0.2.1"}},
    ):
        assert elsewhere.post("/console/sign-in", **sent).status_code in (401, 403)


def test_with_keys_nobody_comes_in_without(sign_in, keys):
    assert sign_in().answer.status_code == 401


def test_a_session_without_a_key_ends_with_the_first_key(shop, sign_in):
    reader = sign_in()
    assert is_in(reader)
    shop.stores.keys.change(lambda old: [*old, make_admin_key()])
    assert not is_in(reader)


def make_admin_key():
    from tests.serving_app.keys.made_keys import make_keys, server_key

    return make_keys(server_key("admin"))[0].keys[0]


def test_a_session_ends_with_its_key(shop, sign_in, keys):
    reader, other = sign_in(keys["admin"]), sign_in(keys["second"])
    store = shop.stores.keys
    store.keys = list(revoke_key(store.keys, store.keys[0].key_id, NOW))
    assert not is_in(reader) and is_in(other)


def test_a_session_ends_with_another_secret_under_the_same_id(shop, sign_in, keys):
    reader = sign_in(keys["admin"])
    store = shop.stores.keys
    store.keys[0] = replace(store.keys[0], secret_hash="0" * 64)
    assert not is_in(reader)


def test_a_session_ends_with_the_operators_token(shop, sign_in):
    shop.settings = replace(shop.settings, admin_token=TOKEN)
    shop.use_stores()
    reader = sign_in(TOKEN)
    assert is_in(reader)
    cookie = reader.cookie
    shop.settings = replace(shop.settings, admin_token=TOKEN[::-1])
    shop.use_stores()
    later = Reader(shop, "x")
    later.client.set_cookie(COOKIE, cookie, path="/console")
    assert not is_in(later)


def test_a_session_ends_by_time(shop, sign_in):
    reader = sign_in()
    for _ in range(11):
        shop.clock.move(hours=1)
        assert is_in(reader)  # each renews it
    shop.clock.move(hours=1)
    assert not is_in(reader)


def test_what_a_page_asks_by_itself_keeps_no_session_alive(shop, sign_in):
    reader = sign_in()
    for _ in range(3):
        shop.clock.move(minutes=39)
        reader.get(PAGE, headers={"HX-Request": "true"})
    shop.clock.move(minutes=3)
    assert not is_in(reader)


def test_a_session_that_was_ended_is_worth_nothing_to_who_copied_it(shop, sign_in):
    reader, thief = sign_in(), sign_in()
    thief.client.set_cookie(COOKIE, reader.cookie, path="/console")
    assert is_in(thief)
    assert reader.post("/console/sign-out").status_code == 303
    assert not reader.cookie and not is_in(reader) and not is_in(thief)


def test_signing_in_never_takes_over_an_id_that_is_there(sign_in, keys):
    """Session fixation: whoever plants a cookie before is not in afterwards."""
    planted = sign_in(keys["read"]).cookie
    victim = sign_in(keys["admin"])
    victim.client.set_cookie(COOKIE, planted, path="/console")
    victim.client.post("/console/sign-in", data={"key": keys["admin"]})
    assert victim.cookie != planted


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://shop.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "http://localhost:81"},
    ],
)
def test_no_other_page_signs_in_or_changes_anything(shop, sign_in, headers):
    reader = sign_in()
    assert reader.post("/console/sign-out", headers=headers).status_code == 403
    assert is_in(reader)
    answer = shop.app.test_client().post("/console/sign-in", headers=headers)
    assert answer.status_code == 403 and "Set-Cookie" not in answer.headers


def test_a_form_needs_the_token_of_its_session(sign_in):
    reader, other = sign_in(), sign_in()
    for data in ({}, {"form_token": ""}, {"form_token": "x"}, {"form_token": other.find_token()}):
        assert reader.client.post("/console/sign-out", data=data).status_code == 403
    assert is_in(reader)
    headers = {"X-CSRF-Token": reader.find_token(), "Origin": "http://localhost"}
    assert reader.client.post("/console/sign-out", headers=headers).status_code == 303


def test_the_cookie_is_kept_from_scripts_other_sites_and_plain_http(shop, sign_in):
    header = sign_in().answer.headers["Set-Cookie"]
    assert "HttpOnly" in header and "SameSite=Strict" in header and "Path=/console" in header
    assert "Secure" not in header and "Domain" not in header
    behind_tls = shop.app.test_client().post(
        "/console/sign-in", headers={"Origin": "https://localhost", "Host": "localhost"}
    )
    assert "Secure" in behind_tls.headers["Set-Cookie"]
    shop.clock.move(minutes=5)
    client = shop.app.test_client()
    client.post("/console/sign-in", base_url="https://localhost")
    shop.clock.move(minutes=5)
    assert "Secure" in client.get(PAGE, base_url="https://localhost").headers["Set-Cookie"]


def read_refusals():
    """How often somebody was refused, for whatever reason."""
    return sum(
        sample.value
        for family in metrics.REFUSED.collect()
        for sample in family.samples
        if sample.name.endswith("_total")
    )


def test_guessing_is_slowed_down(shop, keys):
    client, before = shop.app.test_client(), read_refusals()
    codes = [client.post("/console/sign-in", data={"key": f"ck_{n}"}).status_code for n in range(100)]
    assert codes[0] == 401 and codes[-1] == 429
    assert read_refusals() - before == 100
    assert client.post("/console/sign-in", data={"key": keys["admin"]}).status_code == 303


@pytest.mark.parametrize(
    ("back", "where"),
    [
        ("/console/nights/x?page=2", "/console/nights/x?page=2"),
        ("//evil.example/console/", "/console/"),
        ("https://evil.example", "/console/"),
        ("/console/\\evil.example", "/console/"),
        ("/console/x\r\nSet-Cookie: a=b", "/console/"),
        ("/consolex", "/console/"),
        ("/v1/overrides", "/console/"),
        ("javascript:alert(1)", "/console/"),
    ],
)
def test_the_way_back_stays_in_the_console(shop, back, where):
    answer = shop.app.test_client().post("/console/sign-in", data={"back": back})
    assert answer.status_code == 303 and answer.headers["Location"] == where


def test_a_key_without_the_scope_is_told_which_it_lacks(sign_in, keys):
    answer = sign_in(keys["read"]).get("/console/")
    assert answer.status_code == 403 and "This needs a key with the scope admin." in answer.text
    assert sign_in(keys["admin"]).get("/console/").status_code == 200


def test_a_part_of_a_page_is_sent_to_the_sign_in_as_a_whole(shop):
    answer = shop.app.test_client().get(PAGE, headers={"HX-Request": "true"})
    assert answer.status_code == 401 and answer.headers["HX-Redirect"] == "/console/sign-in"


def test_every_answer_has_the_headers(shop, sign_in):
    reader = sign_in()
    answers = [
        reader.get("/console/"),
        reader.get(PAGE),
        reader.client.post("/console/sign-out"),
        shop.app.test_client().get("/console/"),
        reader.get("/console/files/console.css"),
    ]
    assert [answer.status_code for answer in answers] == [200, 404, 403, 303, 200]
    for answer in answers:
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy and "http" not in policy and "base-uri 'none'" in policy
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert "Access-Control-Allow-Origin" not in answer.headers
    assert {answer.headers["Cache-Control"] for answer in answers[:4]} == {"no-store"}


def test_scripts_carry_a_nonce_that_no_other_answer_has(sign_in):
    reader = sign_in()
    pages = [reader.get("/console/") for _ in range(2)]
    nonces = [page.text.split('nonce="')[1].split('"')[0] for page in pages]
    assert nonces[0] != nonces[1]
    for page, nonce in zip(pages, nonces, strict=True):
        assert f"script-src 'nonce-{nonce}';" in page.headers["Content-Security-Policy"]
        assert page.text.count("<script") == page.text.count(f'nonce="{nonce}"')


def test_no_key_or_secret_stands_in_a_page_or_an_address(shop, sign_in, keys):
    reader = sign_in(keys["admin"])
    secret = shop.stores.keys.keys[0].secret_hash
    for answer in (reader.answer, reader.get("/console/"), reader.get(PAGE)):
        text = answer.text + answer.headers.get("Location", "")
        assert keys["admin"].split("_")[2] not in text and secret not in text
        assert not reader.cookie or reader.cookie not in text


def test_a_form_that_is_too_large_is_refused_as_a_page(sign_in):
    answer = sign_in().client.post("/console/sign-out", data={"form_token": "x" * 100_000})
    assert answer.status_code == 413 and "<main" in answer.text


def test_no_address_leads_to_the_host_that_a_request_names(shop):
    client = shop.app.test_client()
    for path in ("/console", "/console/", "/console/nights/x/", "/console/?next=//evil.example"):
        answer = client.get(path, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
        assert answer.status_code == 303 and answer.headers["Location"].startswith("/console/sign-in?back=/")


def test_an_error_here_is_a_page_that_says_nothing_of_it(shop, sign_in, monkeypatch, caplog):
    def break_down(*args):
        raise RuntimeError("ada@shop.example")

    monkeypatch.setattr("serving_app.console.night_service.NightService.list_nights", break_down)
    answer = sign_in().get("/console/")
    assert answer.status_code == 500 and "Something went wrong here" in answer.text
    assert "ada@" not in answer.text and "ada@" not in caplog.text and "RuntimeError" in caplog.text


def test_a_secret_that_is_damaged_lets_nobody_in(shop):
    folder = shop.home / "serving" / "console"
    folder.mkdir(parents=True)
    (folder / "session.key").write_bytes(b"")
    answer = shop.app.test_client().post("/console/sign-in")
    assert answer.status_code == 503 and "delete it" in answer.text


def test_old_sign_outs_are_swept(shop, sign_in, monkeypatch):
    folder = shop.home / "serving" / "console" / "ended"
    sign_in().post("/console/sign-out")
    now = shop.clock().timestamp()
    monkeypatch.setattr("serving_app.console.sign_in.time.time", lambda: now + 10**9)
    assert len(list(folder.iterdir())) == 1
    sign_in().post("/console/sign-out")
    assert len(list(folder.iterdir())) == 1
    assert timedelta(hours=12).total_seconds() < 10**9
