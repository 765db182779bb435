"""Purchases that a visitor's browser sends where orders have a feed, in every host of live segments.

The night counts such purchases by the feed alone. So they have the ids of their orders' lines, an order that
is sent twice is one, and what happened by the end of a night's last day is the night's to know.
"""

from segments.events import Event

LINE = "line:"  # begins the id of an order's line, as the night has it
PURCHASE = "purchase"


def make_line_id(source: str, order_id: str | None, number: int) -> str:
    """The id of an order's line, which is numbered from 1."""
    return f"{LINE}{source}:{order_id}:{number}"


def is_line_of(event: Event, until: int) -> bool:
    """Whether it is such a purchase, of a moment up to the end of a night's last day: the night has it from
    the feed, or has not heard of it.
    """
    return event.type == PURCHASE and event.at <= until and event.event_id.startswith(LINE)
