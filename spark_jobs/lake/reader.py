"""Reading the lake: through Spark where there is a session, else through delta-rs, which needs no JVM."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pyarrow as pa
from deltalake import DeltaTable as RustTable
from deltalake import QueryBuilder, Schema

from expectations.contracts.tables import ContractError, Table
from spark_jobs.lake import delta_log, delta_writes
from spark_jobs.lake.arrow_types import build_arrow_schema
from spark_jobs.lake.session_on_demand import SessionOnDemand

if TYPE_CHECKING:
    import duckdb
    import pyarrow.dataset as pa_dataset
    from pyspark.sql import DataFrame, SparkSession


@dataclass(frozen=True)
class LakeReader:
    """The Delta tables under one folder, to be read.

    Attributes:
        session: for what is read and written through Spark; None where Arrow will do.
    """

    root: Path
    session: "SparkSession | SessionOnDemand | None" = None

    @property
    def spark(self) -> "SparkSession | None":
        """The session, which opens here where it is one on demand."""
        return self.session.spark if isinstance(self.session, SessionOnDemand) else self.session

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
        table_on_disk = RustTable(self.path(table))
        return table_on_disk.metadata().id, table_on_disk.version()

    def has_layout_of_contract(self, table: Table) -> bool:
        """Whether the table as it was written has its contract's columns, types and partition: a home of an
        earlier version may have others.
        """
        table_on_disk = RustTable(self.path(table))
        there, wanted = (
            {field.name: field.type for field in schema.fields}
            for schema in (table_on_disk.schema(), Schema.from_arrow(build_arrow_schema(table)))
        )
        partition = [table.partition] if table.partition else []
        return there == wanted and table_on_disk.metadata().partition_columns == partition

    def has_columns(self, table: Table) -> bool:
        """Whether the table was written, by code that knew all of its contract's columns."""
        return self.exists(table) and table.columns.keys() <= set(self.scan(table).schema.names)

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

        return dataset.dataset(self.list_files(table), schema=build_arrow_schema(table), format="parquet")

    def create_view(
        self,
        con: "duckdb.DuckDBPyConnection",
        table: Table,
        name: str | None = None,
        files: Sequence[str] | None = None,
    ) -> None:
        """Create a DuckDB view of the table's rows as they are now, read from its files by DuckDB itself: it
        reads the columns that are asked for, in pieces, and may be larger than memory.

        Args:
            name: of the view; the table's by default.
            files: those of `list_files` whose rows it holds; all of the newest version's by default.
        """
        columns = ", ".join(f'"{column}"' for column in table.columns)
        table_on_disk = RustTable(self.path(table)) if self.exists(table) else None
        # Columns that a contract gained since a file was written are null in it. As typed nulls: a table that
        # is registered is known to this connection alone, and the view may lie where others read it.
        nothing = con.from_arrow(build_arrow_schema(table).empty_table())
        nulls = [
            f'cast(null as {kind}) as "{column}"'
            for column, kind in zip(nothing.columns, nothing.types, strict=True)
        ]
        source = f"select {', '.join(nulls)} where false"
        if files is None:
            files = self.list_files(table) if table_on_disk else []
        if files:
            is_partitioned = bool(table_on_disk.metadata().partition_columns)
            hive = f", hive_types = {{'{table.partition}': date}}" if is_partitioned else ""
            source += (
                f" union all by name from read_parquet({list(files)!r}, union_by_name = true,"
                f" hive_partitioning = {is_partitioned}{hive})"
            )
        con.execute(f'create or replace view "{name or table.name}" as select {columns} from ({source})')

    def list_files(self, table: Table, version: int | None = None) -> list[str]:
        """Paths of the Parquet files whose rows are the table's.

        Raises:
            deltalake.exceptions.DeltaError: that version's log is cleaned up.
            ContractError: a file's rows are not the table's: some are deleted by a vector beside it, or its
                columns have other names. No table of ours is so; another program's write may make one so.
        """
        table_on_disk = RustTable(self.path(table), version=version)
        protocol = table_on_disk.protocol()
        if protocol.min_reader_version > 1:
            wanted = ", ".join(protocol.reader_features or ("columnMapping",))
            raise ContractError(f"{table.name}: its files cannot be read without {wanted}")
        # URIs: a home's folder may hold a space, which they write as %20
        return [unquote(uri) for uri in table_on_disk.file_uris()]

    def read_matching(
        self, table: Table, columns: Sequence[str], matches: Mapping[str, Sequence[str] | None]
    ) -> pa.Table:
        """The rows whose columns hold one of these texts (None: nothing), without Spark, in no order. Files
        whose statistics rule that out are not opened.
        """
        schema = pa.schema([build_arrow_schema(table).field(name).with_nullable(True) for name in columns])
        if not self.exists(table):
            return schema.empty_table()
        condition = " and ".join(
            f'"{name}" is null'
            if values is None
            else f'"{name}" in ({", ".join(map(delta_writes.format_sql_literal, values))})'
            for name, values in matches.items()
        )
        names = ", ".join(f'"{name}"' for name in columns)
        rows = (
            QueryBuilder()
            .register("held", RustTable(self.path(table)))
            .execute(f"select {names} from held where {condition or 'true'}")
        )
        return pa.table(rows.read_all()).cast(schema)

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
        # By its number: Spark takes the newest version of today for that of yesterday, and would answer from
        # what a step of the same engine persisted then.
        number = self.version(table) if version is None else version
        frame = self.spark.read.format("delta").option("versionAsOf", number).load(self.path(table))
        return frame.select(*table.columns)

    def is_small(self, table: Table, version: int | None = None) -> bool:
        """Whether the table's rows are few enough to be brought to the driver."""
        return (
            not self.exists(table)
            or RustTable(self.path(table), version=version).count() <= delta_writes.MAX_ROWS_IN_MEMORY
        )

    def _to_frame(self, rows: pa.Table, table: Table) -> "DataFrame":
        from spark_jobs.lake.frames import convert_arrow_to_spark

        return (
            convert_arrow_to_spark(self.spark, rows)
            if rows.num_rows
            else self.spark.createDataFrame([], table.schema)
        )
