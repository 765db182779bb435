"""How large segments are and were, whom they share, and who is in one, as the published night has it."""

import base64
import binascii
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from serving_app.http.problems import BadRequest, UnknownSegment
from serving_app.segments.comparing import format_overlap
from serving_app.segments.warehouse import Night

MOST_DAYS = 400
NO_SEGMENT = "No segment of the published night has this id; what was added since, the next night reads."
SEGMENTS = "select segment_id, name, kind, description, n_customers from dim_segments order by segment_id"
SIZES = f"""
    select membership_date, n_customers from rpt_segment_sizes
    where segment_id = ? and membership_date > (select max(calendar_date) from dim_dates) - {MOST_DAYS}
    order by membership_date
"""
SHARED = """
    with members as (
        select customer_id, segment_id from fct_customer_segments where left_at is null
    )
    select one.segment_id, other.segment_id, count(*)
    from members as one join members as other
        on one.customer_id = other.customer_id and one.segment_id < other.segment_id
    group by all
    order by all
"""
PAGE = """
    select customer_id, entered_at from fct_customer_segments
    where segment_id = ? and left_at is null and customer_id > ?
        and customer_id not in (select unnest(?::varchar[]))
    order by customer_id limit ?
"""


def list_segments(night: Night) -> list[dict[str, Any]]:
    """Every segment of the night with its size, as `SegmentSummary` without its version."""
    names = ("segment_id", "name", "kind", "description", "n_customers")
    return [dict(zip(names, row, strict=True)) for row in night.ask(SEGMENTS)]


def read_segment(night: Night, segment_id: str) -> dict[str, Any]:
    """A segment of the night with its size.

    Raises:
        UnknownSegment: none has this id.
    """
    for each in list_segments(night):
        if each["segment_id"] == segment_id:
            return each
    raise UnknownSegment(NO_SEGMENT)


def read_sizes(night: Night, segment_id: str) -> list[dict[str, Any]]:
    """A segment's size on each day on which it had members, oldest first; `MOST_DAYS` at most."""
    return [{"day": str(day), "n_customers": n} for day, n in night.ask(SIZES, [segment_id])]


def read_size_table(night: Night, n_days: int) -> dict[str, Any]:
    """How many members every segment had on each of the newest days: `days`, and `sizes` by segment."""
    days = [str(night.as_of - timedelta(days=ago)) for ago in reversed(range(max(1, n_days)))]
    return {
        "days": days,
        "sizes": {
            each["segment_id"]: {
                size["day"]: size["n_customers"] for size in read_sizes(night, each["segment_id"])
            }
            for each in list_segments(night)
        },
    }


def read_overlaps(night: Night) -> list[dict[str, Any]]:
    """Of each two segments that share members whom they share, as `PairAnswer`."""
    sizes = {each["segment_id"]: each["n_customers"] for each in list_segments(night)}
    return [
        {"with": one} | format_overlap(other, n_shared, sizes[one], sizes[other])
        for one, other, n_shared in night.ask(SHARED)
    ]


def read_members(
    night: Night, segment_id: str, after: str, limit: int, without: Sequence[str] = ()
) -> list[tuple[str, str]]:
    """Members with the day on which their stay began, by customer id, those behind one."""
    rows = night.ask(PAGE, [segment_id, after, list(without), limit])
    return [(name, str(at.date())) for name, at in rows]


def encode_cursor(customer_id: str) -> str:
    """The cursor of the page behind a customer."""
    return base64.urlsafe_b64encode(customer_id.encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> str:
    """The customer that a cursor stands for.

    Raises:
        BadRequest: no page gave this cursor.
    """
    try:
        return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, ValueError) as error:
        raise BadRequest("cursor: send next_cursor of the page before as it is") from error
