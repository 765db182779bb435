"""A received event as events of a customer's history: what the night would make of it."""

from collections.abc import Container

from expectations.contracts.places import find_local_minute
from segments.calendar import ShopCalendar
from segments.events import TYPES, Event
from segments.order_lines import make_line_id
from serving_app.live.events import PURCHASE, EventItem, LiveEvent
from serving_app.live.timestamps import to_microseconds
from serving_app.storage.snapshots import Snapshot

MOST_PIECES = 1_000_000  # beyond which the night knows no amount
MOST_ITEMS = 150  # of one event


def list_segment_events(
    event: LiveEvent, snapshot: Snapshot, calendar: ShopCalendar, order_feeds: Container[str] = ()
) -> list[Event]:
    """The events, a purchase's one for each product; none of what is no behaviour. Times are the shop's.

    Args:
        order_feeds: sources whose orders have a feed: such a purchase has the ids of its order's lines, so an
            order that is sent twice is one.
    """
    if event.is_bot or event.is_alias or event.event_type not in TYPES:
        return []
    at = to_microseconds(event.occurred_at - event.calendar_lag)
    message_id = event.message_id.replace("#", "##")
    if not event.items:
        return [make_event(event, at, message_id, None, snapshot, calendar)]
    numbers = range(1, len(event.items) + 1)
    if event.event_type == PURCHASE and event.source in order_feeds:
        names = [make_line_id(event.source, event.order_id, n) for n in numbers]
    else:
        names = [f"{message_id}#{n}" for n in numbers]
    ids = names if event.event_type == PURCHASE else [message_id]
    return [
        make_event(event, at, event_id, item, snapshot, calendar)
        for event_id, item in zip(ids[:MOST_ITEMS], event.items, strict=False)
    ]


def make_event(
    event: LiveEvent,
    at: int,
    event_id: str,
    item: EventItem | None,
    snapshot: Snapshot,
    calendar: ShopCalendar,
) -> Event:
    """One event of a history; of its item what the catalogue of the night says."""
    facts = snapshot.read_item(item.item_id) if item else None
    own_minute = find_local_minute(at, event.time_zone)
    is_priced = item is not None and item.price is not None
    is_bought = is_priced and event.event_type == PURCHASE and item.quantity <= MOST_PIECES
    return Event(
        at=at,
        event_id=event_id,
        type=event.event_type,
        item_id=item.item_id if item else None,
        category=(" > ".join(facts.category_path) or None) if facts else None,
        brand=facts.brand if facts else None,
        price=item.price if item else None,
        quantity=float(item.quantity) if item else None,
        amount=item.quantity * item.price if is_bought else None,
        order_id=event.order_id,
        session_id=event.session_id,
        device=event.device,
        campaign=event.campaign,
        country=event.country,
        latitude=event.latitude,
        longitude=event.longitude,
        local_minute=calendar.find_minute(at) if own_minute is None else own_minute,
    )
