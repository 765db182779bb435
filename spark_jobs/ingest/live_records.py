"""Reads the service's event log: accepted events, and those that the service refused, with its reason.

A refused event stands in the log as `{"quarantined": {"reason", "detail"}, "raw_text": …}`. Where its text is
an event all the same, its values are read too: a no to personalization counts whatever else is wrong.
"""

import json
from collections.abc import Iterator
from typing import BinaryIO

from expectations.contracts.ids import may_be_id
from expectations.contracts.json_text import JSON_DECODER, MAX_JSON_DEPTH, is_nested_deeper
from expectations.contracts.reasons import REASONS
from spark_jobs.ingest.formats import format_json_value, read_json_records
from spark_jobs.sources.declaration import Record

QUARANTINED, RAW_TEXT, CLAIMED_USER = "quarantined", "raw_text", "claimedUserId"
OF_ENVELOPE = ("source", "receivedAt", CLAIMED_USER, QUARANTINED)  # what the service says of a refused event
CLIENT_TIMES = ("timestamp", "originalTimestamp", "sentAt")  # not trusted of a refused event
OTHER_REASON = "bad_value"  # where the log gives a reason that is not declared


def read_live_records(
    file: BinaryIO, columns: tuple[str, ...], id_columns: tuple[str, ...]
) -> Iterator[Record]:
    """The records of a file of the event log.

    Args:
        columns: with `OF_ENVELOPE` among them.
    """
    for record in read_json_records(file, (*columns, RAW_TEXT), id_columns=id_columns):
        if record.values is None:
            yield record
            continue
        *values, raw_text = record.values
        received = dict(zip(columns, values, strict=True))
        if received[QUARANTINED] is None:
            yield record._replace(values=tuple(values))
        else:
            yield make_refused_record(record.line, raw_text or "", received, id_columns)


def make_refused_record(
    line: int, raw_text: str, envelope: dict[str, str | None], id_columns: tuple[str, ...]
) -> Record:
    """The record of an event that the service refused, with the event's values where its text is one."""
    reason, detail = parse_refusal(envelope[QUARANTINED] or "")
    event = parse_event(raw_text)
    shown = raw_text.replace("\0", "\\0")
    if event is None:
        return Record(line, shown, reason=reason, detail=detail)
    if envelope[CLAIMED_USER] is not None:  # anybody can send a no in another's name
        event.pop("userId", None)
    trusted = {name: value for name, value in event.items() if name not in CLIENT_TIMES}
    values = tuple(
        envelope[name] if name in OF_ENVELOPE else format_json_value(trusted.get(name)) for name in envelope
    )
    wrong_kinds = tuple(name for name in id_columns if not may_be_id(event.get(name)))
    return Record(line, shown, values, reason, detail, wrong_kinds)


def parse_refusal(text: str) -> tuple[str, str]:
    """Reason code and detail of a refusal."""
    try:
        refusal = json.loads(text)
    except ValueError:
        refusal = None
    if not isinstance(refusal, dict):
        return OTHER_REASON, ""
    detail = format_json_value(refusal.get("detail")) or ""
    reason = refusal.get("reason")
    return (reason, detail) if reason in REASONS else (OTHER_REASON, detail)


def parse_event(text: str) -> dict[str, object] | None:
    """The JSON object of a text; None where it is none that ingest can read."""
    try:
        event = JSON_DECODER.decode(text)
        if not isinstance(event, dict) or is_nested_deeper(event, MAX_JSON_DEPTH):
            return None
        "".join(format_json_value(value) or "" for value in event.values()).encode()  # no lone surrogate
    except (ValueError, RecursionError):
        return None
    return event if "\0" not in text and "\\u0000" not in text else None
