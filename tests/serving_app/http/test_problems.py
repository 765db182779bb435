"""Every way to ask wrongly, and what is said then: RFC 9457, the field, never the value."""

import pytest

UNTIL = "2026-02-22T00:00:00Z"
SECRET = "somebody@shop.example"
BLOCK = {"kind": "block", "item_id": "item-01", "until": UNTIL}


def check(answer, status, kind, words):
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    assert (answer.json["status"], answer.json["type"]) == (status, f"urn:concierge:problem:{kind}")
    assert words in answer.json["detail"]
    assert SECRET not in answer.text


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("n=0", "n: Input should be greater than or equal to 1"),
        ("n=101", "n: Input should be less than or equal to 100"),
        ("n=ten", "n: Input should be a valid integer"),
        ("n=1&n=2", "n given more than once"),
        (f"user_id={SECRET}&customer_id=c", "give at most one of customer_id, user_id, anonymous_id"),
        (f"usr_id={SECRET}", "usr_id: unknown; allowed: customer_id, user_id, anonymous_id, n, placement"),
        (
            "limit=5&n=0",
            "n: Input should be greater than or equal to 1; limit: unknown; allowed: customer_id",
        ),
        ("user_id=a%00b", "user_id: must be printable"),
        ("user_id=" + "x" * 600, "user_id: String should have at most 512 characters"),
        ("placement=a%20b", "placement: String should match pattern"),
    ],
)
@pytest.mark.parametrize("path", ["/v1/recommendations", "/v1/popular", "/v1/items/item-05/similar"])
def test_a_query_that_is_not_understood(shop, path, query, words):
    check(shop.client.get(f"{path}?{query}"), 400, "bad-request", words)


@pytest.mark.parametrize(
    ("body", "status", "kind", "words"),
    [
        ({}, 400, "bad-request", "kind: Field required"),
        ([BLOCK], 400, "bad-request", "the body must be a JSON object"),
        (
            {**BLOCK, "kind": "hide"},
            400,
            "bad-request",
            "kind: Input should be 'pin', 'block', 'boost' or 'bury'",
        ),
        ({**BLOCK, "category": "Tea"}, 400, "bad-request", "give item_id or category, one of them"),
        ({"kind": "block", "until": UNTIL}, 400, "bad-request", "give item_id or category, one of them"),
        ({"kind": "pin", "category": "Tea", "until": UNTIL}, 400, "bad-request", "a pin needs item_id"),
        ({**BLOCK, "kind": "bury", "factor": 1}, 400, "bad-request", "factor of a bury must be below 1"),
        ({**BLOCK, "segment_id": "vip", "user_id": SECRET}, 400, "bad-request", "a segment or a customer"),
        ({**BLOCK, "starts_at": UNTIL}, 400, "bad-request", "starts_at must lie before until"),
        ({**BLOCK, "starts_at": "2026-02-21T10:00:00"}, 400, "bad-request", "should have timezone info"),
        ({**BLOCK, "starts_at": "0001-01-01T00:00:00+12:00"}, 400, "bad-request", "must lie after year 1"),
        ({**BLOCK, "priority": 1001}, 400, "bad-request", "priority: Input should be less than or equal"),
        ({**BLOCK, "note": "a", "reason": "b"}, 400, "bad-request", "note is what reason was called"),
        ({**BLOCK, "placement": "a b"}, 400, "bad-request", "placement: String should match pattern"),
        ({**BLOCK, "item_id": 5}, 400, "bad-request", "item_id: Input should be a valid string"),
        ({**BLOCK, "until": "tomorrow"}, 400, "bad-request", "until: Input should be a valid datetime"),
        (
            {**BLOCK, "until": "2026-02-22T00:00:00"},
            400,
            "bad-request",
            "until: Input should have timezone info",
        ),
        ({**BLOCK, "until": "2026-02-21T12:00:00Z"}, 400, "bad-request", "until must lie in the future"),
        (
            {**BLOCK, "until": "9999-12-31T23:59:59Z"},
            400,
            "bad-request",
            "until: must lie before 2100-01-01",
        ),
        (
            {**BLOCK, "until": "9999-12-31T23:59:59-12:00"},
            400,
            "bad-request",
            "until: must lie before 2100",
        ),
        ({**BLOCK, "position": 1}, 400, "bad-request", "position belongs to a pin"),
        ({**BLOCK, "factor": 2}, 400, "bad-request", "factor belongs to a boost"),
        ({**BLOCK, "kind": "boost"}, 400, "bad-request", "factor belongs to a boost, which needs one"),
        (
            {**BLOCK, "kind": "boost", "factor": 0},
            400,
            "bad-request",
            "factor: Input should be greater than 0",
        ),
        (
            {**BLOCK, "kind": "pin", "position": 0},
            400,
            "bad-request",
            "position: Input should be greater than or equal to 1",
        ),
        (
            {**BLOCK, "userid": SECRET},
            400,
            "bad-request",
            (
                "userid: unknown; allowed: customer_id, user_id, anonymous_id, kind, item_id, category,"
                " segment_id, placement, position, factor, priority, starts_at, until, reason, note, author"
            ),
        ),
        ({**BLOCK, "customer_id": "c", "user_id": SECRET}, 400, "bad-request", "give at most one of"),
        ({**BLOCK, "user_id": SECRET}, 422, "cannot-apply", "No customer is known by this id."),
        ({**BLOCK, "kind": "pin", "item_id": "item-99"}, 422, "cannot-apply", "No item has this item_id."),
        ({**BLOCK, "note": "x" * 70_000}, 413, "http-413", "exceeds the capacity limit"),
    ],
)
def test_an_override_that_is_not_understood(shop, body, status, kind, words):
    check(shop.client.post("/v1/overrides", json=body), status, kind, words)
    assert shop.overrides.read_all() == ()


def test_what_is_not_there(shop):
    check(shop.client.get("/v1/recommendation"), 404, "http-404", "not found")
    check(shop.client.get("/v1/customers/c_nobody"), 404, "unknown-customer", "No customer has this id")
    check(shop.client.delete("/v1/overrides/o_none"), 404, "unknown-override", "No override has this id")
    check(
        shop.client.get("/v1/overrides/o_none"),
        404,
        "unknown-override",
        "No override has this id",
    )
    check(
        shop.client.get("/v1/identity/decisions/d_none"), 404, "unknown-decision", "No decision has this id"
    )
    wrong = shop.client.post("/v1/popular")
    check(wrong, 405, "http-405", "not allowed")
    assert "GET" in wrong.headers["Allow"]


def test_nothing_published(shop):
    shop.snapshots.publish(None)
    for path in ("/readyz", "/v1/customers/c_regular"):
        answer = shop.client.get(path)
        check(answer, 503, "not-ready", "nothing has been published yet")
        assert answer.headers["Retry-After"] == "5"
    assert shop.client.get("/healthz").status_code == 200


def test_the_unforeseen_is_logged_without_what_was_sent(shop, monkeypatch, caplog):
    def break_down():
        raise RuntimeError(f"cannot place {SECRET}")

    monkeypatch.setattr(shop.snapshots, "get_current", break_down)
    check(
        shop.client.get("/v1/recommendations", query_string={"user_id": SECRET}),
        500,
        "internal",
        "has been logged",
    )
    assert "unforeseen RuntimeError at" in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/v1/overrides"),
        ("post", "/v1/overrides"),
        ("delete", "/v1/overrides/o_none"),
        ("get", "/v1/overrides/o_none"),
        ("get", "/v1/customers/c_regular"),
        ("get", "/v1/identity/explain"),
        ("get", "/v1/identity/reviews"),
        ("get", "/v1/identity/decisions"),
        ("get", "/v1/identity/decisions/d_none"),
        ("post", "/v1/identity/decisions"),
    ],
)
def test_who_may_steer_when_a_token_is_set(shop, method, path):
    shop.app.config["CONCIERGE"] = shop.app.config["CONCIERGE"].__class__(
        home=shop.home, admin_token="right-token"
    )
    ask = getattr(shop.client, method)
    for header in (
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic right-token"},
        {"Authorization": "Bearer é"},
    ):
        answer = ask(path, headers=header)
        check(answer, 401, "not-allowed", "Authorization: Bearer")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert ask(path, headers={"Authorization": "Bearer right-token"}).status_code not in (401, 403)


@pytest.mark.parametrize(
    ("address", "headers", "may"),
    [
        ("127.0.0.1", {}, True),
        ("127.8.8.8", {}, True),
        ("::1", {"Host": "[::1]:8080"}, True),
        ("192.168.1.7", {}, False),
        ("", {}, False),
        ("127.0.0.1", {"X-Forwarded-For": "10.0.0.1"}, False),
        ("127.0.0.1", {"Host": "evil.example:8080"}, False),
    ],
)
@pytest.mark.parametrize("path", ["/v1/overrides", "/v1/customers/c_regular", "/v1/identity/decisions"])
def test_who_may_steer_when_none_is(shop, path, address, headers, may):
    answer = shop.client.get(path, environ_base={"REMOTE_ADDR": address}, headers=headers)
    if may:
        assert answer.status_code == 200
    else:
        check(answer, 403, "only-from-this-machine", "CONCIERGE_ADMIN_TOKEN")
