"""Reads a file line by line with bounded memory: a gzip file of 1 MB may hold a gigabyte, in one line even.

A line ends with LF, CRLF or a lone CR (what Excel for Mac writes), mixed as they come.
"""

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

CHUNK_BYTES = 1 << 18
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Line(NamedTuple):
    """A line without its end."""

    number: int  # from 1
    content: bytes  # of a line that is too long, its beginning
    n_bytes: int
    end: bytes  # as it stands in the file; empty at the end of the last line
    is_blank: bool


def read_lines(file: BinaryIO, max_bytes: int) -> Iterator[Line]:
    """Every line of a file, blank ones too; of each no more than `max_bytes` are kept at once."""
    number, content, n_bytes, is_blank = 1, b"", 0, True
    for chunk in read_chunks(file):
        for part in chunk.splitlines(keepends=True):  # of bytes, at LF, CR and CRLF and nowhere else
            body = part.rstrip(b"\r\n")
            content = content + body[: max_bytes - len(content)] if content else body[:max_bytes]
            n_bytes, is_blank = n_bytes + len(body), is_blank and not body.strip()
            if len(part) > len(body):
                yield Line(number, content, n_bytes, part[len(body) :], is_blank)
                number, content, n_bytes, is_blank = number + 1, b"", 0, True
    if n_bytes:
        yield Line(number, content, n_bytes, b"", is_blank)


def read_chunks(file: BinaryIO) -> Iterator[bytes]:
    """A file's bytes from behind its byte order mark, cut anywhere but inside a CRLF."""
    buffer = file.read(len(BYTE_ORDER_MARK)).removeprefix(BYTE_ORDER_MARK)
    while chunk := file.read(CHUNK_BYTES):
        chunk = buffer + chunk
        buffer = b"\r" if chunk.endswith(b"\r") else b""
        yield chunk.removesuffix(buffer)
    if buffer:
        yield buffer
