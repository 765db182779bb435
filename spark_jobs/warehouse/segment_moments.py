"""The lake's `segment_moments`: of each day of the shop the points in time that segments' windows begin and
end at, which Python's calendar knows and SQL does not. A night adds its own day; other definitions, another
time zone or an older first day make all anew.
"""

from collections.abc import Sequence
from datetime import UTC, date, timedelta

import pyarrow as pa

from expectations.contracts.lake import CORE_EVENTS, CORE_ORDER_LINES, SEGMENT_MOMENTS
from segments.calendar import ShopCalendar
from segments.nightly import NightlyRules
from segments.shop_days import DayMoment, list_day_moments
from segments.sql.moments import MomentColumns
from spark_jobs.lake.queries import open_database
from spark_jobs.lake.tables import Lake, build_arrow_schema

BATCH = 50_000


def write_segment_moments(lake: Lake, rules: NightlyRules, zone: str, as_of: date) -> None:
    """Make `segment_moments` hold every day from the first on which anything happened to `as_of`; writes
    nothing where it does.
    """
    first = min([as_of, *find_first_days(lake)])
    days = [first + timedelta(days=n) for n in range((as_of - first).days + 1)]
    columns, calendar = rules.moments, ShopCalendar(zone)
    kept = read_kept_days(lake, columns, calendar)
    missing = [day for day in days if day not in kept]
    if not missing:
        return
    if kept and min(missing) > max(kept):
        rows = [row._asdict() for row in list_zoned_moments(columns, calendar, missing)]
        lake.append_rows(rows, SEGMENT_MOMENTS)
        return
    rows = build_table(list_zoned_moments(columns, calendar, days))
    lake.overwrite(rows.to_reader(BATCH), SEGMENT_MOMENTS)


def find_first_days(lake: Lake) -> list[date]:
    """The first day of events and of order lines, where there are any."""
    found = []
    with open_database() as connection:
        for table in (CORE_EVENTS, CORE_ORDER_LINES):
            lake.create_view(connection, table, "happened")
            query = f"select min({table.partition}) from happened"
            found += [day for (day,) in connection.execute(query).fetchall() if day]
    return found


def read_kept_days(lake: Lake, columns: MomentColumns, calendar: ShopCalendar) -> set[date]:
    """The days of which the lake has what these definitions ask; none where it has anything else."""
    if not lake.exists(SEGMENT_MOMENTS):
        return set()
    with open_database() as connection:
        lake.create_view(connection, SEGMENT_MOMENTS, "moments")
        names = {name for (name,) in connection.execute("select distinct bound from moments").fetchall()}
        days = {day for (day,) in connection.execute("select distinct state_date from moments").fetchall()}
        if names != set(columns.list_columns()) or not days:
            return set()
        newest = connection.execute(
            "select state_date, bound, moment, number from moments where state_date = ?", [max(days)]
        ).fetchall()
    wanted = set(list_zoned_moments(columns, calendar, [max(days)]))
    return days if {DayMoment(*row) for row in newest} == wanted else set()


def list_zoned_moments(
    columns: MomentColumns, calendar: ShopCalendar, days: Sequence[date]
) -> list[DayMoment]:
    """What `list_day_moments` has, in the lake's times, which have a zone."""
    return [
        row._replace(moment=row.moment and row.moment.replace(tzinfo=UTC))
        for row in list_day_moments(columns, calendar, days)
    ]


def build_table(rows: Sequence[DayMoment]) -> pa.Table:
    """The rows as Arrow has them."""
    columns = dict(zip(DayMoment._fields, zip(*rows, strict=True), strict=True))
    schema = build_arrow_schema(SEGMENT_MOMENTS)
    return pa.table({name: pa.array(columns[name], schema.field(name).type) for name in schema.names}, schema)
