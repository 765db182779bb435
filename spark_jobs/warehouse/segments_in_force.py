"""The segments that a build evaluates: what is understood and within bounds of cost at the lake's size."""

import hashlib

from expectations.contracts.lake import CORE_EVENTS, CORE_IDENTITIES, CORE_ORDER_LINES
from segments.in_force import Bounds, SegmentsInForce, select_in_force
from segments.sql.costs import ShopStatistics
from segments.to_sql import DEFINITIONS
from spark_jobs.lake.queries import open_database
from spark_jobs.lake.tables import Lake
from spark_jobs.settings import Settings

LINE_EVENTS = {"sale": "purchase", "return": "return"}  # what a line of an order is as an event


def load_segments_in_force(settings: Settings, lake: Lake) -> SegmentsInForce:
    """What a build of this home evaluates, and why not the rest.

    Raises:
        SegmentError: nothing is left to evaluate.
    """
    return select_in_force(DEFINITIONS, settings.paths.segment_definitions, find_bounds(settings, lake))


def find_bounds(settings: Settings, lake: Lake | None = None) -> Bounds:
    """What a definition may cost in this home.

    Args:
        lake: None: the home's.
    """
    return Bounds(read_statistics(lake or Lake(settings.lake)), settings.segment_limits)


def read_statistics(lake: Lake) -> ShopStatistics:
    """The shop's size by the lake: for one moment, at which everybody is asked. Events of visitors that are
    nobody yet count, so an estimate is never below that of the warehouse's own events.
    """
    with open_database() as connection:
        for table in (CORE_EVENTS, CORE_ORDER_LINES, CORE_IDENTITIES):
            lake.create_view(connection, table, table.name)
        ask = connection.execute
        events = dict(ask("select event_type, count(*) from core_events group by event_type").fetchall())
        lines = dict(ask("select line_type, count(*) from core_order_lines group by line_type").fetchall())
        ((n_customers,),) = ask("select count(distinct customer_id) from core_identities").fetchall()
        ((first, last),) = ask("""
            select min(day), max(day) from (
                select occurred_date as day from core_events
                union all
                select ordered_date from core_order_lines
            )
        """).fetchall()
    for line_type, event_type in LINE_EVENTS.items():
        events[event_type] = max(events.get(event_type, 0), lines.get(line_type, 0))
    events["empty_cart"] = events.get("uncart", 0)  # each follows from one
    return ShopStatistics(n_customers, events, (last - first).days + 1 if first else 1)


def mark_left_out(models_hash: str, segments: SegmentsInForce) -> str:
    """A hash of the models, another one where other definitions are left out: one can become too dear, or be
    allowed again, while no file changes, and the rows of the nights before are not built upon then.
    """
    if not segments.left_out:
        return models_hash
    return hashlib.sha256(" ".join([models_hash, *sorted(segments.left_out)]).encode()).hexdigest()[:12]
