"""Members of definitions at the end of the newest day, before any night has asked them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from segments.requirements import find_requirements, list_named
from segments.sql.members import build_members_query
from segments.sql.moments import make_timestamp
from segments.sql.night_relations import EVENTS, LIST_ITEMS, LIST_MEMBERS, format_fields
from segments.sql.relations import format_table
from segments.tree.rules import Rule, Segment
from serving_app.segments.histories import check_known
from serving_app.segments.moments import Asked
from serving_app.segments.warehouse import Night

MEMBERS = "found_members"  # the temporary table of `find_members`: candidate, customer_id

# Stays are of days; to rules they begin and end with the shop's days.
STAYS = """
    select stays.customer_id, stays.segment_id, entered.at as entered_at, gone.at as left_at
    from fct_customer_segments as stays
    join day_starts as entered on cast(stays.entered_at as date) = entered.day
    left join day_starts as gone on cast(stays.left_at as date) = gone.day
"""


def find_members(
    night: Night, segments: Sequence[Segment], rules: Mapping[str, Rule], asked: Asked
) -> list[int]:
    """Put the members of some definitions into the table `MEMBERS`, by the place of the definition; how many
    each has.

    Args:
        rules: of the segments of the night, by id, which these may name.

    Raises:
        NotReady: the published night does not know what one asks for.
    """
    required = [find_requirements(each.members, rules) for each in segments]
    has_events = any(each.has_events for each in required)
    for each in required:
        check_known(night, each)
    named = {name: rule for each in segments for name, rule in list_named(each.members, rules).items()}
    candidates = [replace(each, segment_id=str(place)) for place, each in enumerate(segments)]
    query = build_members_query(
        [*candidates, *(Segment(name, name, "rule", "", rule) for name, rule in named.items())]
    )
    fields = format_fields(frozenset().union(*(each.fields for each in required)))
    night.ask(f"create or replace temp table asked_fields as {fields}", {"day": asked.day})
    night.ask(format_table("moments", query.moments.list_columns()).replace("table", "temp table", 1))
    (row,) = query.moments.build_rows(night.calendar, [asked.now])
    night.ask(f"insert into moments values ({', '.join('?' * len(row))})", list(row))
    sources = {
        "customers": "(select customer_id from asked_fields)",
        "fields": "(select asked_fields.*, moments.now as moment from asked_fields cross join moments)",
    }
    if has_events:
        sources["events"] = EVENTS
    if any(each.lists or each.item_lists for each in required):
        sources |= {"list_members": LIST_MEMBERS, "list_items": LIST_ITEMS}
    if any(each.has_stays for each in required):
        put_day_starts(night)
        sources["stays"] = f"({STAYS})"
    night.ask(
        f"create or replace temp table {MEMBERS} as select cast(segment_id as integer) as candidate,"
        f" customer_id from ({query.format('duckdb', sources)}) where segment_id in"
        f" ({', '.join(repr(str(place)) for place in range(len(segments)))})"
    )
    night.ask("drop table moments")
    counts = dict(night.ask(f"select candidate, count(*) from {MEMBERS} group by candidate"))
    return [counts.get(place, 0) for place in range(len(segments))]


def put_day_starts(night: Night) -> None:
    """Put the moment at which each day began into the table `day_starts`."""
    days = [day for (day,) in night.ask("select calendar_date from dim_dates")]
    starts = [make_timestamp(night.calendar.find_midnight(day.toordinal())) for day in days]
    night.ask(
        "create or replace temp table day_starts as"
        " select unnest(cast($days as date[])) as day, unnest(cast($starts as timestamp[])) as at",
        {"days": days, "starts": starts},
    )
