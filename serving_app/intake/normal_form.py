"""One event as it was sent → its line in the event log, and what the live state learns of it.

What is let in here, ingest takes: ids, times and numbers are judged by the contracts that ingest judges by,
in the same order, so the reason that a client hears is the one that stands in `quarantine`.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from expectations.contracts.event_format import CALL_TYPES, CALLS, MAX_EVENT_BYTES, TRACK, TRACKED_EVENTS
from expectations.contracts.ids import parse_id
from expectations.contracts.json_text import MAX_JSON_DEPTH, is_nested_deeper
from expectations.contracts.lake import CORE_EVENTS
from expectations.contracts.tables import MAX_CHARACTERS
from expectations.contracts.text import normalise_text
from serving_app.intake.batches import SentEvent
from serving_app.intake.bots import is_bot_agent
from serving_app.intake.consents import EventConsents, read_event_consents
from serving_app.intake.event_schemas import find_schema_flaw
from serving_app.intake.flaws import Flaw, Refused
from serving_app.intake.products import as_text, read_items
from serving_app.intake.times import (
    UnreadableTime,
    correct_event_time,
    format_time,
    is_plausible,
    parse_time,
)
from serving_app.live.events import IDENTIFY, PURCHASE, LiveEvent

# Of a request, and not of an event: a key must not be logged.
NOT_LOGGED = ("writeKey", "integrations", "_metadata")
TIMES = ("timestamp", "originalTimestamp", "sentAt")
TEXTS = (  # where a text stands in an event's context, and its column
    (("device", "type"), "device_type"),
    (("page", "path"), "page_path"),
    (("page", "referrer"), "referrer"),
    (("campaign", "name"), "campaign"),
)
UNKNOWN_TYPE = f"type, event; types are {', '.join(CALLS)}, events {', '.join(TRACKED_EVENTS)}"
ROOM_FOR_NUMBER = 8  # behind a purchase's id: `#` and which of its products


@dataclass(frozen=True)
class Receipt:
    """What holds for every event of a request.

    Attributes:
        source: whose ids they use.
        zone: the shop's, of times that name none.
        fields: what the client says of all of them: `context`, `sentAt`.
        is_bot: by the request's own headers; an event's user agent decides where it has one.
        new_id: makes the id of an event that has none.
    """

    received_at: datetime
    source: str
    zone: ZoneInfo
    normalise_item_id: Callable[[str], str]
    new_id: Callable[[], str]
    fields: dict[str, Any] = field(default_factory=dict)
    is_bot: bool = False


@dataclass(frozen=True)
class NormalEvent:
    """One event in normal form.

    Attributes:
        key: of two events with one key the second is a repetition.
        message_id: the client's; None where it has none that can be read.
        line: its record in the event log.
        event: None of a refused one.
        flaw: None of an accepted one.
        consents: its words; of a refused one each no counts.
        user_id, anonymous_id: whose words these are.
    """

    key: str
    source: str
    message_id: str | None
    line: bytes
    event: LiveEvent | None
    flaw: Flaw | None
    consents: EventConsents
    user_id: str | None
    anonymous_id: str | None
    occurred_at: datetime  # from when on its words count


def normalise_event(sent: SentEvent, receipt: Receipt) -> NormalEvent:
    """An event's normal form; never raises for what was sent."""
    try:
        message = read_message(sent, receipt)
        return accept(message, receipt)
    except Refused as refusal:
        return refuse(sent, refusal.flaw, receipt)


def read_message(sent: SentEvent, receipt: Receipt) -> dict[str, Any]:
    """The event as a JSON object with what the request says of all events.

    Raises:
        Refused: it is none, or too large.
    """
    if sent.unreadable is not None:
        allowed = f"a JSON object in UTF-8 with each name once, at most {MAX_JSON_DEPTH} levels deep"
        raise Refused("not_parseable", f"not {allowed}")
    if not isinstance(sent.value, dict):
        raise Refused("not_parseable", "not a JSON object")
    if is_nested_deeper(sent.value, MAX_JSON_DEPTH):
        raise Refused("not_parseable", f"more than {MAX_JSON_DEPTH} levels deep")
    message = {name: value for name, value in sent.value.items() if name not in NOT_LOGGED}
    general = receipt.fields.get("context")
    own = message.get("context")
    if isinstance(general, dict) and (own is None or isinstance(own, dict)):
        message["context"] = {**general, **(own or {})}
    if message.get("sentAt") is None and receipt.fields.get("sentAt") is not None:
        message["sentAt"] = receipt.fields["sentAt"]
    n_bytes = len(dump(message))
    if n_bytes > MAX_EVENT_BYTES:
        raise Refused("too_large", f"{n_bytes} bytes, allowed are {MAX_EVENT_BYTES}")
    return message


def dump(message: dict[str, Any]) -> bytes:
    """JSON in UTF-8.

    Raises:
        Refused: it holds what no later reader can: a whole number beyond 64 bits, or half a character.
    """
    try:
        return orjson.dumps(message)
    except TypeError:
        raise Refused("not_parseable", "a whole number beyond 64 bits, or half a character") from None


def accept(message: dict[str, Any], receipt: Receipt) -> NormalEvent:
    """The normal form of a message.

    Raises:
        Refused: it breaks a rule; the first is named.
    """
    message_id = read_message_id(message, receipt)
    call, event_type = read_type(message)
    user_id, anonymous_id = read_person(message, call)
    if flaw := find_schema_flaw(call, message.get("event"), message):
        raise Refused(*flaw)
    times, occurred_at = read_times(message, receipt)
    context, properties = message.get("context") or {}, message.get("properties") or {}
    order_id = parse_id(properties.get("order_id"), "order_id").value
    if event_type == PURCHASE and order_id is None:
        raise Refused("missing_field", "order_id")
    items = read_items(event_type, properties, receipt.normalise_item_id)
    check_lengths(context)
    agent = context.get("userAgent")
    is_bot = is_bot_agent(agent) if agent else receipt.is_bot
    consents = read_event_consents(context)
    event = LiveEvent(
        message_id=message_id,
        event_type=IDENTIFY if call == "alias" else event_type,
        occurred_at=occurred_at,
        received_at=receipt.received_at,
        source=receipt.source,
        user_id=user_id,
        anonymous_id=anonymous_id,
        items=items,
        session_id=parse_id(context.get("sessionId"), "session_id").value,
        request_id=parse_id(properties.get("request_id"), "request_id").value,
        order_id=order_id,
        has_personalization_consent=consents.personalization,
        has_analytics_consent=consents.analytics,
        is_bot=is_bot,
    )
    record = {**message, **times, "source": receipt.source}
    if is_bot:
        record["context"] = {**context, "isBot": True}
    return NormalEvent(
        key=message_id,
        source=receipt.source,
        message_id=message_id,
        line=dump(record),
        event=event,
        flaw=None,
        consents=consents,
        user_id=user_id,
        anonymous_id=anonymous_id,
        occurred_at=occurred_at,
    )


def read_message_id(message: dict[str, Any], receipt: Receipt) -> str:
    """The event's id; a client that sends none gets one, and no protection from its own repetitions.

    Raises:
        Refused: what was sent is no id.
    """
    message_id, flaw = parse_id(message.get("messageId"), "message_id")
    if flaw:
        raise Refused("bad_id", f"messageId {flaw}")
    if message_id is None:
        message_id = message["messageId"] = receipt.new_id()
    # `#` is doubled in `event_id`
    if len(message_id) + message_id.count("#") + ROOM_FOR_NUMBER > MAX_CHARACTERS:
        raise Refused("too_large", "messageId")
    return message_id


def read_type(message: dict[str, Any]) -> tuple[str, str]:
    """The call and the event's type.

    Raises:
        Refused: either is not declared.
    """
    call = message.get("type")
    name, types = (message.get("event"), TRACKED_EVENTS) if call == TRACK else (call, CALL_TYPES)
    event_type = types.get(name) if isinstance(name, str) else None  # a list cannot be looked up
    if event_type is None:
        raise Refused("unknown_type", UNKNOWN_TYPE)
    return call, event_type


def read_person(message: dict[str, Any], call: str) -> tuple[str | None, str | None]:
    """The user's and the browser's id; of an alias the one before stands in the browser's place.

    Raises:
        Refused: it has neither.
    """
    user_id = parse_id(message.get("userId"), "user_id").value
    anonymous_id = parse_id(message.get("anonymousId"), "anonymous_id").value
    if call == "alias":
        anonymous_id = parse_id(message.get("previousId"), "anonymous_id").value or anonymous_id
    if user_id is None and anonymous_id is None:
        raise Refused("missing_field", "userId, anonymousId")
    return user_id, anonymous_id


def read_times(message: dict[str, Any], receipt: Receipt) -> tuple[dict[str, str], datetime]:
    """The record's times, all in UTC, and when the event happened.

    Raises:
        Refused: one is no time, or the shop's clock cannot have shown it.
    """
    try:
        timestamp, original, sent_at = (parse_time(message.get(name), receipt.zone) for name in TIMES)
    except UnreadableTime:
        raise Refused(
            "bad_time", "timestamp, originalTimestamp, sentAt: ISO 8601 with date and time"
        ) from None
    original = original or timestamp
    occurred_at = correct_event_time(original, sent_at, receipt.received_at)
    if not is_plausible(occurred_at, receipt.received_at):
        raise Refused("bad_time", "when it happened")
    times = {"timestamp": occurred_at, "receivedAt": receipt.received_at}
    if original:
        times["originalTimestamp"] = original
    if sent_at:
        times["sentAt"] = sent_at
    return {name: format_time(moment) for name, moment in times.items()}, occurred_at


def check_lengths(context: dict[str, Any]) -> None:
    """
    Raises:
        Refused: a text is longer than its column.
    """
    for path, column in TEXTS:
        value: Any = context
        for name in path:
            value = (value or {}).get(name)
        most = CORE_EVENTS.lengths.get(column, MAX_CHARACTERS)
        if len(normalise_text(as_text(value))) > most:
            raise Refused("too_large", f"context.{'.'.join(path)}")


def refuse(sent: SentEvent, flaw: Flaw, receipt: Receipt) -> NormalEvent:
    """The record of an event that cannot be taken: it stands in quarantine after the night."""
    raw_text = show_raw_text(sent)
    message = sent.value if isinstance(sent.value, dict) else {}
    consents = read_event_consents(message.get("context"))
    record: dict[str, Any] = {
        "quarantined": flaw._asdict(),
        "raw_text": raw_text[:MAX_EVENT_BYTES],
        "source": receipt.source,
        "receivedAt": format_time(receipt.received_at),
    }
    user_id = parse_id(message.get("userId"), "user_id").value
    anonymous_id = parse_id(message.get("anonymousId"), "anonymous_id").value
    if False in consents:  # a no counts though its event does not
        preferences = {name: word for name, word in consents._asdict().items() if word is not None}
        record |= {
            "userId": user_id,
            "anonymousId": anonymous_id,
            "timestamp": record["receivedAt"],
            "context": {"consent": {"categoryPreferences": preferences}},
        }
    digest = hashlib.sha256(raw_text.encode()).hexdigest()
    return NormalEvent(
        key=f"refused:{digest}",
        source=receipt.source,
        message_id=parse_id(message.get("messageId"), "message_id").value,
        line=orjson.dumps(record),
        event=None,
        flaw=flaw,
        consents=consents,
        user_id=user_id,
        anonymous_id=anonymous_id,
        occurred_at=receipt.received_at,
    )


def show_raw_text(sent: SentEvent) -> str:
    """An event as text that a table can hold; what is no character is shown as an escape."""
    if sent.unreadable is not None:
        text = sent.unreadable.decode(errors="backslashreplace")
    else:
        try:
            text = json.dumps(sent.value, ensure_ascii=False)
        except RecursionError:
            text = "nested too deeply to be shown"
    return text.encode(errors="backslashreplace").decode().replace("\0", "\\0")
