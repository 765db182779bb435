"""Moments as they are stored: whole microseconds since 1970."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def to_microseconds(moment: datetime) -> int:
    """Microseconds since 1970, exactly; a float of that size has lost the last one."""
    return (moment - EPOCH) // MICROSECOND


def to_moment(microseconds: int) -> datetime:
    """The moment that `to_microseconds` made this number of."""
    return EPOCH + timedelta(microseconds=microseconds)
