"""The lake: the only place that knows Delta.

With a session, a `Lake` reads and writes through Spark; without one, or for few rows, through delta-rs, which
needs no JVM. Local disk is not safe for two writers at once, so every commit is made under the table's lock.
Nothing here writes a version that would hold what the last one held.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
from deltalake import DeltaTable as RustTable
from deltalake import write_deltalake
from filelock import FileLock

from expectations.contracts.tables import Table
from spark_jobs.lake import delta_log, delta_writes
from spark_jobs.lake.arrow_types import build_arrow_schema

if TYPE_CHECKING:
    import pyarrow.dataset as pa_dataset
    from pyspark.sql import DataFrame, SparkSession


@dataclass
class WriteResult:
    """What a write did. `version_before` is None for a table that did not exist."""

    version_before: int | None
    version_after: int | None
    n_inserted: int = 0
    n_updated: int = 0
    n_unchanged: int = 0
    n_kept: int = 0  # rows that differ and were not allowed to replace the old ones
    n_deleted: int = 0
    touched_dates: list[date] = field(default_factory=list)


@dataclass(frozen=True)
class Lake:
    """The Delta tables under one folder."""

    root: Path
    spark: "SparkSession | None" = None

    def path(self, table: Table) -> str:
        return str(self.root / table.name)

    def exists(self, table: Table) -> bool:
        return (self.root / table.name / "_delta_log").is_dir()

    def version(self, table: Table) -> int | None:
        """The newest version's number, or None for a table that was never written."""
        return RustTable(self.path(table)).version() if self.exists(table) else None

    def read_table_id_and_version(self, table: Table) -> tuple[str, int] | None:
        """Which table this is and its newest version; a table that is deleted and made anew has
        another id.
        """
        if not self.exists(table):
            return None
        found = RustTable(self.path(table))
        return found.metadata().id, found.version()

    def read_versions(self) -> dict[str, int]:
        """The newest version of every table but the `ops_*` logs, by name."""
        folders = sorted(path.parent for path in self.root.glob("*/_delta_log"))
        return {
            path.name: RustTable(str(path)).version() for path in folders if not path.name.startswith("ops_")
        }

    def read_arrow(
        self, table: Table, columns: Sequence[str] | None = None, version: int | None = None
    ) -> pa.Table:
        """The table's rows without Spark; an empty frame when it was never written."""
        if not self.exists(table):
            return build_arrow_schema(table).empty_table().select(list(columns or table.columns))
        return RustTable(self.path(table), version=version).to_pyarrow_table(
            columns=list(columns or table.columns)
        )

    def scan(self, table: Table, version: int | None = None) -> "pa_dataset.Dataset | pa.Table":
        """The table's rows without Spark and without reading them yet: whoever scans pays for the partitions
        it asks for.

        No filter of strings: delta-rs's merges (1.6.6) write them as `string_view`, and a scanner compares
        that with no string. Read, then filter.
        """
        if not self.exists(table):
            return build_arrow_schema(table).empty_table()
        return RustTable(self.path(table), version=version).to_pyarrow_dataset()

    def scan_files(self, table: Table) -> "pa_dataset.Dataset":
        """The table's rows, read from its files by Arrow alone: delta-rs cannot read a table of its own while
        it writes one.
        """
        from pyarrow import dataset

        return dataset.dataset(
            RustTable(self.path(table)).file_uris(), schema=build_arrow_schema(table), format="parquet"
        )

    def changes(self, table: Table, since: int, until: int) -> pa.Table | None:
        """Rows inserted, updated and deleted after version `since`, up to `until`, without Spark; None when
        they were not kept.

        Beside the contract's columns `_change_type` (insert, update_preimage, update_postimage, delete) and
        `_commit_version`.
        """
        return delta_log.read_row_changes(self.path(table), table, since, until)

    def find_changed_days(self, table: Table, since: int) -> set[date] | None:
        """The days whose rows changed after version `since`, by the table's log; None when the log cannot
        tell.
        """
        return delta_log.find_changed_days(self.path(table), table, since, self.version(table) or 0)

    def read(self, table: Table, version: int | None = None) -> "DataFrame":
        """The table's rows as a Spark frame in contract order; an empty frame when it was never written.

        A small table is read at once and carried as rows: planning a scan of it would cost more.
        """
        if not self.exists(table):
            return self.spark.createDataFrame([], table.schema)
        rows = delta_writes.read_if_small(self.path(table), table, version)
        if rows is not None:
            return self._to_frame(rows, table)
        as_of = {} if version is None else {"versionAsOf": version}
        return self.spark.read.format("delta").options(**as_of).load(self.path(table)).select(*table.columns)

    def is_small(self, table: Table, version: int | None = None) -> bool:
        """Whether the table's rows are few enough to be brought to the driver."""
        return (
            not self.exists(table)
            or RustTable(self.path(table), version=version).count() <= delta_writes.MAX_ROWS_IN_MEMORY
        )

    def _to_frame(self, rows: pa.Table, table: Table) -> "DataFrame":
        return (
            self.spark.createDataFrame(rows)
            if rows.num_rows
            else self.spark.createDataFrame([], table.schema)
        )

    def replace(
        self, frame: "DataFrame", table: Table, within: str = "true", counted: str | None = None
    ) -> WriteResult:
        """Make the table, or the part of it that meets `within`, hold exactly these rows; commits nothing
        when it already does.

        Args:
            frame: unique by the table's key.
            within: SQL over the table's columns; every row of the frame meets it.
            counted: a boolean column beside the contract's: only rows where it is true are counted by
                outcome.
        """
        return self._write(frame, table, delete_absent=True, within=within, counted=counted)

    def upsert(
        self,
        frame: "DataFrame",
        table: Table,
        update_when: str = "true",
        counted: str | None = None,
        n_rows: int | None = None,
    ) -> WriteResult:
        """Insert rows with new keys and update rows whose values changed; other rows stay.

        Args:
            frame: unique by the table's key.
            update_when: SQL over `new` and `old` that a changed row must meet to replace the old one.
            counted: as in `replace`.
            n_rows: how many rows are offered, where that is known.
        """
        return self._write(
            frame, table, delete_absent=False, update_when=update_when, counted=counted, n_rows=n_rows
        )

    def rewrite_days(
        self, rows: "DataFrame | pa.Table", table: Table, days: tuple[date, date], where: str
    ) -> WriteResult:
        """Put these rows in the place of those that meet `where`, whether they differ or not: for logs of
        what was received.

        Args:
            rows: all within `days` of the table's partition and meeting `where`.
            days: first and last partition, both included.
        """
        path = self.path(table)
        with self.lock(table):
            before = self.version(table)
            if before is None:
                delta_writes.create_table(path, table)
            elif (
                delta_writes.has_partitions_between(path, *days)
                and self.read(table).where(where).limit(1).count()
            ):
                delta_writes.delete_rows(self.spark, path, where)
            delta_writes.append_rows(rows, path, table)
            return WriteResult(before, self.version(table))

    def append_rows(self, rows: list[dict], table: Table) -> None:
        """Append a few rows to a log table, without Spark."""
        if not rows:
            return
        with self.lock(table):
            data = pa.Table.from_pylist(rows, schema=build_arrow_schema(table))
            write_deltalake(
                self.path(table), data, mode="append", configuration=delta_writes.NO_DELETION_VECTORS
            )

    def replace_rows(self, rows: list[dict], table: Table) -> None:
        """Make a small table hold exactly these rows, without Spark; commits nothing when it already does."""
        data = pa.Table.from_pylist(rows, schema=build_arrow_schema(table))
        with self.lock(table):
            if self.exists(table) and self.read_arrow(table).to_pylist() == data.to_pylist():
                return
            write_deltalake(
                self.path(table), data, mode="overwrite", configuration=delta_writes.NO_DELETION_VECTORS
            )

    def overwrite(self, rows: pa.RecordBatchReader, table: Table, schema_mode: str | None = None) -> None:
        """Make the table hold exactly these rows, streamed, without Spark; `schema_mode="overwrite"`: in
        today's layout too.
        """
        schema = build_arrow_schema(table)
        batches = (
            batch for part in rows for batch in pa.Table.from_batches([part]).cast(schema).to_batches()
        )
        with self.lock(table):
            write_deltalake(
                self.path(table),
                pa.RecordBatchReader.from_batches(schema, batches),
                mode="overwrite",
                description=table.grain,
                partition_by=[table.partition] if table.partition else None,
                configuration=delta_writes.NO_DELETION_VECTORS,
                schema_mode=schema_mode,
            )

    @contextmanager
    def lock(self, table: Table) -> Iterator[None]:
        """Held around every commit of the table on local disk; an error inside tells no values of refused
        rows.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        with (
            FileLock(self.root / f".{table.name}.lock", timeout=600),
            delta_writes.hide_refused_values(table),
        ):
            yield

    def add_missing_columns(self, table: Table) -> list[str]:
        """Give a table of an earlier version the columns that its contract has gained since, empty; returns
        their names.
        """
        if not self.exists(table):
            return []
        with self.lock(table):
            return delta_writes.add_missing_columns(self.path(table), table)

    def compact_and_vacuum(self, table: Table, keep_hours: int) -> dict[str, int]:
        """Compact small files and clean up what old versions alone read; how many files went and came. No row
        changes.
        """
        with self.lock(table):
            return delta_writes.compact_and_vacuum(self.spark, self.path(table), keep_hours)

    def _write(
        self,
        frame: "DataFrame",
        table: Table,
        delete_absent: bool,
        update_when: str = "true",
        within: str = "true",
        counted: str | None = None,
        n_rows: int | None = None,
    ) -> WriteResult:
        from pyspark.sql import functions as F

        from spark_jobs.lake.outcomes import classify_rows, compare_rows, conform_to_contract

        flagged = (
            frame.withColumnRenamed(counted, "_counted")
            if counted
            else frame.withColumn("_counted", F.lit(True))
        )
        new, path = conform_to_contract(flagged, table, "_counted"), self.path(table)
        with self.lock(table):
            before, old = self.version(table), None
            if before is None:
                delta_writes.create_table(path, table)
            else:
                old = self._read_affected_rows(table, None if delete_absent else new).where(within)
            change = classify_rows(compare_rows(new, old, table, update_when, delete_absent), table, n_rows)
            try:
                if change.kinds == {"inserted"}:
                    delta_writes.append_rows(change.rows, path, table)  # nothing held need be read
                elif change.kinds:
                    delta_writes.merge_rows(self.spark, change.rows, path, table, change.touched)
            finally:
                change.release()
            after = self.version(table)
        counts = {
            f"n_{kind}": found["rows" if kind == "deleted" else "n"]
            for kind, found in change.outcomes.items()
        }
        return WriteResult(before, after, touched_dates=change.touched, **counts)

    def _read_affected_rows(self, table: Table, new: "DataFrame | None") -> "DataFrame":
        """The table's rows that new ones may meet; all of them when none is given."""
        from spark_jobs.lake.outcomes import compute_key_range

        ends = compute_key_range(new, table) if new is not None and table.partition else {}
        rows = delta_writes.read_if_small(self.path(table), table, key_range=ends) if ends else None
        if rows is not None:
            return self._to_frame(rows, table)
        held = self.read(table)
        for name, (least, most) in ends.items():
            held = held.where(held[name].between(least, most))
        return held
