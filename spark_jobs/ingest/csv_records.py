"""Joins the lines of a CSV file that are one record: a quoted text may hold line ends (RFC 4180).

A quote that is opened and never closed must not take the rest of the file with it: the line it stands on is
refused alone, and reading goes on with the next. Each line is read at most twice, whatever the quotes: where
an open quote ends does not depend on the line that opened it, so the end found for one line is the end for
all lines between.
"""

import re
from collections import deque
from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from spark_jobs.ingest.lines import Line


class QuoteState(Enum):
    """The state of quotes at the end of a line."""

    CLOSED = "a record ends here"
    OPEN = "a quoted text goes on in the next line"
    BROKEN = "something stands between a closing quote and the next comma"


class JoinedRecord(NamedTuple):
    """The lines of one record as one line, and its flaw when it has one."""

    line: Line
    flaw: str | None = None


UNQUOTED = re.compile(rb"[^,]*+")
# Up to the quote that closes it; possessive, so that it is linear.
QUOTED = re.compile(rb'[^"]*+(?:""[^"]*+)*+')


def find_quote_state(content: bytes, is_open: bool) -> QuoteState:
    """The state of quotes at the end of a line.

    Args:
        is_open: whether it begins inside a quoted text.
    """
    if b'"' not in content:
        return QuoteState.OPEN if is_open else QuoteState.CLOSED
    at, n_bytes = 0, len(content)
    while True:
        if is_open:
            at = QUOTED.match(content, at).end()
            if at == n_bytes:
                return QuoteState.OPEN
            at += 1
            if at < n_bytes and content[at : at + 1] != b",":
                return QuoteState.BROKEN
        else:
            at = UNQUOTED.match(content, at).end()
        if at == n_bytes:
            return QuoteState.CLOSED
        at += 1
        is_open = content[at : at + 1] == b'"'
        at += is_open


def join_quoted_lines(lines: Iterator[Line], max_bytes: int) -> Iterator[JoinedRecord]:
    """Records of a CSV file, blank lines between them left out.

    Args:
        lines: the file's lines, of each no more than `max_bytes` kept.
        max_bytes: the most a record of several lines may have; a text that is longer counts as a quote that
            does not close.
    """
    # Lines read while an end was looked for; every line of it but the last leaves an open quote open.
    ahead: deque[Line] = deque()
    n_ahead, ends_at, end = 0, 0, QuoteState.OPEN
    while line := ahead.popleft() if ahead else next(lines, None):
        n_ahead = n_ahead - count_line_bytes(line) if ahead else 0
        if line.is_blank:
            continue
        begins_quoted = line.content.startswith(b'"')
        if (
            line.n_bytes > max_bytes
            or find_quote_state(line.content[begins_quoted:], begins_quoted) is not QuoteState.OPEN
        ):
            yield JoinedRecord(line)
            continue
        if ends_at <= line.number:
            end = QuoteState.OPEN
        while (
            end is QuoteState.OPEN
            and count_line_bytes(line) + n_ahead <= max_bytes
            and (later := next(lines, None))
        ):
            ahead.append(later)
            n_ahead += count_line_bytes(later)
            ends_at = later.number
            end = (
                find_quote_state(later.content, is_open=True)
                if later.n_bytes <= max_bytes
                else QuoteState.BROKEN
            )
        if end is QuoteState.CLOSED and count_line_bytes(line) + n_ahead - len(ahead[-1].end) <= max_bytes:
            yield JoinedRecord(join_lines([line, *ahead]))
            ahead.clear()
            n_ahead = 0
        else:
            yield JoinedRecord(line, "a quote that does not close")


def count_line_bytes(line: Line) -> int:
    """Bytes of a line and its end."""
    return line.n_bytes + len(line.end)


def join_lines(several: list[Line]) -> Line:
    """Lines as one line, with the number of the first."""
    first, last = several[0], several[-1]
    content = b"".join(line.content + line.end for line in several[:-1]) + last.content
    return Line(first.number, content, len(content), last.end, is_blank=False)
