"""The events in a request's body, each apart: one that cannot be read does not cost its neighbours.

A body is parsed at once. Only where that fails is it cut into its events, by brackets and strings alone, and
each is parsed by itself: slower, linear, and without recursion.
"""

import re
from typing import Any, NamedTuple

from expectations.contracts.event_format import MAX_BATCH_EVENTS
from expectations.contracts.json_text import JSON_DECODER
from serving_app.http.json_body import parse_json
from serving_app.http.problems import BadRequest

# A string up to its end or, unclosed, up to the body's; or a bracket or sign. Possessive: no byte is tried
# twice.
TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{}:,]', re.DOTALL)
CLOSERS = {b"{": b"}", b"[": b"]"}
NO_LIST = "batch must be a list of events"


class SentEvent(NamedTuple):
    """One event as it was sent: its JSON value, or its text where that is no JSON."""

    value: Any = None
    unreadable: bytes | None = None


class SentBatch(NamedTuple):
    """A request's events, and the fields beside them, which hold for all."""

    events: list[SentEvent]
    fields: dict[str, Any]


def parse_batch(body: bytes) -> SentBatch:
    """The events of a body `{"batch": [...], ...}`.

    Raises:
        BadRequest: it holds no list of events, or more than a request may.
    """
    try:
        document = JSON_DECODER.decode(body.decode())
    except (ValueError, RecursionError):  # json.JSONDecodeError and UnicodeDecodeError are ValueErrors
        return split_batch(body)
    if not isinstance(document, dict):
        raise BadRequest("the body must be a JSON object with the events in batch")
    events = document.pop("batch", None)
    if not isinstance(events, list):
        raise BadRequest(NO_LIST)
    check_length(len(events))
    return SentBatch([SentEvent(value) for value in events], document)


def parse_call(body: bytes) -> dict[str, Any]:
    """The one event of a body.

    Raises:
        BadRequest: it is no JSON object.
    """
    value = parse_json(body)
    if not isinstance(value, dict):
        raise BadRequest("the body must be a JSON object")
    return value


def split_batch(body: bytes) -> SentBatch:
    """As `parse_batch`, of a body of which something is no JSON.

    Raises:
        BadRequest: that lies outside the events.
    """
    start, end, spans = find_events(body)
    if start is None:
        fields = parse_json(body)  # says what is wrong, and where
        raise BadRequest(NO_LIST if isinstance(fields, dict) else "the body must be a JSON object")
    check_length(len(spans))
    fields = parse_json(body[:start] + b"[]" + body[end:])
    del fields["batch"]
    return SentBatch([parse_span(body[first:last]) for first, last in spans], fields)


def parse_span(text: bytes) -> SentEvent:
    """One event by itself."""
    try:
        return SentEvent(JSON_DECODER.decode(text.decode()))
    except (ValueError, RecursionError):
        return SentEvent(unreadable=text)


def check_length(n_events: int) -> None:
    """
    Raises:
        BadRequest: these are more events than a request may hold.
    """
    if n_events > MAX_BATCH_EVENTS:
        raise BadRequest(
            f"batch holds {n_events} events; allowed are {MAX_BATCH_EVENTS}: send several requests"
        )


def find_events(body: bytes) -> tuple[int | None, int, list[tuple[int, int]]]:
    """Where the list of events begins and ends, and each event in it; None where there is none, or its
    brackets do not match.
    """
    nothing = (None, 0, [])
    closers: list[bytes] = []
    start, first, name, spans = None, 0, b"", []
    for match in TOKEN.finditer(body):
        token = match[0]
        if start is None and len(closers) == 1 and token[:1] == b'"':
            name = token
        elif token in CLOSERS:
            if start is None and len(closers) == 1 and name == b'"batch"' and token == b"[":
                start, first = match.start(), match.end()
            closers.append(CLOSERS[token])
        elif token in (b"}", b"]"):
            if not closers or closers.pop() != token:
                return nothing
            if start is not None and len(closers) == 1:
                if spans or body[first : match.start()].strip():
                    spans.append((first, match.start()))
                return start, match.end(), spans
        elif token == b"," and start is not None and len(closers) == 2:
            spans.append((first, match.start()))
            first = match.end()
    return nothing
