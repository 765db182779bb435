"""One event as it was sent → its line in the event log, and what the live state learns of it.

What is let in here, ingest takes: ids, times and numbers are judged by the contracts that ingest judges by,
in the same order, so the reason that a client hears is the one that stands in `quarantine`.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from expectations.contracts.event_format import MAX_EVENT_BYTES
from expectations.contracts.ids import parse_id
from expectations.contracts.places import MOST_DEGREES, find_zone, parse_place
from serving_app.http.responses import format_utc
from serving_app.intake.batches import SentEvent
from serving_app.intake.bots import is_bot_agent
from serving_app.intake.consents import EventConsents, read_event_consents
from serving_app.intake.event_schemas import find_schema_flaw
from serving_app.intake.flaws import Flaw, Refused
from serving_app.intake.messages import (
    check_lengths,
    dump,
    format_times,
    is_proven,
    read_message,
    read_message_id,
    read_person,
    read_text,
    read_times,
    read_type,
    show_raw_text,
    take_user_token,
)
from serving_app.intake.products import read_currency, read_items
from serving_app.intake.receipts import Receipt
from serving_app.live.events import IDENTIFY, PURCHASE, LiveEvent

EARLIEST = datetime.min.replace(tzinfo=UTC)
ALIAS = "alias"


@dataclass(frozen=True)
class NormalEvent:
    """One event in normal form.

    Attributes:
        key: of two events with one key the second is a repetition.
        message_id: the client's; None where it has none that can be read.
        line: its record in the event log.
        event: None of a refused one.
        flaw: None of an accepted one.
        consents: what it says; of a refused one each no counts.
        user_id, anonymous_id: whose consents these are.
        consented_at: from when on they count.
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
    consented_at: datetime


def normalise_event(sent_event: SentEvent, receipt: Receipt) -> NormalEvent:
    """An event's normal form; never raises for what was sent."""
    try:
        return accept(sent_event, receipt)
    except Refused as refusal:
        return refuse(sent_event, refusal.flaw, receipt)


def accept(sent_event: SentEvent, receipt: Receipt) -> NormalEvent:
    """The normal form of an event that breaks no rule.

    Raises:
        Refused: it breaks one; the first is named.
    """
    message, token = read_message(sent_event, receipt)
    message_id = read_message_id(message, receipt)
    call, event_type = read_type(message)
    user_id, anonymous_id = read_person(message, call, token, receipt)
    if flaw := find_schema_flaw(call, message.get("event"), message):
        raise Refused(*flaw)
    times = read_times(message, receipt)
    context, properties = message.get("context") or {}, message.get("properties") or {}
    order_id = parse_id(properties.get("order_id"), "order_id").value
    if event_type == PURCHASE and order_id is None:
        raise Refused("missing_field", "order_id")
    items = read_items(event_type, properties, receipt.normalise_item_id)
    check_lengths(context)
    agent, consents = context.get("userAgent"), read_event_consents(context)
    latitude, longitude = parse_place(*(read_text(context, "location", name) for name in MOST_DEGREES))
    zone = read_text(context, "timezone")
    event = LiveEvent(
        message_id=message_id,
        event_type=IDENTIFY if call == ALIAS else event_type,
        occurred_at=times["timestamp"],
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
        is_bot=is_bot_agent(agent) if agent else receipt.is_bot,
        device=read_text(context, "device", "type"),
        campaign=read_text(context, "campaign", "name"),
        country=read_text(context, "location", "country"),
        is_alias=call == ALIAS,
        calendar_lag=receipt.calendar_lag,
        latitude=latitude,
        longitude=longitude,
        time_zone=zone if zone and find_zone(zone) else None,
        currency=read_currency(properties),
    )
    return NormalEvent(
        key=message_id,
        source=receipt.source,
        message_id=message_id,
        line=dump(build_record(message, times, event)),
        event=event,
        flaw=None,
        consents=consents,
        user_id=user_id,
        anonymous_id=anonymous_id,
        consented_at=event.occurred_at,
    )


def build_record(message: dict[str, Any], times: dict[str, datetime], event: LiveEvent) -> dict[str, Any]:
    """The record of an event as the night reads it: what was sent, its times corrected, and whose ids it
    uses.
    """
    lag = event.calendar_lag
    # a device's clock may show the first of all days, before which there is none
    shop_times = {name: max(moment, EARLIEST + lag) - lag for name, moment in times.items()}
    record = {**message, **format_times(shop_times), "source": event.source}
    context = {name: value for name, value in (message.get("context") or {}).items() if name != "isBot"}
    if event.is_bot:
        context["isBot"] = True
    if context or "context" in record:
        record["context"] = context
    return record


def refuse(sent_event: SentEvent, flaw: Flaw, receipt: Receipt) -> NormalEvent:
    """The record of an event that cannot be taken: it stands in quarantine after the night."""
    raw_text = show_raw_text(sent_event)
    message, token = take_user_token(sent_event.value) if isinstance(sent_event.value, dict) else ({}, "")
    user_id = parse_id(message.get("userId"), "user_id").value
    record = {
        "quarantined": flaw._asdict(),
        "raw_text": raw_text[:MAX_EVENT_BYTES],
        "source": receipt.source,
        "receivedAt": format_utc(receipt.received_at - receipt.calendar_lag),
    }
    if user_id is not None and not is_proven(user_id, token, receipt):
        record["claimedUserId"], user_id = user_id, None
    # the same text of another sender says something else: whose ids they are, and who may speak for whom
    sender_and_text = (receipt.source, record.get("claimedUserId"), raw_text)
    return NormalEvent(
        key=f"refused:{hashlib.sha256(orjson.dumps(sender_and_text)).hexdigest()}",
        source=receipt.source,
        message_id=parse_id(message.get("messageId"), "message_id").value,
        line=orjson.dumps(record),
        event=None,
        flaw=flaw,
        consents=read_event_consents(message.get("context")),
        user_id=user_id,
        anonymous_id=parse_id(message.get("anonymousId"), "anonymous_id").value,
        consented_at=receipt.received_at,
    )
