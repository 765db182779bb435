"""What the published warehouse knows of one customer: fields of a day, events, stays, lists."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from segments.calendar import ShopCalendar
from segments.evaluation.measures import Stay
from segments.events import Event
from segments.fields import PROFILE_FIELDS
from segments.requirements import Requirements
from segments.sql.moments import EPOCH, make_timestamp
from segments.sql.night_relations import (
    EVENTS,
    LIST_ITEMS,
    LIST_MEMBERS,
    PROFILE_CHANGES,
    format_fields,
)
from serving_app.http.problems import NotReady, TooLargeToAnswer
from serving_app.segments.moments import MICROSECOND, Asked
from serving_app.segments.warehouse import Night

MOST_EVENTS = 100_000
COLUMNS = ", ".join({"type": "event_type", "at": "events.at"}.get(name, name) for name in Event._fields)


def read_fields(night: Night, customer_id: str, day: date, names: frozenset[str]) -> dict[str, Any] | None:
    """Fields of a customer by the end of a day, those that are known; None: they were no customer by then."""
    ordered = sorted(names)
    query = f"select * from ({format_fields(ordered)}) where customer_id = $customer_id"
    rows = night.ask(query, {"day": day, "customer_id": customer_id})
    if not rows:
        return None
    return {name: value for name, value in zip(ordered, rows[0][1:], strict=True) if value is not None}


def read_history(night: Night, customer_id: str, now: int) -> list[Event]:
    """A customer's events before a moment.

    Raises:
        TooLargeToAnswer: there are more than `MOST_EVENTS`.
    """
    query = (
        f"select {COLUMNS} from {EVENTS} as events"
        f" where customer_id = ? and events.at < ? limit {MOST_EVENTS + 1}"
    )
    rows = night.ask(query, [customer_id, make_timestamp(now)])
    if len(rows) > MOST_EVENTS:
        raise TooLargeToAnswer(f"the customer has more than {MOST_EVENTS:,} events; ask in SQL")
    return [Event(read_moment(row[0]), *map(read_value, row[1:])) for row in rows]


def check_known(night: Night, required: Requirements) -> None:
    """
    Raises:
        NotReady: the published night does not know what a rule asks for; says what.
    """
    if (required.lists or required.item_lists) and not night.has_table(LIST_MEMBERS):
        raise NotReady("the published night knows no uploaded lists; the next night does")
    if required.has_events and not night.has_table(EVENTS):
        raise NotReady("the published night knows no behaviour of customers; the next night does")
    if required.fields & PROFILE_FIELDS.keys() and not night.has_table(PROFILE_CHANGES):
        raise NotReady("the published night knows no profiles of past days; the next night does")


def read_lists(night: Night, customer_id: str, names: frozenset[str]) -> frozenset[str]:
    """On which of some lists a customer is."""
    if not names:
        return frozenset()
    rows = night.ask(f"select list_name from {LIST_MEMBERS} where customer_id = ?", [customer_id])
    return names & {name for (name,) in rows}


def read_list_items(night: Night, names: frozenset[str]) -> dict[str, frozenset[str]]:
    """The items of some lists."""
    items: dict[str, set[str]] = {name: set() for name in names}
    if names:
        query = f"select list_name, item_id from {LIST_ITEMS} where list_name in (select unnest(?))"
        for name, item_id in night.ask(query, [sorted(names)]):
            items[name].add(item_id)
    return {name: frozenset(each) for name, each in items.items()}


def read_stays(night: Night, customer_id: str) -> tuple[Stay, ...]:
    """A customer's stays in all segments; a day's begin with it."""
    rows = night.ask(
        "select segment_id, entered_at, left_at from fct_customer_segments where customer_id = ?",
        [customer_id],
    )
    return tuple(
        Stay(name, begin_day(night.calendar, entered_at), left_at and begin_day(night.calendar, left_at))
        for name, entered_at, left_at in rows
    )


def find_stay(stays: tuple[Stay, ...], segment_id: str, asked: Asked, calendar: ShopCalendar) -> Stay | None:
    """The stay in a segment that covers a day."""
    at = calendar.find_midnight(asked.day.toordinal())
    return next(
        (
            stay
            for stay in stays
            if stay.segment_id == segment_id
            and stay.entered_at <= at
            and (stay.left_at is None or stay.left_at > at)
        ),
        None,
    )


def begin_day(calendar: ShopCalendar, day: datetime) -> int:
    """The moment at which a day of the shop begins, of a timestamp of its date."""
    return calendar.find_midnight(day.toordinal())


def find_date(calendar: ShopCalendar, at: int) -> str:
    """The shop's day of a moment, ISO."""
    return str(date.fromordinal(calendar.find_day(at)))


def read_moment(at: datetime) -> int:
    """A timestamp in UTC as microseconds since 1970."""
    return (at.replace(tzinfo=EPOCH.tzinfo) - EPOCH) // MICROSECOND


def read_value(value: Any) -> Any:
    """A value of an event as rules compare it."""
    return float(value) if isinstance(value, Decimal) else value
