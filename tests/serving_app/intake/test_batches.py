"""A body is cut into its events so that one that is no JSON costs no other, and in linear time."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving_app.http.problems import BadRequest
from serving_app.intake.batches import TOKEN, parse_batch, split_batch

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.text()
    | st.floats(allow_nan=False, allow_infinity=False)
)
NAMES = st.text(max_size=9)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.dictionaries(
    st.sampled_from(["sentAt", "context", "batches", "ba\\tch", "a"]), VALUES, max_size=3
)


@given(events=st.lists(VALUES, max_size=6), before=FIELDS, after=FIELDS, ascii_only=st.booleans())
def test_cut_by_brackets_or_parsed_at_once(events, before, after, ascii_only):
    document = {**before, "batch": events, **after}
    body = json.dumps(document, ensure_ascii=ascii_only, indent=1).encode("utf-8", "surrogatepass")
    batch = split_batch(body)
    readable = [one.value if one.unreadable is None else json.loads(one.unreadable) for one in batch.events]
    assert (readable, batch.fields) == (events, {k: v for k, v in document.items() if k != "batch"})


BAD = {
    "a name twice": b'{"type": "page", "type": "track"}',
    "no number": b'{"x": NaN}',
    "beyond a double": b'{"x": 1e999}',
    "not UTF-8": b'{"x": "\xff"}',
    "a raw NUL": b'{"x": "\0"}',
    "deep": b"[" * 10_000 + b"]" * 10_000,
    "a long number": b'{"x": ' + b"9" * 5_000 + b"}",
    "no comma": b'{"a": 1 "b": 2}',
    "brackets in a text": b'{"x": "]}\\"]}", "y": tru}',
    "nothing": b"",
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_the_neighbours_of_what_is_no_json(bad):
    body = b'{"sentAt": "now", "batch": [{"n": 1}, ' + bad + b', {"n": 2}], "context": {"batch": [1]}}'
    batch = parse_batch(body)
    assert [one.value for one in batch.events] == [{"n": 1}, None, {"n": 2}]
    assert batch.events[1].unreadable.strip() == bad
    assert batch.fields == {"sentAt": "now", "context": {"batch": [1]}}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"{}",
        b'{"batch": {}}',
        b'{"batch": [{}}',
        b'{"batch": [{]}',
        b'{"batch": [1, 2]',
        b'{"batch": ["a]}',
        b'{"batch": [NaN]',
        b'{"batch": [NaN], "a": 1, "a": 2}',
        b'{"batch": [NaN], "batch": [1]}',
        b'{"batch": [NaN]} {}',
        b'{"a": {"batch": [NaN]}}',
        b'[{"batch": [NaN]}]',
        b'"batch"',
        b"\xff",
        b"{" * 10_000,
        b'{"batch": [' * 10_000,
    ],
)
def test_a_body_that_holds_no_list_of_events(body):
    with pytest.raises(BadRequest) as refusal:
        parse_batch(body)
    assert "must be" in refusal.value.detail


def test_how_many_events_a_request_may_hold():
    assert len(parse_batch(json.dumps({"batch": [1] * 500}).encode()).events) == 500
    for broken in (b"", b", NaN"):
        with pytest.raises(BadRequest, match="allowed are 500"):
            parse_batch(b'{"batch": [' + b"1, " * 500 + b"1" + broken + b"]}")


@given(st.binary(max_size=200) | st.text(alphabet='{}[]",:\\ab1', max_size=200).map(str.encode))
def test_whatever_the_bytes(body):
    for whole in (body, b'{"batch": [' + body + b"]}", b'{"batch": [{"n": 1}, ' + body):
        try:
            batch = parse_batch(whole)
        except BadRequest:
            continue
        assert all((one.unreadable is None) or one.value is None for one in batch.events)


@pytest.mark.parametrize("text", [b'"' + b'\\"' * 100_000, b'"' * 99_999, b"\\" * 100_000])
def test_each_byte_is_looked_at_once(text):
    """Tokens do not overlap and each begins where the last ended: no quote is tried again from inside."""
    spans = [match.span() for match in TOKEN.finditer(text)]
    assert sum(end - start for start, end in spans) <= len(text)
    assert not text.startswith(b'"') or spans[0][0] == 0
