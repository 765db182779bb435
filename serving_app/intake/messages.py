"""Reads the parts of one event as it was sent; each raises `Refused` by a rule that ingest refuses it by."""

import json
from typing import Any

import orjson

from expectations.contracts.event_format import CALL_TYPES, CALLS, MAX_EVENT_BYTES, TRACK, TRACKED_EVENTS
from expectations.contracts.ids import parse_id
from expectations.contracts.json_text import MAX_JSON_DEPTH, is_nested_deeper
from expectations.contracts.lake import CORE_EVENTS
from expectations.contracts.tables import MAX_CHARACTERS
from expectations.contracts.text import normalise_text
from serving_app.http.responses import format_utc
from serving_app.intake.batches import SentEvent
from serving_app.intake.flaws import Refused
from serving_app.intake.products import as_text
from serving_app.intake.receipts import Receipt
from serving_app.intake.times import (
    UnreadableTime,
    correct_event_time,
    is_plausible,
    parse_time,
)

# Of a request and not of an event, where a key must not be logged; and what the log itself says of events.
NOT_LOGGED = ("writeKey", "integrations", "_metadata", "source", "quarantined", "raw_text", "claimedUserId")
USER_TOKEN = "userToken"  # in an event's context
TIMES = ("timestamp", "originalTimestamp", "sentAt")
TEXTS = (  # where a text stands in an event's context, and its column
    (("device", "type"), "device_type"),
    (("page", "path"), "page_path"),
    (("page", "referrer"), "referrer"),
    (("campaign", "name"), "campaign"),
)
UNKNOWN_TYPE = f"type, event; types are {', '.join(CALLS)}, events {', '.join(TRACKED_EVENTS)}"
NOT_JSON = f"not a JSON object in UTF-8 with each name once, at most {MAX_JSON_DEPTH} levels deep"
ROOM_FOR_NUMBER = 8  # behind a purchase's id: `#` and which of its products


def read_message(sent_event: SentEvent, receipt: Receipt) -> tuple[dict[str, Any], str]:
    """The event as a JSON object with what the request says of all events, and the token that came with it.

    Raises:
        Refused: it is none, or too large.
    """
    if not isinstance(sent_event.value, dict) or is_nested_deeper(sent_event.value, MAX_JSON_DEPTH):
        raise Refused("not_parseable", NOT_JSON)
    message = {name: value for name, value in sent_event.value.items() if name not in NOT_LOGGED}
    general, own = receipt.fields.get("context"), message.get("context")
    if isinstance(general, dict) and (own is None or isinstance(own, dict)):
        message["context"] = {**general, **(own or {})}
    if message.get("sentAt") is None and receipt.fields.get("sentAt") is not None:
        message["sentAt"] = receipt.fields["sentAt"]
    message, token = take_user_token(message)
    n_bytes = len(dump(message))
    if n_bytes > MAX_EVENT_BYTES:
        raise Refused("too_large", f"{n_bytes} bytes, allowed are {MAX_EVENT_BYTES}")
    return message, token


def take_user_token(message: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The message without its token, and the token; empty where it has none."""
    context = message.get("context")
    if not isinstance(context, dict) or USER_TOKEN not in context:
        return message, ""
    token = context[USER_TOKEN]
    rest = {name: value for name, value in context.items() if name != USER_TOKEN}
    return {**message, "context": rest}, token if isinstance(token, str) else ""


def dump(message: dict[str, Any]) -> bytes:
    """JSON in UTF-8.

    Raises:
        Refused: it holds what no later reader can: a whole number beyond 64 bits, or half a character.
    """
    try:
        return orjson.dumps(message)
    except TypeError:
        raise Refused("not_parseable", "a whole number beyond 64 bits, or half a character") from None


def read_message_id(message: dict[str, Any], receipt: Receipt) -> str:
    """The event's id. A client that sends none gets one, and no protection from its own repetitions.

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


def read_person(
    message: dict[str, Any], call: str, token: str, receipt: Receipt
) -> tuple[str | None, str | None]:
    """The user's and the browser's id; of an alias the id before stands in the browser's place. A user id
    that needs a proof and has none moves to `claimedUserId`, of which nobody makes an identifier.

    Raises:
        Refused: it has neither.
    """
    user_id = parse_id(message.get("userId"), "user_id").value
    anonymous_id = parse_id(message.get("anonymousId"), "anonymous_id").value
    if call == "alias":
        anonymous_id = parse_id(message.get("previousId"), "anonymous_id").value or anonymous_id
    if user_id is not None and not is_proven(user_id, token, receipt):
        message["claimedUserId"], user_id = message.pop("userId"), None
    if user_id is None and anonymous_id is None:
        claim = "claimedUserId" in message
        raise Refused(
            "missing_field", "a proof of userId, or anonymousId" if claim else "userId, anonymousId"
        )
    return user_id, anonymous_id


def is_proven(user_id: str, token: str, receipt: Receipt) -> bool:
    """Whether the sender may say that somebody is this user."""
    return (
        receipt.find_proven_user is None or receipt.find_proven_user(token or receipt.user_token) == user_id
    )


def read_times(message: dict[str, Any], receipt: Receipt) -> dict[str, Any]:
    """The record's times, as moments in UTC; `timestamp` is when the event happened.

    Raises:
        Refused: one is no time, or the shop's clock cannot have shown it.
    """
    try:
        timestamp, original, sent_at = (parse_time(message.get(name), receipt.zone) for name in TIMES)
    except UnreadableTime:
        raise Refused("bad_time", f"{', '.join(TIMES)}: ISO 8601, a date with its time") from None
    original = original or timestamp
    occurred_at = correct_event_time(original, sent_at, receipt.received_at)
    if not is_plausible(occurred_at, receipt.received_at):
        raise Refused("bad_time", "when it happened")
    times = {
        "timestamp": occurred_at,
        "originalTimestamp": original,
        "sentAt": sent_at,
        "receivedAt": receipt.received_at,
    }
    return {name: moment for name, moment in times.items() if moment}


def check_lengths(context: dict[str, Any]) -> None:
    """
    Raises:
        Refused: a text is longer than its column.
    """
    for path, column in TEXTS:
        most = CORE_EVENTS.lengths.get(column, MAX_CHARACTERS)
        if len(read_text(context, *path) or "") > most:
            raise Refused("too_large", f"context.{'.'.join(path)}")


def read_text(context: dict[str, Any], *path: str) -> str | None:
    """A text of an event's context in its normal form; None where there is none."""
    value: Any = context
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return normalise_text(as_text(value)) or None


def show_raw_text(sent_event: SentEvent) -> str:
    """An event as text that a table can hold, keys and tokens left out where it can be read; what is no
    character is shown as an escape.
    """
    if sent_event.unreadable is not None:
        text = sent_event.unreadable.decode(errors="backslashreplace")
    else:
        value = sent_event.value
        if isinstance(value, dict):
            value, _ = take_user_token({name: one for name, one in value.items() if name not in NOT_LOGGED})
        try:
            text = json.dumps(value, ensure_ascii=False)
        except RecursionError:
            text = "nested too deeply to be shown"
    return text.encode(errors="backslashreplace").decode().replace("\0", "\\0")


def format_times(times: dict[str, Any]) -> dict[str, str]:
    """Times as the log holds them."""
    return {name: format_utc(moment) for name, moment in times.items()}
