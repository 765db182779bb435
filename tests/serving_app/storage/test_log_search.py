"""Lines of a log that hold a text, within bounds."""

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
    assert find_lines(log, b'"who":"a"') == ([LINES[2], LINES[0]], True)
    assert find_lines(log, b"nobody") == ([], True)
    assert find_lines(log / "none", b"a") == ([], True)


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
    assert find_lines(log, b'"who":"a"', **bounds) == found


@given(st.lists(st.binary(max_size=6).map(lambda line: line.replace(b"\n", b"")), max_size=12), st.booleans())
def test_lines_are_those_that_hold_it(lines, is_torn):
    data = b"".join(line + b"\n" for line in lines) + (b"ab" if is_torn else b"")
    assert [*select_lines(data, b"a")] == [line for line in lines if b"a" in line]
