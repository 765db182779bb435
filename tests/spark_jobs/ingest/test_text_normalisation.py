"""A record's texts and ids as a transform sees them: plain Python, column by column."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.contracts.ids import UPPER, parse_id
from expectations.contracts.text import normalise_text
from spark_jobs.ingest.segment_format import COLUMNS, ID_FIELDS
from spark_jobs.ingest.text_normalisation import format_document, make_record_normaliser
from spark_jobs.sources.declaration import IdField

ONE = make_record_normaliser(
    ("id", "code", "title", "document"),
    (
        IdField("order_id", "id"),
        IdField("item_id", "code", UPPER),
        IdField("item_id", "document.lines.item_id"),
    ),
)
ANY = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
PLAIN = {"product_id": "i1", "price": 2.5}


def document(value):
    return format_document({"lines": [{"item_id": value, "note": "n"}]})


@pytest.mark.parametrize(
    ("received", "normal", "flaw"),
    [
        (("o1", "85123a", " a title ", document("i1")), ("o1", "85123A", " a title ", document("i1")), None),
        (("\ufeffo1", "85\u200b123a", "Cafe\u0301", None), ("o1", "85123A", "Café", None), None),
        ((" ", None, "a\x00b", "not JSON"), (None, None, "ab", "not JSON"), None),
        (("o1", "A", None, document(" i\u00e9 ")), ("o1", "A", None, document("i\u00e9")), None),
        (("o1", "A", None, document(7)), ("o1", "A", None, document(7)), None),
        (
            ("o1", "A", None, document(True)),
            ("o1", "A", None, document(None)),
            "document.lines.item_id is neither a string",
        ),
        (
            ("o1", "A", None, document("undefined")),
            ("o1", "A", None, document(None)),
            "document.lines.item_id is an unfilled",
        ),
        (("o1", "A" * 513, None, None), ("o1", None, None, None), "code has more than 512 characters"),
        (("o\n1", "A", None, None), (None, "A", None, None), "id holds a character that cannot be printed"),
        (("o1", "A", '{"a":"\\u0000\\u0301"}', None), ("o1", "A", '{"a":"\u0301"}', None), None),
    ],
)
def test_a_record(received, normal, flaw):
    values, found, doubt = ONE(received, ())
    assert doubt is None
    assert values == normal
    assert (found or "").startswith(flaw or "\0") if flaw else found is None


def test_an_id_of_a_wrong_json_kind_is_none():
    values, flaw, _ = ONE(("true", "A", None, None), ("id",))
    assert (values[0], flaw) == (None, "id is neither a string nor a whole number")
    assert ONE(("true", "A", None, None), ()).flaw == "id is an unfilled template or a word for nothing"


def test_a_record_can_do_without_a_person_or_a_session():
    """`userId: user.isLoggedIn && user.id` sends false for each visitor who is not: what they did is kept, as
    their browser's.
    """
    plain = {
        "type": "page",
        "messageId": "m",
        "anonymousId": "a",
        "userId": "false",
        "context": '{"sessionId":{"id":1}}',
    }
    values, flaw, doubt = make_record_normaliser(COLUMNS, ID_FIELDS)(
        tuple(plain.get(name) for name in COLUMNS), ("userId",)
    )
    found = dict(zip(COLUMNS, values, strict=True))
    assert (found["userId"], found["anonymousId"], found["context"]) == (None, "a", '{"sessionId":null}')
    assert (flaw, doubt) == (None, "userId is neither a string nor a whole number")


def event(properties, context=None):
    by_name = {
        "messageId": "m",
        "userId": "u",
        "properties": format_document(properties),
        "context": context and format_document(context),
    }
    values, flaw, _ = make_record_normaliser(COLUMNS, ID_FIELDS)(
        tuple(by_name.get(name) for name in COLUMNS), ()
    )
    found = dict(zip(COLUMNS, values, strict=True))
    return json.loads(found["properties"]), found["context"] and json.loads(found["context"]), flaw


@given(
    st.one_of(
        ANY, st.integers(), st.booleans(), st.floats(allow_nan=False), st.none(), st.lists(ANY, max_size=2)
    ),
    ANY,
)
@settings(max_examples=200)
def test_an_id_inside_json_is_read_as_one_outside(value, name):
    """Documents that look plain are not parsed; whichever way it goes, the id is the one that
    contracts read.
    """
    wanted = parse_id(value, "item_id")
    one, _, flaw = event({**PLAIN, "product_id": value, "name": name})
    several, _, other = event({"order_id": "o", "products": [PLAIN, {**PLAIN, "product_id": value}]})
    for found in (one["product_id"], several["products"][1]["product_id"]):
        assert (None if found is None else str(found)) == wanted.value
    assert (flaw is None, other is None) == (wanted.flaw is None, wanted.flaw is None)
    assert one["name"].strip() == normalise_text(name), "a transform takes white space off the edges"
    assert several["products"][0] == PLAIN


def test_a_name_is_found_behind_an_invisible_mark():
    properties, _, flaw = event({"product_id\ufeff": True, "price": 1})
    assert properties == {"product_id": None, "price": 1} and "properties.product_id" in flaw


@pytest.mark.parametrize("names", [("no", "no\u200b"), ("no\u200b", "no")])
def test_a_name_that_looks_alike_does_not_overrule(names):
    by_name = {"no": False, "no\u200b": True}
    _, context, flaw = event(PLAIN, {"consent": {name: by_name[name] for name in names}})
    assert (context, flaw) == ({"consent": {"no": False}}, None)


@pytest.mark.parametrize(
    ("said", "country"),
    [("UK", "GB"), ("gb", "GB"), ("DE", "DE"), ("EL", "GR"), ("Deutschland", "Deutschland")],
)
def test_a_country_inside_json(said, country):
    _, context, flaw = event(PLAIN, {"location": {"country": said}, "sessionId": 17})
    assert (context["location"]["country"], flaw) == (country, None)
