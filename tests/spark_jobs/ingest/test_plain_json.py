"""A line that the fast parser reads gives the record that the strict one gives."""

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spark_jobs.ingest import formats
from spark_jobs.ingest.formats import parse_plain_object, read_json_records

COLUMNS = ("a", "b")
NUMBERS = [
    "1",
    "-0",
    "1.0",
    "13.9",
    "1e5",
    "1E400",
    "0.00001",
    "1e-7",
    "1" * 16,
    "9" * 25,
    "0.1" + "1" * 20,
    "1e16",
]
WORDS = [
    "true",
    "false",
    "null",
    "NaN",
    "Infinity",
    '"x"',
    '"\\u0041"',
    '"\\ud800"',
    '"é"',
    '"\x7f"',
    '"\\u0000"',
    '"a:1e5"',
]
SCALARS = st.sampled_from(NUMBERS + WORDS)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda each: f"[{','.join(each)}]"),
        st.lists(st.tuples(st.sampled_from(["x", "y"]), inner), max_size=3).map(
            lambda pairs: "{" + ",".join(f'"{name}":{value}' for name, value in pairs) + "}"
        ),
    ),
    max_leaves=6,
)


def read(line):
    return list(read_json_records(io.BytesIO(line.encode()), COLUMNS, id_columns=("a",)))


def read_strictly(line):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(formats, "parse_plain_object", lambda content: None)
        return read(line)


@given(st.lists(st.tuples(st.sampled_from("abc"), VALUES), max_size=4), st.sampled_from(["", " "]))
@settings(max_examples=500, deadline=None)
def test_both_ways_give_one_record(pairs, space):
    line = "{" + ",".join(f'"{name}":{space}{value}' for name, value in pairs) + "}"
    assert read(line) == read_strictly(line)


@given(st.dictionaries(st.sampled_from("abc"), st.one_of(st.floats(), st.integers(), st.text(max_size=5))))
@settings(max_examples=300, deadline=None)
def test_what_python_writes_is_read_as_it_stands(document):
    line = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    line = line.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    assert read(line) == read_strictly(line)


@pytest.mark.parametrize(
    ("line", "is_plain"),
    [
        pytest.param(b'{"a":1,"b":{"c":["x",null,true]}}', True, id="compact"),
        pytest.param(b'{"price":13.9}', True, id="a price"),
        pytest.param(b'{"a": 1}', False, id="a space"),
        pytest.param(b'{"a":1,"a":2}', False, id="a name that stands twice"),
        pytest.param(b'{"a":{"b":1,"b":1}}', False, id="twice inside"),
        pytest.param(b'{"a":19.90}', False, id="a number with a nought behind"),
        pytest.param(b'{"a":0.0001}', False, id="a number that Python writes with an exponent"),
        pytest.param(b'{"a":123456789012345680.0}', False, id="a number of many digits"),
        pytest.param(b"[1]", False, id="no object"),
        pytest.param(b'{"a":' + b"[" * 64 + b"]" * 64 + b"}", False, id="too deep to be sure"),
        pytest.param(b'{"a":"\xff"}', False, id="no UTF-8"),
    ],
)
def test_only_plain_lines_are_read_fast(line, is_plain):
    assert (parse_plain_object(line) is not None) is is_plain
