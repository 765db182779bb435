"""Write the identities of a run, what has changed in them, and their links."""

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from expectations.contracts.lake import CORE_IDENTITIES, CORE_IDENTITY_CHANGES, CORE_IDENTITY_LINKS
from spark_jobs.identify.changes import ChangeStamp, build_identity_changes, compare_identities
from spark_jobs.identify.table_writes import build_table_report
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import RunContext, TableReport


def write_identities(
    context: RunContext,
    lake: Lake,
    con: duckdb.DuckDBPyConnection,
    links_now: pa.Table,
    after: pa.Table,
) -> list[TableReport]:
    """Write the changes, the identities and the links.

    The changes are written before the identities they lead to. A run that is cut off between the two never
    happened: the next one finds what has changed by then, if anything, in the place of what that one wrote
    under the same number. The links come last: those of the run before are the reason why something was
    split, until it has.
    """
    before, reports = lake.version(CORE_IDENTITIES), []
    lake.create_view(con, CORE_IDENTITIES, "identities_before")
    lake.create_view(con, CORE_IDENTITY_LINKS, "links_before")
    con.register("identities_now", after)
    con.register("links_now", links_now)
    number = 0 if before is None else before + 1
    change_ids = lake.read_arrow(CORE_IDENTITY_CHANGES, ["change_id"])["change_id"]
    was_cut_off = pc.any(pc.starts_with(change_ids, f"{number:010d}-")).as_py()
    has_moved = compare_identities(con)
    if before is None or was_cut_off or has_moved:
        lake.create_view(con, CORE_IDENTITY_CHANGES, "changes_before")
        changes = build_identity_changes(con, ChangeStamp(number, context.days.last, context.run_id))
        result = lake.replace(changes, CORE_IDENTITY_CHANGES, within=f"change_id like '{number:010d}-%'")
        reports.append(build_table_report(CORE_IDENTITY_CHANGES, result))
    reports.append(
        build_table_report(CORE_IDENTITIES, lake.replace(after, CORE_IDENTITIES), **count_identities(after))
    )
    reports.append(build_table_report(CORE_IDENTITY_LINKS, lake.replace(links_now, CORE_IDENTITY_LINKS)))
    return reports


def count_identities(after: pa.Table) -> dict:
    """Identifiers and customers, for the summary."""
    return {
        "n_identifiers": after.num_rows,
        "n_customers": pc.count_distinct(after["customer_id"]).as_py(),
    }
