"""Files to records, in plain Python: what one broken line says never costs its neighbours.

Spark's own readers tell neither line number nor raw text, and quarantine needs both. A record is one line: a quote that is
opened and not closed spoils the line it stands on and no other. A file is read as it is asked for, a line at a time: a
gzip file of 1 MB may hold a gigabyte, and one line of it may.
"""

import csv
import io
import json
import zlib
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from spark_jobs.ingest.feed import Record

BAD = "not_parseable"
NEWLINE = b"\n"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
GZIP = b"\x1f\x8b"
CHUNK = 1 << 18
MAX_BYTES = 1 << 20  # of a record, where a source does not say; the longest line of any of ours has a few thousand


class Line(NamedTuple):
    """A line without its end."""

    number: int  # from 1
    content: bytes  # of a line that is too long, its beginning
    n_bytes: int


def lines(file: BinaryIO, max_bytes: int) -> Iterator[Line]:
    """The lines of a file that hold something; of each no more than `max_bytes` are kept at once."""
    number, skip = 0, len(BYTE_ORDER_MARK)
    while part := file.readline(max_bytes + skip + 2):  # two for its end
        number += 1
        if number == 1:
            part = part.removeprefix(BYTE_ORDER_MARK)
        kept, n_bytes, says = part, len(part), bool(part.strip())
        while not part.endswith(NEWLINE) and (part := file.readline(CHUNK)):
            n_bytes, says = n_bytes + len(part), says or bool(part.strip())
        if n_bytes == len(kept):
            kept = kept.removesuffix(NEWLINE).removesuffix(b"\r")
            n_bytes = len(kept)
        if says:
            yield Line(number, kept[:max_bytes], n_bytes)


def too_large(line: Line, max_bytes: int) -> Record | None:
    """The refused record of a line that is longer than allowed."""
    if line.n_bytes <= max_bytes:
        return None
    said = text(line.content)[0].replace("\0", "\\0")
    return Record(line.number, said, reason="too_large", detail=f"{line.n_bytes} bytes, allowed are {max_bytes}")


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


def csv_records(file: BinaryIO, columns: tuple[str, ...], max_bytes: int = MAX_BYTES) -> Iterator[Record]:
    """The records of a CSV file with a header, by column name; columns that are not asked for are left out."""
    numbered = lines(file, max_bytes)
    header_line = next(numbered, None)
    if header_line is None:
        return
    try:
        header = [name.strip() for name in csv_fields(header_line.content.decode())]
    except (csv.Error, UnicodeDecodeError):
        header = []
    absent = [name for name in columns if name not in header]
    positions = [header.index(name) for name in columns if name in header]
    for line in numbered:
        if refused := too_large(line, max_bytes):
            yield refused
            continue
        number, (raw_text, whole) = line.number, text(line.content)
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


def json_records(file: BinaryIO, columns: tuple[str, ...], max_bytes: int = MAX_BYTES) -> Iterator[Record]:
    """The records of a file with one JSON object a line; objects and arrays inside one are kept as JSON text."""
    for line in lines(file, max_bytes):
        if refused := too_large(line, max_bytes):
            yield refused
            continue
        number, (raw_text, whole) = line.number, text(line.content)
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


class Unzipped(io.RawIOBase):
    """What a gzip file holds, unpacked as it is read; of a torn file, all that can be read, and then `is_torn`."""

    def __init__(self, packed: BinaryIO) -> None:
        self.packed, self.rest, self.part, self.is_torn = packed, b"", None, False

    def readable(self) -> bool:
        return True

    def readinto(self, into: memoryview) -> int:
        """Fill `into` as far as there is something; 0 at the end."""
        while not self.is_torn:
            self.rest = self.rest or self.packed.read(CHUNK)
            if not self.rest and self.part is None:
                return 0
            self.part = self.part or zlib.decompressobj(wbits=31)
            n_left = len(self.rest)
            try:
                found = self.part.decompress(self.rest, len(into))
            except zlib.error:
                found, n_left = b"", 0
            if self.part.eof:  # another member may follow
                self.rest, self.part = self.part.unused_data, None
            else:
                self.rest = self.part.unconsumed_tail
                self.is_torn = not found and not n_left
            if found:
                into[: len(found)] = found
                return len(found)
        return 0


def json_gzip_records(file: BinaryIO, columns: tuple[str, ...], max_bytes: int = MAX_BYTES) -> Iterator[Record]:
    """The records of a gzip file of JSON lines; a torn end is a refused record of its own."""
    plain, last = Unzipped(file), 0
    for record in json_records(io.BufferedReader(plain, CHUNK), columns, max_bytes):
        last = record.line
        yield record
    if plain.is_torn:
        yield Record(last + 1, "", reason=BAD, detail="the gzip file is torn here")


def has_at_most(file: BinaryIO, n_bytes: int, n_lines: int) -> tuple[int, int] | None:
    """Bytes and lines of a file, unpacked where it is gzip; None when it holds more than that, found by reading no further."""
    begins = file.read(len(GZIP))
    file.seek(0)
    plain = io.BufferedReader(Unzipped(file), CHUNK) if begins == GZIP else file
    found_bytes = found_lines = 0
    while chunk := plain.read(CHUNK):
        found_bytes, found_lines = found_bytes + len(chunk), found_lines + chunk.count(NEWLINE)
        if found_bytes > n_bytes or found_lines > n_lines:
            return None
    return found_bytes, found_lines
