"""Write the identities of a run, what has changed in them, and their links."""

import pyarrow.compute as pc
from pyspark.sql import DataFrame

from expectations.contracts.lake import CORE_IDENTITIES, CORE_IDENTITY_CHANGES, CORE_IDENTITY_LINKS
from spark_jobs.identify.changes import ChangeStamp, build_identity_changes, compare_identities
from spark_jobs.identify.table_writes import build_table_report
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import RunContext, TableReport


def write_identities(
    context: RunContext, lake: Lake, links_now: DataFrame, after: DataFrame
) -> list[TableReport]:
    """Write the changes, the identities and the links.

    The changes are written before the identities they lead to. A run that is cut off between the two never
    happened: the next one finds what has changed by then, if anything, in the place of what that one wrote
    under the same number. The links come last: those of the run before are the reason why something was
    split, until it has.
    """
    before, reports = lake.version(CORE_IDENTITIES), []
    moves = compare_identities(lake.read(CORE_IDENTITIES), after).persist()
    number = 0 if before is None else before + 1
    change_ids = lake.read_arrow(CORE_IDENTITY_CHANGES, ["change_id"])["change_id"]
    was_cut_off = pc.any(pc.starts_with(change_ids, f"{number:010d}-")).as_py()
    if before is None or was_cut_off or not moves.where("not (was <=> now)").isEmpty():
        issued = lake.read(CORE_IDENTITY_CHANGES).where("change = 'created'").select("customer_id").distinct()
        changes = build_identity_changes(
            moves,
            issued,
            lake.read(CORE_IDENTITY_LINKS),
            links_now,
            ChangeStamp(number, context.days.last, context.run_id),
        )
        result = lake.replace(changes, CORE_IDENTITY_CHANGES, within=f"change_id like '{number:010d}-%'")
        reports.append(build_table_report(CORE_IDENTITY_CHANGES, result))
    reports.append(
        build_table_report(CORE_IDENTITIES, lake.replace(after, CORE_IDENTITIES), **count_identities(after))
    )
    reports.append(build_table_report(CORE_IDENTITY_LINKS, lake.replace(links_now, CORE_IDENTITY_LINKS)))
    moves.unpersist()
    return reports


def count_identities(after: DataFrame) -> dict:
    """Identifiers and customers, for the summary."""
    n_identifiers, n_customers = after.selectExpr("count(*)", "count(distinct customer_id)").first()
    return {"n_identifiers": n_identifiers, "n_customers": n_customers}
