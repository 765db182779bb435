"""A delivery's body as an event in Segment's format, as its webhook declares."""

import hashlib
from typing import Any

from expectations.contracts.json_text import JSON_DECODER
from serving_app.intake.batches import SentEvent
from serving_app.intake.products import as_text
from serving_app.intake.webhook_declaration import EventMapping, FieldOrigin

ID_HEX_DIGITS = 32


def map_delivery(name: str, body: bytes, mapping: EventMapping) -> SentEvent:
    """The event that a delivery becomes; its text where it is no JSON object."""
    try:
        document = JSON_DECODER.decode(body.decode())
    except (ValueError, RecursionError):
        return SentEvent(unreadable=body)
    if not isinstance(document, dict):
        return SentEvent(unreadable=body)
    event: dict[str, Any] = {"type": mapping.type, "messageId": make_message_id(name, body)}
    if mapping.event:
        event["event"] = mapping.event
    for target, origin in mapping.fields.items():
        value = find_field(document, origin)
        if value is not None:
            put_value(event, target, value)
    for target, each in mapping.lists.items():
        rows = find_value(document, each.each)
        if isinstance(rows, list):
            put_value(event, target, [map_row(row, each.fields) for row in rows])
    return SentEvent(event)


def make_message_id(name: str, body: bytes) -> str:
    """The id of a delivery: of its signed body alone. A platform's own id stands in a header, which nothing
    signs: whoever has seen one delivery could send it again under another id, and it would count twice.
    """
    return f"{name}:{hashlib.sha256(body).hexdigest()[:ID_HEX_DIGITS]}"


def find_field(document: dict[str, Any], origin: str | list[str] | FieldOrigin) -> Any:
    """The value of a field; None where the delivery holds none."""
    declared = origin if isinstance(origin, FieldOrigin) else None
    places = declared.places if declared else [origin] if isinstance(origin, str) else origin
    for place in places:
        value = find_value(document, place)
        if value is not None and value != "":
            return declared.values.get(as_text(value), value) if declared else value
    return None


def find_value(document: Any, place: str) -> Any:
    """What stands at a place, such as `customer.id` or `addresses.0.country`; None where nothing does."""
    value = document
    for name in place.split("."):
        if isinstance(value, dict):
            value = value.get(name)
        elif isinstance(value, list) and name.isascii() and name.isdigit():
            value = value[int(name)] if int(name) < len(value) else None
        else:
            return None
    return value


def map_row(row: Any, fields: dict[str, str]) -> Any:
    """An entry of a list with the declared fields; one that is no object stays, and is refused for it."""
    if not isinstance(row, dict):
        return row
    values = {target: find_value(row, place) for target, place in fields.items()}
    return {target: value for target, value in values.items() if value is not None}


def put_value(event: dict[str, Any], target: str, value: Any) -> None:
    """Put a value at a place of the event."""
    *outer, last = target.split(".")
    for name in outer:
        event = event.setdefault(name, {})
    event[last] = value
