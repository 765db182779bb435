"""What a Delta table's log says has changed since a version: rows, and days. `tables.py` alone
imports this.
"""

import json
from datetime import date
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable as RustTable
from deltalake.exceptions import DeltaError

from expectations.contracts.tables import Table
from spark_jobs.lake.arrow_types import build_arrow_schema


def read_row_changes(path: str, table: Table, since: int, until: int) -> pa.Table | None:
    """As `Lake.changes`."""
    schema = (
        build_arrow_schema(table)
        .append(pa.field("_change_type", pa.string()))
        .append(pa.field("_commit_version", pa.int64()))
    )
    try:
        feed = pa.RecordBatchReader.from_stream(RustTable(path).load_cdf(since + 1, until)).read_all()
    except (DeltaError, pa.ArrowInvalid):  # the feed was off, or `maintain` has cleaned up what it would read
        return None
    return feed.select(schema.names).cast(schema)


def find_changed_days(path: str, table: Table, since: int, until: int) -> set[date] | None:
    """The days whose rows changed after `since`, up to `until`; None when the log cannot tell.

    Compaction moves rows without changing them (`dataChange` is false) and touches no day.
    """
    days: set[date] = set()
    for version in range(since + 1, until + 1):
        log = Path(path) / "_delta_log" / f"{version:020d}.json"
        if not log.exists():  # cleaned up after a checkpoint
            return None
        for line in log.read_text().splitlines():
            action = json.loads(line)
            file = action.get("add") or action.get("remove") or {}
            if file.get("dataChange"):
                if "partitionValues" not in file:
                    return None
                days.add(date.fromisoformat(file["partitionValues"][table.partition]))
    return days
