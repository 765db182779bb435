"""Files to records: nothing a file says stops the reader, and no broken line costs its neighbours."""

import gzip
import io
import json
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spark_jobs.ingest import formats
from spark_jobs.ingest.formats import GzipStream, measure_up_to

COLUMNS = ("a", "b")
GOOD_CSV, GOOD_JSON = b"1,x", b'{"a":"1","b":"x"}'


def csv_records(content, *more, **options):
    return formats.read_csv_records(io.BytesIO(content), *more, **options)


def json_records(content, *more, **options):
    return formats.read_json_records(io.BytesIO(content), *more, **options)


def json_gzip_records(content, *more, **options):
    return formats.read_json_gzip_records(io.BytesIO(content), *more, **options)


def gunzipped(content):
    plain = GzipStream(io.BytesIO(content))
    return io.BufferedReader(plain).read(), not plain.is_torn


def said(records):
    return [(record.line, record.values or record.reason) for record in records]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        pytest.param(b"1", "not_parseable", id="a field missing"),
        pytest.param(b"1,2,3", "not_parseable", id="a field too many"),
        pytest.param(b'1,"two', "not_parseable", id="a quote that does not close"),
        pytest.param(b'1,"a"b', "not_parseable", id="a quote that closes too soon"),
        pytest.param(b"1,\xff\xfe", "not_parseable", id="no UTF-8"),
        pytest.param(b"1,a\0b", "not_parseable", id="a NUL"),
    ],
)
def test_a_broken_csv_line_costs_no_other(broken, reason):
    records = list(csv_records(b"\n".join([b"a,b", GOOD_CSV, broken, b"", GOOD_CSV]), COLUMNS))
    assert said(records) == [(2, ("1", "x")), (3, reason), (5, ("1", "x"))]
    assert records[1].detail and "\0" not in records[1].raw_text


@pytest.mark.parametrize(
    ("content", "values"),
    [
        pytest.param(b"b,a\r\nx,1\r\n", ("1", "x"), id="another order of columns, Windows line ends"),
        pytest.param(b"a,new,b\n1,?,x\n", ("1", "x"), id="a column more than asked for"),
        pytest.param(
            b'\xef\xbb\xbfa,b\n1,"x, ""y"""',
            ("1", 'x, "y"'),
            id="a byte order mark, quotes, no last line end",
        ),
    ],
)
def test_csv_is_read_by_column_name(content, values):
    assert said(csv_records(content, COLUMNS)) == [(2, values)]


@pytest.mark.parametrize(
    ("content", "lines", "detail"),
    [
        pytest.param(b"a,c\n1,2\n\n3,4\n", [1, 2, 4], "the header lacks b", id="another column"),
        pytest.param(
            b"1,x\n2,y\n", [1, 2], "the header lacks a, b", id="a record where the header should be"
        ),
        pytest.param(b"1,x", [1], "the header lacks a, b", id="one line in all"),
        pytest.param(b"a,b,a\n1,2,3\n", [1, 2], "the header names a more than once", id="a column twice"),
        pytest.param(b"a;b\r1;2\r", [1, 2], "the header lacks a, b", id="another separator"),
        pytest.param(b"\xff\xfea\0,\0b\0", [1], "the header lacks a, b", id="UTF-16"),
    ],
)
def test_a_header_that_is_none_is_refused_and_so_is_all_that_follows(content, lines, detail):
    records = list(csv_records(content, COLUMNS))
    assert [(record.line, record.reason, record.detail) for record in records] == [
        (line, "not_parseable", detail) for line in lines
    ]
    assert list(csv_records(b"", COLUMNS)) == list(csv_records(b"a,b\n \n", COLUMNS)) == []


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        pytest.param(b'{"a":', "not_parseable", id="cut off"),
        pytest.param(b'[{"a":1}]', "not_parseable", id="no object"),
        pytest.param(b'{"a":NaN}', "not_parseable", id="NaN is not JSON"),
        pytest.param(b'{"a":1e999}', "not_parseable", id="a number no double holds"),
        pytest.param(b'{"a":"\xff"}', "not_parseable", id="no UTF-8"),
        pytest.param(rb'{"a":"\ud800"}', "not_parseable", id="half a character"),
        pytest.param(
            b'{"a":' + b"[" * 20_000 + b"]" * 20_000 + b"}", "not_parseable", id="deeper than anyone nests"
        ),
        pytest.param(b'{"a":' + b"[" * 64 + b"]" * 64 + b"}", "not_parseable", id="65 levels"),
        pytest.param(b'{"a":1,"b":{"c":1,"c":1}}', "not_parseable", id="a name twice"),
        pytest.param(b'{"a":"' + b"x" * 100_000 + b'"}', "too_large", id="larger than the source allows"),
    ],
)
def test_a_broken_json_line_costs_no_other(broken, reason):
    records = list(json_records(b"\n".join([GOOD_JSON, broken, GOOD_JSON]), COLUMNS, max_bytes=50_000))
    assert said(records) == [(1, ("1", "x")), (2, reason), (3, ("1", "x"))]
    assert len(records[1].raw_text) <= 50_000


def test_json_values_are_kept_as_they_were_said():
    line = '{"a":12345678901234567890,"b":{"x":[1.5,true,null,"ü"]}}'
    assert said(json_records(line.encode(), (*COLUMNS, "c"))) == [
        (1, ("12345678901234567890", '{"x":[1.5,true,null,"ü"]}', None)),
    ]


def test_a_torn_gzip_file_gives_what_it_still_holds():
    content = b"\n".join(
        b'{"a":"%d","b":"%s"}' % (n, bytes(str(hash(str(n))), "ascii")) for n in range(5_000)
    )
    whole = gzip.compress(content)
    assert gunzipped(whole) == (content, True)
    assert gunzipped(gzip.compress(content[:9]) + gzip.compress(content[9:])) == (content, True), (
        "two members, one file"
    )
    assert gunzipped(gzip.compress(b"x" * 3_000_000)) == (b"x" * 3_000_000, True), (
        "packed so well that it comes in many pieces"
    )
    records = list(json_gzip_records(whole[: len(whole) // 2], COLUMNS))
    assert 1_000 < len(records) < 5_000
    assert records[-1].detail == "the gzip file is torn here"
    assert all(record.values for record in records[:-2]), "the last line read may be cut; none before it is"


def test_a_small_file_that_holds_much_is_read_piece_by_piece():
    megabytes = 50
    packed = gzip.compress(GOOD_JSON + b"\n" + b" " * (megabytes << 20) + b"x\n" + GOOD_JSON)
    assert len(packed) < 100_000
    tracemalloc.start()
    records = list(json_gzip_records(packed, COLUMNS, max_bytes=1_000))
    small = measure_up_to(io.BytesIO(packed), 10 << 20, 1_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert said(records) == [(1, ("1", "x")), (2, "too_large"), (3, ("1", "x"))]
    assert records[1].detail == f"{(megabytes << 20) + 1} bytes, allowed are 1000"
    assert small is None, "it is not small"
    assert peak < 5 << 20


@pytest.mark.parametrize("pack", [lambda content: content, gzip.compress], ids=["plain", "gzip"])
def test_what_a_file_holds_is_counted_unpacked(pack):
    file = io.BytesIO(pack(b"12345678\n" * 10))
    assert measure_up_to(file, 90, 10) == (90, 10)
    assert measure_up_to(io.BytesIO(file.getvalue()), 89, 10) is None
    assert measure_up_to(io.BytesIO(file.getvalue()), 90, 9) is None


@pytest.mark.parametrize(
    ("line", "outcome"),
    [
        pytest.param(b'{"a":"%s"}' % (b"x" * 12), ("x" * 12, None), id="as long as allowed"),
        pytest.param(b'{"a":"%s"}\r' % (b"x" * 12), ("x" * 12, None), id="its end does not count"),
        pytest.param(b'{"a":"%s"}' % (b"x" * 13), "too_large", id="one more"),
    ],
)
def test_a_line_may_be_as_long_as_allowed(line, outcome):
    for first in (b"", b"\xef\xbb\xbf"):
        assert said(json_records(first + line + b"\n", COLUMNS, max_bytes=20)) == [(1, outcome)]


@settings(max_examples=100)
@given(st.one_of(st.binary(max_size=60), st.text('a,"\r\n', max_size=60).map(str.encode)))
def test_no_bytes_stop_a_reader_and_every_line_is_in_one_record(content):
    lines = [line for line in content.removeprefix(b"\xef\xbb\xbf").splitlines() if line.strip()]
    assert len(list(json_records(content, COLUMNS))) == len(lines)
    received = [record.raw_text.encode() for record in csv_records(b"1,x\n" + content, COLUMNS)]
    if content.isascii() and b"\0" not in content and b"\x1c" not in content:
        assert [line for raw_text in received[1:] for line in raw_text.splitlines() if line.strip()] == lines
    list(csv_records(content, COLUMNS))
    list(json_gzip_records(content, COLUMNS))


VALUES = st.one_of(st.text('aü"\\\n\u2028😀 ,', max_size=5), st.integers(), st.booleans())


@settings(max_examples=60)
@given(st.lists(st.dictionaries(st.sampled_from(COLUMNS), VALUES, max_size=2), max_size=5))
def test_good_json_comes_back(rows):
    content = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    for record, row in zip(json_records(content.encode(), COLUMNS), rows, strict=True):
        assert record.values == tuple(
            value if isinstance(value, str) or value is None else json.dumps(value)
            for value in map(row.get, COLUMNS)
        )


@pytest.mark.real_data
def test_all_of_online_retail_is_readable(real_data: Path):
    from spark_jobs.ingest.sources.online_retail import COLUMNS as RETAIL

    n_records = 0
    for file in sorted((real_data / "online_retail").glob("*.csv")):
        with file.open("rb") as opened:
            records = list(formats.read_csv_records(opened, RETAIL))
        assert all(record.reason is None for record in records), file.name
        n_records += len(records)
    assert n_records == 541_909
