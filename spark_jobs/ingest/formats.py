"""Files to records, in plain Python: what one broken line says never costs its neighbours.

Spark's own readers tell neither line number nor raw text, and quarantine needs both. A record is one line: a quote that is
opened and not closed spoils the line it stands on and no other.
"""

import csv
import json
import zlib
from collections.abc import Iterator

from spark_jobs.ingest.feed import Record

BAD = "not_parseable"
NEWLINE = b"\n"
CHUNK = 1 << 20


def lines(content: bytes) -> Iterator[tuple[int, bytes]]:
    """The lines of a file that hold something, numbered from 1, without their ends."""
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(NEWLINE), start=1):
        line = line.removesuffix(b"\r")
        if line.strip():
            yield number, line


def text(line: bytes) -> tuple[str, bool]:
    """A line as text, and whether its bytes were whole UTF-8 that a table can hold; others are shown as escapes."""
    try:
        return line.decode(), b"\0" not in line
    except UnicodeDecodeError:
        return line.decode(errors="backslashreplace"), False


def csv_fields(line: str) -> list[str]:
    """The fields of one line.

    Raises:
        csv.Error: quotes that do not close.
    """
    return next(csv.reader((line,), strict=True))


def csv_records(content: bytes, columns: tuple[str, ...]) -> Iterator[Record]:
    """The records of a CSV file with a header, by column name; columns that are not asked for are left out."""
    numbered = lines(content)
    header_line = next(numbered, None)
    if header_line is None:
        return
    try:
        header = [name.strip() for name in csv_fields(header_line[1].decode())]
    except (csv.Error, UnicodeDecodeError):
        header = []
    absent = [name for name in columns if name not in header]
    positions = [header.index(name) for name in columns if name in header]
    for number, line in numbered:
        raw_text, whole = text(line)
        if absent:
            yield Record(number, raw_text, reason=BAD, detail=f"the header lacks {', '.join(absent)}")
            continue
        try:
            fields = csv_fields(raw_text) if whole else None
        except csv.Error:
            fields = None
        if fields is None:
            yield Record(
                number,
                raw_text.replace("\0", "\\0"),
                reason=BAD,
                detail="bytes that are not UTF-8 text" if not whole else "a quote that does not close",
            )
        elif len(fields) != len(header):
            yield Record(number, raw_text, reason=BAD, detail=f"{len(fields)} fields, the header has {len(header)}")
        else:
            yield Record(number, raw_text, values=tuple(fields[position] for position in positions))


def json_records(content: bytes, columns: tuple[str, ...], max_bytes: int | None = None) -> Iterator[Record]:
    """The records of a file with one JSON object a line; objects and arrays inside one are kept as JSON text."""
    for number, line in lines(content):
        if max_bytes and len(line) > max_bytes:
            yield Record(
                number, text(line[:max_bytes])[0], reason="too_large", detail=f"{len(line)} bytes, allowed are {max_bytes}"
            )
            continue
        raw_text, whole = text(line)
        try:
            said = DECODER.decode(raw_text) if whole else None
            if not isinstance(said, dict):
                raise ValueError("not an object")
            values = tuple(as_text(said.get(name)) for name in columns)
            "".join(value for value in values if value).encode()  # a lone surrogate is no text
        except (ValueError, RecursionError):
            yield Record(number, raw_text.replace("\0", "\\0"), reason=BAD, detail="not a JSON object in UTF-8")
            continue
        yield Record(number, raw_text, values=values)


def finite(number: str) -> float:
    """A JSON number that a double can hold."""
    value = float(number)
    if value in (float("inf"), float("-inf")):
        raise ValueError("a number that no double holds")
    return value


def no_constant(name: str) -> None:
    """NaN and Infinity are not JSON."""
    raise ValueError(f"{name} is not JSON")


DECODER = json.JSONDecoder(parse_float=finite, parse_constant=no_constant)


def as_text(value: object) -> str | None:
    """A JSON value as a table of strings holds it."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def gunzipped(content: bytes) -> tuple[bytes, bool]:
    """What a gzip file holds, and whether it ends as one should; of a torn file, all that can be read."""
    whole, rest = [], content
    while rest:
        part = zlib.decompressobj(wbits=31)
        try:
            for at in range(0, len(rest), CHUNK):
                whole.append(part.decompress(rest[at : at + CHUNK]))
                if part.eof:
                    rest = part.unused_data + rest[at + CHUNK :]
                    break
            else:
                return b"".join(whole), False
        except zlib.error:
            return b"".join(whole), False
    return b"".join(whole), True


def json_gzip_records(content: bytes, columns: tuple[str, ...], max_bytes: int | None = None) -> Iterator[Record]:
    """The records of a gzip file of JSON lines; a torn end is a refused record of its own."""
    plain, whole = gunzipped(content)
    last = 0
    for record in json_records(plain, columns, max_bytes):
        last = record.line
        yield record
    if not whole:
        yield Record(last + 1, "", reason=BAD, detail="the gzip file is torn here")
