"""What the service's own logs and states know, as entries of a timeline: live events, lists that no night has
landed, and turns of segments to the microsecond.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import orjson

from expectations.contracts.transitions import EPOCH, decode_transition
from segments.calendar import ShopCalendar
from serving_app.live.state import LiveState
from serving_app.storage.log_search import FoundLines, find_lines
from serving_app.timelines.entries import EVENT, LIST, SEGMENT, Entry

ENTERED, LEFT = "entered", "left"


def list_live_events(live: LiveState, lag: timedelta) -> Iterator[Entry]:
    """What the customer did that no published night has absorbed.

    Args:
        lag: by which the shop's own calendar lags the clock that live states keep.
    """
    for event in live.events:
        yield Entry(
            event.occurred_at - lag,
            EVENT,
            f"{event.event_type} {event.item_id}",
            event.event_type,
            item_id=event.item_id,
            quantity=event.quantity,
            is_since_night=True,
        )


def find_lists(decision_log: Path, customer_id: str) -> FoundLines:
    """The records of the lists of a customer that no night has landed."""
    return find_lines(decision_log, "customer_id", [customer_id])


def find_clicks(event_log: Path, lists: Iterable[Entry]) -> FoundLines:
    """The records of events that name one of these lists, of whoever."""
    return find_lines(event_log, "request_id", [entry.request_id for entry in lists if entry.request_id])


def list_served(lines: Iterable[bytes]) -> Iterator[Entry]:
    """The lists of records; what of them was clicked is not known yet."""
    for line in lines:
        with suppress(ValueError, TypeError, KeyError):  # a line that another build wrote
            record = orjson.loads(line)
            yield Entry(
                datetime.fromisoformat(record["served_at"]).astimezone(UTC),
                LIST,
                record["request_id"],
                "served",
                request_id=record["request_id"],
                placement=record["placement"],
                items=tuple(item["item_id"] for item in record["items"]),
                applied_overrides=tuple(record["applied_overrides"]),
                is_since_night=True,
            )


def mark_clicked(lists: Iterable[Entry], lines: Iterable[bytes]) -> Iterator[Entry]:
    """Lists with what of them was clicked, by records of events."""
    clicked: dict[str, set[str]] = {}
    for line in lines:
        with suppress(ValueError, TypeError, KeyError, AttributeError):
            properties = orjson.loads(line)["properties"]
            clicked.setdefault(properties["request_id"], set()).add(properties["product_id"])
    for entry in lists:
        touched = clicked.get(entry.request_id or "", ())
        yield replace(entry, clicked=tuple(item for item in entry.items or () if item in touched))


def find_turns(transitions: Path, customer_id: str) -> FoundLines:
    """The records of a customer's entries into segments and exits from them."""
    return find_lines(transitions, "customer_id", [customer_id])


def list_turns(lines: Sequence[bytes], night_ends_at: int) -> Iterator[Entry]:
    """A customer's entries into segments and exits from them, of as many days as the log keeps: a night knows
    of a day only who was in at its end.

    Args:
        night_ends_at: microseconds since 1970; what is later no night has.
    """
    for line in lines:
        with suppress(ValueError):
            turn = decode_transition(line)
            what = ENTERED if turn.is_entered else LEFT
            yield Entry(
                EPOCH + timedelta(microseconds=turn.since),
                SEGMENT,
                f"{turn.segment_id} {what}",
                what,
                segment_id=turn.segment_id,
                reason=turn.reason,
                is_since_night=turn.since >= night_ends_at,
            )


def find_told(turns: Sequence[Entry], calendar: ShopCalendar) -> list[str]:
    """What turns say of which of the shop's days, as the night's query names it."""
    days = [calendar.find_day((turn.at - EPOCH) // timedelta(microseconds=1)) for turn in turns]
    return [f"{turn.key} {date.fromordinal(day)}" for turn, day in zip(turns, days, strict=True)]
