"""The lake: the only place that knows Delta.

With a session, a `Lake` reads and writes through Spark; without one, or for few rows, through delta-rs, which
needs no JVM. Local disk is not safe for two writers at once, so every commit is made under the table's lock.
Nothing here writes a version that would hold what the last one held.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import pyarrow as pa
from deltalake import write_deltalake
from filelock import FileLock

from expectations.contracts.tables import Table
from spark_jobs.lake import delta_writes
from spark_jobs.lake.arrow_types import build_arrow_schema
from spark_jobs.lake.queries import open_database
from spark_jobs.lake.reader import LakeReader
from spark_jobs.lake.write_options import WriteOptions, WriteResult

if TYPE_CHECKING:
    import duckdb
    from pyspark.sql import DataFrame

    from spark_jobs.lake.outcomes import TableChange


@dataclass(frozen=True)
class Lake(LakeReader):
    """The Delta tables under one folder, to be read and written."""

    def replace(
        self, frame: "DataFrame | pa.Table", table: Table, within: str = "true", counted: str | None = None
    ) -> WriteResult:
        """Make the table, or the part of it that meets `within`, hold exactly these rows; commits nothing
        when it already does. Rows in Arrow are compared and written without Spark.

        Args:
            frame: unique by the table's key.
            within: SQL over the table's columns; every row of the frame meets it.
            counted: a boolean column beside the contract's: only rows where it is true are counted by
                outcome; not for rows in Arrow.
        """
        if isinstance(frame, pa.Table):
            return self._replace_by_arrow(frame, table, within)
        return self._write(frame, table, WriteOptions(True, within=within, counted=counted))

    def upsert(
        self,
        frame: "DataFrame | pa.Table",
        table: Table,
        update_when: str = "true",
        counted: str | None = None,
        n_rows: int | None = None,
    ) -> WriteResult:
        """Insert rows with new keys and update rows whose values changed; other rows stay. Few rows are
        compared and written without Spark.

        Args:
            frame: unique by the table's key.
            update_when: SQL over `new` and `old` that a changed row must meet to replace the old one; read by
                Spark or DuckDB.
            counted: a boolean column beside the contract's: only rows where it is true are counted by
                outcome.
            n_rows: how many rows are offered, where that is known.
        """
        options = WriteOptions(update_when=update_when, counted=counted, n_rows=n_rows)
        return self._write(frame, table, options)

    def rewrite_days(
        self, rows: delta_writes.Rows, table: Table, days: tuple[date, date], where: str
    ) -> WriteResult:
        """Put these rows in the place of those that meet `where`, whether they differ or not: for logs of
        what was received.

        Args:
            rows: all within `days` of the table's partition and meeting `where`; or files that hold them.
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
            delta_writes.write_few(self.path(table), data, "append")

    def replace_rows(self, rows: list[dict], table: Table) -> None:
        """Make a small table hold exactly these rows, without Spark; commits nothing when it does already."""
        data = pa.Table.from_pylist(rows, schema=build_arrow_schema(table))
        with self.lock(table):
            if not self.has_columns(table) or self.read_arrow(table).to_pylist() != data.to_pylist():
                delta_writes.write_few(self.path(table), data, "overwrite")

    def replace_arrow(self, data: pa.Table, table: Table) -> None:
        """As `replace_rows`, of millions of rows."""
        with self.lock(table):
            if not self.has_columns(table) or not self.read_arrow(table).cast(data.schema).equals(data):
                delta_writes.write_few(self.path(table), data, "overwrite")

    def overwrite(self, rows: pa.RecordBatchReader, table: Table, schema_mode: str | None = None) -> None:
        """Make the table hold exactly these rows, streamed; `schema_mode="overwrite"`: in today's layout."""
        with self.lock(table):
            write_deltalake(
                self.path(table),
                delta_writes.cast_batches(rows, table),
                mode="overwrite",
                description=table.grain,
                partition_by=[table.partition] if table.partition else None,
                configuration=delta_writes.NO_DELETION_VECTORS,
                schema_mode=schema_mode,
            )

    def overwrite_days(self, rows: pa.RecordBatchReader, table: Table, days: Sequence[date | None]) -> None:
        """Make these partitions hold exactly these rows, streamed, without Spark; the others' files stay.

        Args:
            rows: all within `days`.
            days: at least one, each once; None for rows without a day.
        """
        with self.lock(table):
            delta_writes.overwrite_days(rows, self.path(table), table, days)

    @contextmanager
    def lock(self, table: Table) -> Iterator[None]:
        """Held around every commit of the table on local disk; its errors tell no values of refused rows."""
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
        """Compact small files, delete what old versions alone read; how many files went and came."""
        with self.lock(table):
            return delta_writes.compact_and_vacuum(self.spark, self.path(table), keep_hours)

    def _replace_by_arrow(self, rows: pa.Table, table: Table, within: str) -> WriteResult:
        from spark_jobs.lake.arrow_outcomes import classify_arrow_rows, conform_arrow_to_contract

        new = conform_arrow_to_contract(rows, table)
        held = f"(select * from held where {within})"
        return self._write_arrow(table, lambda con: classify_arrow_rows(con, new, held, table))

    def _upsert_by_arrow(self, rows: pa.Table, table: Table, options: WriteOptions) -> WriteResult:
        from spark_jobs.lake.arrow_outcomes import classify_offered_rows, conform_arrow_to_contract

        if options.counted is None:
            rows = rows.append_column("_counted", pa.array([True] * rows.num_rows, pa.bool_()))
        else:
            rows = rows.rename_columns({options.counted: "_counted"})
        new, condition = conform_arrow_to_contract(rows, table, "_counted"), options.update_when
        return self._write_arrow(table, lambda con: classify_offered_rows(con, new, "held", table, condition))

    def _write_arrow(
        self, table: Table, classify: "Callable[[duckdb.DuckDBPyConnection], TableChange]"
    ) -> WriteResult:
        """Write what a comparison with the view `held` of the table finds."""
        with self.lock(table), open_database() as con:
            before = self.version(table)
            if before is None:
                delta_writes.create_table(self.path(table), table)
            self.create_view(con, table, "held")
            return self._commit(classify(con), table, before)

    def _write(self, frame: "DataFrame | pa.Table", table: Table, options: WriteOptions) -> WriteResult:
        if isinstance(frame, pa.Table):
            return self._upsert_by_arrow(frame, table, options)
        from pyspark.sql import functions as F

        from spark_jobs.lake.outcomes import classify_rows, collect_if_few, compare_rows, conform_to_contract

        # Planning a join for a night's hundred rows costs Spark seconds, the comparison milliseconds.
        few = None if options.delete_absent else collect_if_few(frame, options.n_rows)
        if few is not None:
            return self._upsert_by_arrow(few, table, options)
        flagged = (
            frame.withColumnRenamed(options.counted, "_counted")
            if options.counted
            else frame.withColumn("_counted", F.lit(True))
        )
        new = conform_to_contract(flagged, table, "_counted")
        with self.lock(table):
            before, old = self.version(table), None
            if before is None:
                delta_writes.create_table(self.path(table), table)
            else:
                old = self._read_affected_rows(table, None if options.delete_absent else new).where(
                    options.within
                )
            rows = compare_rows(new, old, table, options.update_when, options.delete_absent)
            n_new = options.n_rows if options.delete_absent else delta_writes.MAX_ROWS_IN_MEMORY + 1
            return self._commit(classify_rows(rows, table, n_new), table, before)

    def _commit(self, change: "TableChange", table: Table, before: int | None) -> WriteResult:
        """Write what changes, if anything does, and tell what a write did. Within the table's lock."""
        path = self.path(table)
        try:
            if change.kinds == {"inserted"}:
                delta_writes.append_rows(change.rows, path, table)  # nothing held need be read
            elif change.kinds:
                delta_writes.merge_rows(self.spark, change.rows, path, table, change.touched)
        finally:
            change.release()
        counts = {
            f"n_{kind}": outcome["rows" if kind == "deleted" else "n"]
            for kind, outcome in change.outcomes.items()
        }
        return WriteResult(before, self.version(table), touched_dates=change.touched, **counts)

    def _read_affected_rows(self, table: Table, new: "DataFrame | None") -> "DataFrame":
        """The table's rows that new ones may meet; all of them when none is given."""
        from spark_jobs.lake.outcomes import compute_key_range

        ends = compute_key_range(new, table) if new is not None and table.partition else {}
        rows = delta_writes.read_if_small(self.path(table), table, key_range=ends) if ends else None
        if rows is not None:
            return self._to_frame(rows, table)
        current_rows = self.read(table)
        for name, (least, most) in ends.items():
            current_rows = current_rows.where(current_rows[name].between(least, most))
        return current_rows
