"""Spoiled lines: each defect by its name, the reason code it should be refused with, and how it is made.

A spoiled line is always an extra one, made from a good line that stays in the file, so nothing true is lost
with it.
"""

from collections.abc import Callable

import numpy as np
import orjson

TOO_LARGE_BYTES = 70_000


def _json(change: Callable[[dict], None]) -> Callable[[bytes], bytes]:
    def spoil(line: bytes) -> bytes:
        record = orjson.loads(line)
        change(record)
        return orjson.dumps(record)

    return spoil


def _put(value: object, *path: str) -> Callable[[dict], None]:
    def change(record: dict) -> None:
        for name in path[:-1]:
            record = record[name]
        record[path[-1]] = value

    return change


def _drop(*names: str) -> Callable[[dict], None]:
    def change(record: dict) -> None:
        for name in names:
            record.pop(name, None)

    return change


def _times(value: str) -> Callable[[dict], None]:
    def change(record: dict) -> None:
        record.update(timestamp=value, originalTimestamp=value, sentAt=value)

    return change


def _field(number: int, value: bytes) -> Callable[[bytes], bytes]:
    """Replace one field of a CSV line; only for columns before any that may be quoted."""

    def spoil(line: bytes) -> bytes:
        fields = line.split(b",")
        fields[number] = value
        return b",".join(fields)

    return spoil


def _no_product(record: dict) -> None:
    record["properties"].pop("product_id")


DEFECTS: dict[str, dict[str, tuple[str, Callable[[bytes], bytes]]]] = {
    "events": {
        "cut_off": ("not_parseable", lambda line: line[: len(line) * 3 // 5]),
        "not_utf8": (
            "not_parseable",
            lambda line: line.replace(b'"sessionId":"', b'"sessionId":"\xff\xfe', 1),
        ),
        "not_an_object": ("not_parseable", lambda line: b"[" + line + b"]"),
        "no_message_id": ("missing_field", _json(_drop("messageId"))),
        "no_sender": ("missing_field", _json(_drop("anonymousId", "userId"))),
        "no_product": ("missing_field", _json(_no_product)),
        "unreadable_time": ("bad_time", _json(_times("yesterday evening"))),
        "impossible_time": ("bad_time", _json(_times("2126-01-05T08:00:00.000Z"))),
        "price_in_words": ("bad_number", _json(_put("twelve fifty", "properties", "price"))),
        "unknown_event": ("unknown_type", _json(_put("Lottery Ticket Scratched", "event"))),
        "unknown_type": ("unknown_type", _json(_put("telemetry", "type"))),
        "too_large": ("too_large", _json(_put("x" * TOO_LARGE_BYTES, "context", "userAgent"))),
    },
    "orders": {
        "column_missing": ("not_parseable", lambda line: line.rsplit(b",", 2)[0]),
        "no_order_id": ("missing_field", _field(0, b"")),
        "quantity_in_words": ("bad_number", _field(6, b"two")),
        "impossible_date": ("bad_time", _field(2, b"2026-02-31T10:00:00Z")),
        "unknown_kind": ("bad_value", _field(11, b"raffle")),
    },
    "people": {
        "column_too_many": ("not_parseable", lambda line: line + b",true"),
        "no_crm_id": ("missing_field", _field(0, b"")),
        "impossible_update": (
            "bad_time",
            lambda line: line.rsplit(b",", 3)[0] + b",2026-13-01T00:00:00Z,true,true",
        ),
        "consent_maybe": ("bad_value", lambda line: line.rsplit(b",", 2)[0] + b",maybe,maybe"),
    },
    "catalogue": {
        "cut_off": ("not_parseable", lambda line: line[: len(line) * 3 // 5]),
        "no_item_id": ("missing_field", _json(_drop("item_id"))),
        "price_in_words": ("bad_number", _json(_put("on request", "price"))),
        "unknown_status": ("bad_value", _json(_put("archived", "status"))),
    },
}
_NEEDS_PRODUCT = {"no_product", "price_in_words", "unknown_event"}
SHARE_OF_EVENTS = 0.0002  # of each kind, per event line
OTHER_FEEDS_EVERY = 4  # days between two of a kind


def _fresh_id(feed: str, line: bytes, new: str) -> bytes:
    """The line under an id of its own, so that it is never taken for a repeat of the line it was
    made from.
    """
    if feed in ("events", "catalogue"):
        record = orjson.loads(line)
        record["messageId" if feed == "events" else "item_id"] = new
        return orjson.dumps(record)
    return new.encode() + line[line.index(b",") :]


def make_spoiled_lines(
    rng: np.random.Generator, feed: str, day: int, lines: list[bytes]
) -> list[tuple[str, str, bytes]]:
    """The day's spoiled lines for a file: (kind, reason code, line). Every kind appears at least every few
    days.
    """
    found = []
    if not lines:
        return found
    for k, (kind, (reason, spoil)) in enumerate(DEFECTS[feed].items()):
        every = 3 if feed == "events" else OTHER_FEEDS_EVERY
        n = int((day + k) % every == 0)
        if feed == "events" and kind != "too_large":
            n = max(n, int(rng.poisson(SHARE_OF_EVENTS * len(lines))))
        for _ in range(n):
            for _try in range(200):  # a line of the sort that the kind needs
                line = lines[rng.integers(0, len(lines))]
                if (
                    feed != "events"
                    or kind not in _NEEDS_PRODUCT
                    or (b'"product_id"' in line and b'"Product ' in line)
                ):
                    new = f"x{rng.integers(0, 1 << 62):016x}"
                    found.append((kind, reason, spoil(_fresh_id(feed, line, new))))
                    break
    return found


def insert_at_random(
    rng: np.random.Generator, lines: list[bytes], extra: list[bytes]
) -> tuple[list[bytes], np.ndarray, np.ndarray]:
    """Put extra lines at random places among the lines, whose order stays.

    Returns:
        (all lines, place of each line, place of each extra line), places counted from 0.
    """
    places = np.sort(rng.choice(len(lines) + len(extra), len(extra), replace=False))
    is_extra = np.zeros(len(lines) + len(extra), dtype=bool)
    is_extra[places] = True
    good = np.flatnonzero(~is_extra)
    merged: list[bytes] = [b""] * len(is_extra)
    for place, line in [*zip(good, lines, strict=True), *zip(places, extra, strict=True)]:
        merged[place] = line
    return merged, good, places
