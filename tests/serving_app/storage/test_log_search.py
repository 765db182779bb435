"""Lines of a log that hold a text, within bounds."""

import re

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving_app.storage.log_search import find_lines, select_lines

LINES = [b'{"who":"a","n":1}', b'{"who":"b","n":2}', b'{"who":"a","n":3}']


@pytest.fixture
def log(tmp_path):
    (tmp_path / "20260221T100000-a.jsonl").write_bytes(b"\n".join(LINES[:2]) + b"\n")
    (tmp_path / "20260221T110000-b.jsonl.open").write_bytes(LINES[2] + b"\n" + b'{"who":"a","torn')
    (tmp_path / "20260221T120000-c.torn").write_bytes(LINES[0] + b"\n")
    return tmp_path


def test_whole_lines_of_all_files(log):
    assert find_lines(log, "who", ["a"]) == ([LINES[2], LINES[0]], True)
    assert find_lines(log, "who", ["nobody", ""]) == ([], True)
    assert find_lines(log / "none", "who", ["a"]) == ([], True)


@pytest.mark.parametrize(
    ("bounds", "found"),
    [
        ({"most_files": 1}, ([LINES[2]], False)),
        ({"most_files": 2}, ([LINES[2], LINES[0]], True)),
        ({"most_bytes": 34}, ([LINES[2]], False)),
        ({"most_bytes": 34 + 18}, ([LINES[2]], False)),
        ({"most_bytes": 34 + 36}, ([LINES[2], LINES[0]], True)),
    ],
)
def test_the_newest_within_bounds(log, bounds, found):
    size = (log / "20260221T110000-b.jsonl.open").stat().st_size
    if "most_bytes" in bounds:
        bounds = {"most_bytes": bounds["most_bytes"] - 34 + size}
    assert find_lines(log, "who", ["a"], **bounds) == found


VALUES = st.text(st.sampled_from(["a", "b", '"', "\\", "\n", "\u00e9"]), max_size=3)


@given(st.lists(st.dictionaries(st.sampled_from(["who", "by"]), VALUES), max_size=12), VALUES, st.booleans())
def test_lines_are_those_whose_field_is_wanted(rows, value, is_torn):
    lines = [orjson.dumps({**row, "in": {"who": "else"}}) for row in rows]
    data = b"".join(line + b"\n" for line in lines) + (b'{"who":"else' if is_torn else b"")
    found = [*select_lines(data, re.compile(b'"who":("[^"]*")'), {orjson.dumps(value)})]
    held = [line for row, line in zip(rows, lines, strict=True) if row.get("who") == value]
    assert found == (held if '"' not in value else [])
    assert [*select_lines(data, re.compile(b'"who":("[^"]*")'), {b'"else"'})] == lines
