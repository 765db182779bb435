"""Received events as people look at them: what came, of which visitor, and what became of it, with nobody's
values. Pure.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from expectations.contracts.masking import MASK, mask_record
from expectations.contracts.personal import has_personal_value
from serving_app.console.night_records import parse_moment

SHOWN_OF_ID = 8  # hexadecimal digits of an identifier's keyed hash
VISITOR_KINDS = (("userId", "user_id"), ("anonymousId", "anonymous_id"))

HashIdentifier = Callable[[str, str, str], str]  # of kind, source and value


@dataclass(frozen=True)
class ShownEvent:
    """A received event.

    Attributes:
        received_at: by the clock on the wall.
        name: of a tracked event its own, else the kind of call: the title of a page may greet somebody.
        visitor: kind and the beginning of the identifier's hash: equal for equal visitors, and no value.
        refused_for: the reason code; empty for one that was accepted.
    """

    received_at: datetime
    name: str
    visitor: str
    source: str
    properties: str
    refused_for: str = ""
    detail: str = ""
    is_bot: bool = False

    @property
    def outcome(self) -> str:
        """What became of it."""
        return "refused" if self.refused_for else "bot" if self.is_bot else "accepted"


def build_events(
    lines: Iterable[bytes], hash_identifier: HashIdentifier, lag: timedelta, most: int
) -> list[ShownEvent]:
    """The newest of these events, newest first. A line that is torn or no event is left out.

    Args:
        lag: by which the shop's calendar is behind the clock.
    """
    shown = []
    for line in lines:
        try:
            record = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        if isinstance(record, dict) and (event := build_event(record, hash_identifier, lag)):
            shown.append(event)
    return sorted(shown, key=lambda event: event.received_at, reverse=True)[:most]


def build_event(
    record: Mapping[str, Any], hash_identifier: HashIdentifier, lag: timedelta
) -> ShownEvent | None:
    """A record of the log as it may be shown; None where it has no time."""
    received_at = parse_moment(record.get("receivedAt"))
    if received_at is None:
        return None
    flaw = record.get("quarantined")
    source = text_of(record.get("source"))
    context = record.get("context")
    properties = record.get("properties")
    return ShownEvent(
        received_at=received_at + lag,
        name=mask_text(record.get("event") or record.get("type") or "not understood"),
        visitor=name_visitor(record, source, hash_identifier),
        source=source,
        properties=mask_record(orjson.dumps(properties).decode(), None) if properties else "",
        refused_for=text_of(flaw.get("reason")) if isinstance(flaw, dict) else "",
        detail=mask_text(flaw.get("detail")) if isinstance(flaw, dict) else "",
        is_bot=isinstance(context, dict) and context.get("isBot") is True,
    )


def name_visitor(record: Mapping[str, Any], source: str, hash_identifier: HashIdentifier) -> str:
    """Who sent it, by an identifier's kind and the beginning of its keyed hash; empty of nobody known."""
    for field, kind in VISITOR_KINDS:
        value = record.get(field)
        if isinstance(value, str) and value:
            digits = hash_identifier(kind, source, value).removeprefix("i_")
            return f"{kind} {digits[:SHOWN_OF_ID]}"
    return ""


def mask_text(value: Any) -> str:
    """A text that a sender chose, unless it may hold somebody's value."""
    text = " ".join(text_of(value).split())[:80]
    return MASK if has_personal_value(text) else text


def text_of(value: Any) -> str:
    """A value that is a text; empty for any other."""
    return value if isinstance(value, str) else ""
