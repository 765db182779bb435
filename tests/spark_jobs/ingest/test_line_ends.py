"""Where a record ends: line ends of every system, quoted texts of several lines, and quotes that nobody
closes.
"""

import csv
import gzip
import io
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spark_jobs.ingest.formats import read_csv_records, read_json_gzip_records, read_json_records
from spark_jobs.ingest.lines import CHUNK_BYTES

COLUMNS = ("a", "b")


def read(content: bytes, **options) -> list[tuple]:
    """Line and values, or reason, of each record."""
    records = read_csv_records(io.BytesIO(content), COLUMNS, **options)
    return [(record.line, record.values or record.reason) for record in records]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"], ids=["LF", "CRLF", "CR"])
def test_a_line_ends_as_its_system_ends_lines(end):
    rows = [b"%d,x" % n for n in range(18)]
    expected = [(n + 2, (str(n), "x")) for n in range(18)]
    assert read(end.join([b"a,b", *rows])) == read(end.join([b"a,b", *rows, b""])) == expected
    objects = end.join(b'{"a":"%d","b":"x"}' % n for n in range(18))
    for records in (
        read_json_records(io.BytesIO(objects), COLUMNS),
        read_json_gzip_records(io.BytesIO(gzip.compress(objects)), COLUMNS),
    ):
        assert [(record.line + 1, record.values) for record in records] == expected


def test_line_ends_may_be_mixed_and_lie_across_two_reads():
    assert read(b"a,b\r1,x\r\n2,y\n3,z\r\r4,w") == [
        (2, ("1", "x")),
        (3, ("2", "y")),
        (4, ("3", "z")),
        (6, ("4", "w")),
    ]
    for cut in range(-3, 4):  # the CR of a CRLF is the last byte of a read, and bytes near it
        text = "t" * (CHUNK_BYTES + cut - len(b"a,b\r\n1,"))
        assert read(b"a,b\r\n1," + text.encode() + b"\r\n2,y\r\n") == [(2, ("1", text)), (3, ("2", "y"))]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"], ids=["LF", "CRLF", "CR"])
def test_a_quoted_text_of_several_lines_is_one_record(end):
    said = end.join([b'"CAKE', b"900031,TINS", b"", b'""x"""'])
    content = end.join([b"a,b", b"1," + said, b"2,y"])
    text = end.decode().join(["CAKE", "900031,TINS", "", '"x"'])
    assert read(content) == [(2, ("1", text)), (6, ("2", "y"))]
    first = next(read_csv_records(io.BytesIO(content), COLUMNS))
    assert first.raw_text == f"1,{said.decode()}", "quarantine and replay see the whole of it"
    assert read(end.join([b'"a', b'","b"', b"1,x"])) == [(3, ("1", "x"))], "a header of two lines"


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param([b'2,"open'], id="never closed"),
        pytest.param([b'2,"open', b'3,"fine, it is"'], id="the next quote is another field's"),
        pytest.param([b'2,"open', b'"3",fine'], id="another field's, at the start of its line"),
        pytest.param([b'2,"open', b'3,""'], id="an empty text looks like a quote inside one"),
        pytest.param([b'2,"open', b'3,"open too'], id="two of them"),
    ],
)
def test_an_open_quote_costs_its_line_alone(broken):
    found = read(b"\n".join([b"a,b", b"1,x", *broken, b"4,z"]))
    assert found[:2] == [(2, ("1", "x")), (3, "not_parseable")] and found[-1] == (len(broken) + 3, ("4", "z"))
    assert [line for line, _ in found] == list(range(2, len(broken) + 4))


def test_a_text_may_be_as_long_as_a_record_and_no_longer():
    text = "\n".join(["x" * 8] * 10)
    for max_bytes, expected in ((len(text) + 4, [(2, ("1", text)), (12, ("2", "y"))]), (len(text) + 3, None)):
        found = read(f'a,b\n1,"{text}"\n2,y\n'.encode(), max_bytes=max_bytes)
        assert found == (
            expected
            or [(2, "not_parseable"), *[(n, "not_parseable") for n in range(3, 12)], (12, ("2", "y"))]
        )
    long = "é" * 200_000  # longer than Python's csv takes, unless it is told to
    assert read(f'a,b\n1,"{long}"\n'.encode()) == [(2, ("1", long))]


def test_a_text_with_the_wrong_number_of_fields_gives_no_record_of_its_lines():
    assert read(b'a,b\n"CAKE\n900031,TINS\nx"\n1,x\n') == [(2, "not_parseable"), (5, ("1", "x"))]


@settings(max_examples=100)
@given(
    st.lists(st.tuples(*[st.text('a,"\r\nü\u2028\x0b', max_size=6)] * 2), min_size=1, max_size=6),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_what_python_writes_is_read_as_it_was(rows, end):
    file = io.StringIO()
    csv.writer(file, lineterminator=end, quoting=csv.QUOTE_ALL).writerows([COLUMNS, *rows])
    assert [values for _, values in read(file.getvalue().encode())] == rows


@pytest.mark.parametrize(
    "line",
    [b'1,"open', b'a",b,"c', b'"",""', b'1,"""', b'"', b'1,x"'],
    ids=["open", "closes and opens", "empty", "escaped", "alone", "literal"],
)
def test_twice_the_lines_take_twice_the_time(line):
    def seconds(n: int) -> float:
        content = b"a,b\n" + b"\n".join([line] * n)
        best = []
        for _ in range(3):
            began = time.process_time()
            sum(1 for _ in read_csv_records(io.BytesIO(content), COLUMNS))
            best.append(time.process_time() - began)
        return min(best)

    assert seconds(8_000) < 3 * seconds(4_000) + 0.01
