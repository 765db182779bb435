"""When an event happened. The client's clock is not trusted: Segment's rule takes from it differences alone.

`receivedAt − (sentAt − timestamp)` removes the error of the client's clock and keeps how long the event
waited to be sent.
"""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

# Ingest reads no other text as a time: a cast alone would read "12:30" as today at half past twelve.
DATE_AND_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?"
    r"(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
)
FIRST_YEAR = 2000  # no shop of ours is older; a clock that was never set shows 1970
EARLIEST = datetime(1, 1, 1, tzinfo=UTC)


class UnreadableTime(ValueError):  # noqa: N818 - reads as what it says
    """A value that is no time."""


def parse_time(value: object, zone: ZoneInfo) -> datetime | None:
    """The moment of an ISO text; one without a zone is the shop's. None where nothing was sent.

    Raises:
        UnreadableTime: it is something else.
    """
    if value is None:
        return None
    if not isinstance(value, str):
        raise UnreadableTime
    text = value.strip()
    if not text:
        return None
    if not DATE_AND_TIME.fullmatch(text):
        raise UnreadableTime
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):  # the 30th of February; year 9999 in another zone
        raise UnreadableTime from None


def correct_event_time(
    timestamp: datetime | None, sent_at: datetime | None, received_at: datetime
) -> datetime:
    """The time of an event by Segment's rule, and never after it was received.

    Args:
        timestamp: by the client's clock, as `sent_at`; without both the event has just happened, and without
            `sent_at` the clock is taken at its word.
    """
    if timestamp is None:
        return received_at
    if sent_at is None:
        return min(timestamp, received_at) if timestamp < received_at + timedelta(days=1) else timestamp
    waited = max(sent_at - timestamp, timedelta(0))
    return received_at - waited if waited < received_at - EARLIEST else EARLIEST


def is_plausible(occurred_at: datetime, received_at: datetime) -> bool:
    """Whether an event of a shop that there is can have happened then."""
    return occurred_at.year >= FIRST_YEAR and occurred_at <= received_at
