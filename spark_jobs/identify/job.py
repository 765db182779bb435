"""Who is who: link what was seen together, follow what may be followed, and give every identifier its customer.

The whole of the graph is worked out each night from the core tables, so any order of nights ends in the same identities;
a night that brings nothing new writes nothing.
"""

from expectations.contracts.lake import (
    CORE_EVENTS,
    CORE_IDENTIFIERS,
    CORE_IDENTITIES,
    CORE_IDENTITY_CHANGES,
    CORE_IDENTITY_LINKS,
    CORE_ORDER_LINES,
    CORE_PEOPLE,
)
from expectations.contracts.tables import Table
from spark_jobs.identify.changes import changes, moves
from spark_jobs.identify.customers import identities
from spark_jobs.identify.guard import weigh
from spark_jobs.identify.links import links
from spark_jobs.night import Night, TableReport
from spark_jobs.tables import Lake, Written


def run(night: Night, lake: Lake) -> list[TableReport]:
    """Write links, changes and identities.

    The changes are written before the identities they lead to. A run that is cut off between the two never happened: the
    next one finds what has changed by then, in the place of what that one wrote under the same number.
    """
    before = lake.version(CORE_IDENTITIES)
    identifiers = lake.read(CORE_IDENTIFIERS).persist()
    seen = links(lake.read(CORE_EVENTS), lake.read(CORE_ORDER_LINES), lake.read(CORE_PEOPLE))
    links_now = weigh(seen.persist(), identifiers).persist()
    after = identities(identifiers, links_now).persist()
    moved = moves(lake.read(CORE_IDENTITIES), after).persist()
    reports = []
    if before is None or not moved.where("not (was <=> now)").isEmpty():
        issued = lake.read(CORE_IDENTITY_CHANGES).where("change = 'created'").select("customer_id").distinct()
        number = 0 if before is None else before + 1
        tonight = changes(
            moved, issued, lake.read(CORE_IDENTITY_LINKS), links_now, number, night.days.last, night.run_id,
        )  # fmt: skip
        written = lake.replace(tonight, CORE_IDENTITY_CHANGES, within=f"change_id like '{number:010d}-%'")
        reports.append(report(CORE_IDENTITY_CHANGES, written))
    reports.append(report(CORE_IDENTITY_LINKS, lake.replace(links_now, CORE_IDENTITY_LINKS)))
    reports.append(report(CORE_IDENTITIES, lake.replace(after, CORE_IDENTITIES), **figures(after)))
    for frame in (moved, after, links_now, seen, identifiers):
        frame.unpersist()
    return reports


def figures(after) -> dict:
    """Identifiers and customers, for the summary."""
    n_identifiers, n_customers = after.selectExpr("count(*)", "count(distinct customer_id)").first()
    return {"n_identifiers": n_identifiers, "n_customers": n_customers}


def report(table: Table, written: Written, **detail) -> TableReport:
    return TableReport(
        table.name, written.version_before, written.version_after,
        n_inserted=written.n_inserted, n_updated=written.n_updated, n_unchanged=written.n_unchanged,
        touched_dates=written.touched_dates, detail={"deleted": written.n_deleted, **detail},
    )  # fmt: skip
