"""Reads files into records, in plain Python: a broken record never costs its neighbours.

Spark's own readers give neither line number nor raw text, and quarantine needs both. Every line that is not
blank becomes a record, readable or refused, a broken header too: a line that a reader skipped would be lost
unseen.
"""

import csv
import io
import json
import re
import zlib
from collections.abc import Iterator
from typing import BinaryIO

import orjson

from expectations.contracts.ids import may_be_id
from expectations.contracts.json_text import JSON_DECODER, MAX_JSON_DEPTH, is_nested_deeper
from expectations.contracts.text import normalise_text
from spark_jobs.ingest.csv_records import join_quoted_lines
from spark_jobs.ingest.lines import CHUNK_BYTES, Line, read_lines
from spark_jobs.sources.declaration import Record

NOT_PARSEABLE = "not_parseable"
# Of a plain line, a number with an exponent, of 16 digits or more, or below a thousandth.
ODD_NUMBER = re.compile(rb"[:,\[]-?(?:[\d.]+[eE]|\d{16}|0\.000)")
GZIP = b"\x1f\x8b"
# Of a record, where a source declares no limit; the longest line of any of ours has a few thousand.
MAX_BYTES = 1 << 20


def refuse_if_too_large(line: Line, max_bytes: int) -> Record | None:
    """The refused record of a line that is longer than allowed."""
    if line.n_bytes <= max_bytes:
        return None
    return refuse_line(line, f"{line.n_bytes} bytes, allowed are {max_bytes}", "too_large")


def refuse_line(line: Line, detail: str, reason: str = NOT_PARSEABLE) -> Record:
    """A record that is refused as it was received."""
    return Record(
        line.number, decode_line(line.content)[0].replace("\0", "\\0"), reason=reason, detail=detail
    )


def decode_line(line: bytes) -> tuple[str, bool]:
    """A line as text, and whether its bytes were whole UTF-8 that a table can hold; others are shown as
    escapes.
    """
    try:
        return line.decode(), b"\0" not in line
    except UnicodeDecodeError:
        return line.decode(errors="backslashreplace"), False


def split_csv_fields(record: str) -> list[str]:
    """The fields of one record.

    Raises:
        csv.Error: quotes that do not close, or close too soon.
    """
    return next(csv.reader((record,), strict=True))


def read_csv_records(
    file: BinaryIO, columns: tuple[str, ...], max_bytes: int = MAX_BYTES
) -> Iterator[Record]:
    """The records of a CSV file with a header, by column name; columns that are not asked for are left out.

    A header that does not name each column once is refused as a record of its own, and so is all that follows
    it.
    """
    # The limit is the process's; under the default a long text would be a broken quote.
    csv.field_size_limit(max(csv.field_size_limit(), max_bytes))
    records = join_quoted_lines(read_lines(file, max_bytes), max_bytes)
    first = next(records, None)
    if first is None:
        return
    header, flaw = parse_csv_header(first.line.content, columns)
    if flaw:
        yield refuse_if_too_large(first.line, max_bytes) or refuse_line(first.line, first.flaw or flaw)
    positions = [] if flaw else [header.index(name) for name in columns]
    for line, broken in records:
        yield refuse_if_too_large(line, max_bytes) or parse_csv_record(
            line, broken or flaw, len(header), positions
        )


def parse_csv_header(line: bytes, columns: tuple[str, ...]) -> tuple[list[str], str | None]:
    """The names in a header, and its flaw when it has one."""
    try:
        header = [normalise_text(name) for name in split_csv_fields(line.decode())]
    except (csv.Error, UnicodeDecodeError):
        header = []
    if absent := [name for name in columns if name not in header]:
        return header, f"the header lacks {', '.join(absent)}"
    twice = [name for name in columns if header.count(name) > 1]
    return header, f"the header names {', '.join(twice)} more than once" if twice else None


def parse_csv_record(line: Line, flaw: str | None, n_fields: int, positions: list[int]) -> Record:
    """One record of a CSV file: its values at `positions`, or the reason why it has none."""
    raw_text, is_whole = decode_line(line.content)
    if flaw or not is_whole:
        return refuse_line(line, flaw or "bytes that are not UTF-8 text")
    try:
        fields = split_csv_fields(raw_text)
    except csv.Error:
        return refuse_line(line, "a quote that does not close, or closes too soon")
    if len(fields) != n_fields:
        return refuse_line(line, f"{len(fields)} fields, the header has {n_fields}")
    return Record(line.number, raw_text, values=tuple(fields[position] for position in positions))


def read_json_records(
    file: BinaryIO, columns: tuple[str, ...], max_bytes: int = MAX_BYTES, id_columns: tuple[str, ...] = ()
) -> Iterator[Record]:
    """The records of a file with one JSON object a line; objects and arrays inside one are kept as JSON text.

    Args:
        id_columns: columns that hold ids. `true` and `"true"` are one text from here on, so a value of a
            kind that no id can have is named in `wrong_kinds`.
    """
    for line in read_lines(file, max_bytes):
        if line.is_blank:
            continue
        if large := refuse_if_too_large(line, max_bytes):
            yield large
            continue
        raw_text, is_whole = decode_line(line.content)
        if (plain := parse_plain_object(line.content)) is not None:
            values = tuple([format_plain_value(plain.get(name)) for name in columns])
            yield Record(line.number, raw_text, values, wrong_kinds=find_wrong_kinds(plain, id_columns))
            continue
        try:
            document = JSON_DECODER.decode(raw_text) if is_whole else None
            if not isinstance(document, dict) or is_nested_deeper(document, MAX_JSON_DEPTH):
                raise ValueError("not an object, or one too deep")
            values = tuple(format_json_value(document.get(name)) for name in columns)
            "".join(value for value in values if value).encode()  # a lone surrogate is no text
        except (ValueError, RecursionError):
            yield refuse_line(
                line, f"not a JSON object in UTF-8 with each name once, at most {MAX_JSON_DEPTH} levels deep"
            )
            continue
        yield Record(line.number, raw_text, values, wrong_kinds=find_wrong_kinds(document, id_columns))


def parse_plain_object(content: bytes) -> dict[str, object] | None:
    """The object of a line that a fast parser reads as `JSON_DECODER` does; None for any other line.

    What the parser writes again is the line itself: so each name stands once, nothing is escaped that need
    not be, and each number is one that it holds. Numbers that Python writes otherwise are left out, and so
    are lines with more brackets than there may be levels.
    """
    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(document, dict) or content.count(b"{") + content.count(b"[") > MAX_JSON_DEPTH:
        return None
    return document if orjson.dumps(document) == content and not ODD_NUMBER.search(content) else None


def format_plain_value(value: object) -> str | None:
    """As `format_json_value`, of a plain object's value."""
    return value if value is None or isinstance(value, str) else orjson.dumps(value).decode()


def find_wrong_kinds(document: dict[str, object], id_columns: tuple[str, ...]) -> tuple[str, ...]:
    """The columns of ids that hold a value of a kind that no id can have."""
    return tuple([name for name in id_columns if not may_be_id(document.get(name))])


def format_json_value(value: object) -> str | None:
    """A JSON value as text: strings as they are, other values as JSON."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class GzipStream(io.RawIOBase):
    """A gzip file's content, unpacked as it is read; of a torn file all that can be read, then `is_torn`."""

    def __init__(self, packed: BinaryIO) -> None:
        self.packed, self.rest, self.part, self.is_torn = packed, b"", None, False

    def readable(self) -> bool:
        return True

    def readinto(self, into: memoryview) -> int:
        """Fill `into` as far as there is something; 0 at the end."""
        while not self.is_torn:
            self.rest = self.rest or self.packed.read(CHUNK_BYTES)
            if not self.rest and self.part is None:
                return 0
            self.part = self.part or zlib.decompressobj(wbits=31)
            n_left = len(self.rest)
            try:
                unpacked = self.part.decompress(self.rest, len(into))
            except zlib.error:
                unpacked, n_left = b"", 0
            if self.part.eof:  # another member may follow
                self.rest, self.part = self.part.unused_data, None
            else:
                self.rest = self.part.unconsumed_tail
                self.is_torn = not unpacked and not n_left
            if unpacked:
                into[: len(unpacked)] = unpacked
                return len(unpacked)
        return 0


def read_json_gzip_records(
    file: BinaryIO, columns: tuple[str, ...], max_bytes: int = MAX_BYTES, id_columns: tuple[str, ...] = ()
) -> Iterator[Record]:
    """The records of a gzip file of JSON lines; a torn end is a refused record of its own."""
    plain, last = GzipStream(file), 0
    for record in read_json_records(io.BufferedReader(plain, CHUNK_BYTES), columns, max_bytes, id_columns):
        last = record.line
        yield record
    if plain.is_torn:
        yield Record(last + 1, "", reason=NOT_PARSEABLE, detail="the gzip file is torn here")


def measure_up_to(file: BinaryIO, n_bytes: int, n_lines: int) -> tuple[int, int] | None:
    """Bytes and lines of a file, of gzip unpacked; None when it holds more, and then it is not read on."""
    begins = file.read(len(GZIP))
    file.seek(0)
    plain = io.BufferedReader(GzipStream(file), CHUNK_BYTES) if begins == GZIP else file
    n_read = n_newlines = n_returns = 0
    while chunk := plain.read(CHUNK_BYTES):
        n_read += len(chunk)
        n_newlines, n_returns = n_newlines + chunk.count(b"\n"), n_returns + chunk.count(b"\r")
        if n_read > n_bytes or max(n_newlines, n_returns) > n_lines:
            return None
    return n_read, max(n_newlines, n_returns)
