"""What a client may send as JSON: every flaw is a 400 that says where, repeats nothing, and never a 500."""

import gzip
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving_app.http.json_body import parse_json
from serving_app.http.problems import BadRequest

SECRET = "somebody@shop.example"
BLOCK = '"kind": "block", "item_id": "item-01", "until": "2026-02-22T00:00:00Z"'
FLAWED = [
    pytest.param(b"[" * 60_000, "nested too deeply", id="deep"),
    pytest.param(b'{"a":' * 10_000, "nested too deeply", id="deep objects"),
    pytest.param(
        b"{", "expecting property name enclosed in double quotes at line 1, column 2", id="unfinished"
    ),
    pytest.param(
        f'{{"note": "{SECRET}",\n  "kind" block}}'.encode(),
        "expecting ':' delimiter at line 2, column 10",
        id="where",
    ),
    pytest.param(b"", "expecting value at line 1, column 1", id="empty"),
    pytest.param(f'{{{BLOCK}, "kind": "pin"}}'.encode(), "names something twice", id="twice"),
    pytest.param(
        f'{{{BLOCK}, "note": {{"a": 1, "a": 2}}}}'.encode(), "names something twice", id="twice below"
    ),
    pytest.param(f'{{{BLOCK}, "factor": NaN}}'.encode(), "NaN is no JSON number", id="not a number"),
    pytest.param(
        f'{{{BLOCK}, "factor": {"9" * 5_000}}}'.encode(), "a number in it is too long", id="5,000 digits"
    ),
    pytest.param(b'{"note": "\xff"}', "byte 10 is not UTF-8", id="not UTF-8"),
    pytest.param(f"{{{BLOCK}}}".encode("utf-16"), "byte 0 is not UTF-8", id="UTF-16"),
]


@pytest.mark.parametrize(("data", "words"), FLAWED)
@pytest.mark.parametrize("path", ["/v1/overrides", "/v1/identity/decisions"])
def test_a_body_that_cannot_be_read(shop, path, data, words):
    answer = shop.client.post(path, data=data, content_type="application/json")
    assert (answer.status_code, answer.json["type"]) == (400, "urn:concierge:problem:bad-request")
    assert words in answer.json["detail"]
    assert "it must be one JSON object, in UTF-8, with each name once" in answer.json["detail"]
    assert SECRET not in answer.text
    assert shop.overrides.read_all() == ()


def test_another_media_type(shop):
    answer = shop.client.post("/v1/overrides", data="kind=block")
    assert (answer.status_code, answer.json["type"]) == (415, "urn:concierge:problem:not-json")
    assert "application/json" in answer.json["detail"]


TEXTS = st.text(st.characters(codec=None), max_size=40)  # every plane, controls and lone surrogates
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None, max_examples=80)
@given(st.binary(max_size=60) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_it_is_read_as_it_was_written_or_refused(data):
    try:
        value = parse_json(data)
    except BadRequest:
        return
    assert value == json.loads(data)


@pytest.mark.parametrize(
    "field", ["kind", "item_id", "user_id", "position", "factor", "until", "note", "unknown"]
)
def test_no_value_of_any_field_is_a_500(shop, field):
    whole = {"kind": "block", "item_id": "item-01", "until": "2026-02-22T00:00:00Z"}

    @settings(deadline=None, max_examples=12)
    @given(VALUES)
    def ask(value):
        for path in ("/v1/overrides", "/v1/identity/decisions"):
            body = json.dumps({**whole, field: value})
            answer = shop.client.post(path, data=body, content_type="application/json")
            assert answer.status_code in (201, 400, 422), answer.text

    ask()


@pytest.mark.parametrize(
    ("accepted", "is_packed"), [("gzip, br", True), ("br", False), ("gzip;q=0", False), ("", False)]
)
def test_long_answers_are_compressed_for_who_takes_that(shop, accepted, is_packed):
    plain = shop.client.get("/v1/popular?n=20").json["items"]
    answer = shop.client.get("/v1/popular?n=20", headers={"Accept-Encoding": accepted})
    assert (answer.headers.get("Content-Encoding") == "gzip") is is_packed
    assert "Accept-Encoding" in answer.headers["Vary"]
    data = gzip.decompress(answer.data) if is_packed else answer.data
    assert json.loads(data)["items"] == plain
    assert answer.content_length == len(answer.data)
    short = shop.client.get("/healthz", headers={"Accept-Encoding": accepted})
    assert "Content-Encoding" not in short.headers, "it would be longer"
