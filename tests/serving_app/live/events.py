"""Events of a test: one line each."""

from datetime import UTC, datetime, timedelta
from itertools import count

from serving_app.live.events import EventItem, LiveEvent

NOON = datetime(2026, 2, 21, 12, tzinfo=UTC)
KEY, SOURCE = "test-key", "sample_shop"  # of the small shop
_numbers = count(1)


def make_event(event_type="view", *item_ids, user=None, browser=None, minute=0, **fields) -> LiveEvent:
    """An event that occurred some minutes after noon and was received at once."""
    at = NOON + timedelta(minutes=minute)
    quantity = fields.pop("quantity", 1)
    values = {
        "message_id": f"m-{next(_numbers)}",
        "occurred_at": at,
        "received_at": at,
        "items": tuple(EventItem(item_id, quantity) for item_id in item_ids),
    }
    return LiveEvent(
        event_type=event_type, source=SOURCE, user_id=user, anonymous_id=browser, **(values | fields)
    )
