"""The lake: the only place that knows Delta.

With a session, a `Lake` reads and writes through Spark; without one it reads (and appends small logs) through delta-rs, which
needs no JVM. Local disk is not safe for two writers at once, so every commit on it is made under one lock of the table.
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

from expectations.contracts.tables import ContractError, Table
from spark_jobs.arrow_types import arrow_type

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

PROPERTIES = {
    "delta.enableDeletionVectors": "false",
    "delta.enableChangeDataFeed": "true",  # `load` stages changed rows only
}


@dataclass
class Written:
    """What a write did. `version_before` is None for a table that did not exist."""

    version_before: int | None
    version_after: int | None
    n_inserted: int = 0
    n_updated: int = 0
    n_unchanged: int = 0
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

    def versions(self) -> dict[str, int]:
        """The newest version of every table but the `ops_*` logs, by name."""
        folders = sorted(path.parent for path in self.root.glob("*/_delta_log"))
        return {path.name: RustTable(str(path)).version() for path in folders if not path.name.startswith("ops_")}

    def read_arrow(self, table: Table, columns: Sequence[str] | None = None, version: int | None = None) -> pa.Table:
        """The table's rows without Spark; an empty frame when it was never written."""
        if not self.exists(table):
            return self.empty(table).select(list(columns or table.columns))
        return RustTable(self.path(table), version=version).to_pyarrow_table(columns=list(columns or table.columns))

    def read(self, table: Table, version: int | None = None) -> "DataFrame":
        """The table's rows as a Spark frame in contract order; an empty frame when it was never written."""
        if not self.exists(table):
            return self.spark.createDataFrame([], table.schema)
        reader = self.spark.read.format("delta")
        if version is not None:
            reader = reader.option("versionAsOf", version)
        return reader.load(self.path(table)).select(*table.columns)

    def replace(self, frame: "DataFrame", table: Table) -> Written:
        """Make the table hold exactly these rows; commits nothing when it already does."""
        return self._write(frame, table, delete_absent=True)

    def upsert(self, frame: "DataFrame", table: Table, update_when: str = "true") -> Written:
        """Insert rows with new keys and update rows whose values changed; other rows stay.

        Args:
            frame: unique by the table's key.
            update_when: SQL over `new` and `old` that a changed row must meet to replace the old one.
        """
        return self._write(frame, table, delete_absent=False, update_when=update_when)

    def append_rows(self, rows: list[dict], table: Table) -> None:
        """Append a few rows to a log table, without Spark."""
        if not rows:
            return
        with self.lock(table):
            data = pa.Table.from_pylist(rows, schema=arrow_schema(table))
            write_deltalake(self.path(table), data, mode="append", configuration={"delta.enableDeletionVectors": "false"})

    def empty(self, table: Table) -> pa.Table:
        return arrow_schema(table).empty_table()

    @contextmanager
    def lock(self, table: Table) -> Iterator[None]:
        """Held around every commit of the table on local disk."""
        self.root.mkdir(parents=True, exist_ok=True)
        with FileLock(self.root / f".{table.name}.lock", timeout=600):
            yield

    def create(self, table: Table) -> None:
        """Make an empty table with its properties, not-null columns and checks."""
        from delta.tables import DeltaTable

        builder = DeltaTable.createIfNotExists(self.spark).location(self.path(table)).comment(table.grain)
        for name, kind in table.columns.items():
            builder = builder.addColumn(name, kind, nullable=name not in table.required)
        for name, value in PROPERTIES.items():
            builder = builder.property(name, value)
        if table.partition:
            builder = builder.partitionedBy(table.partition)
        builder.execute()
        for name, check in table.checks.items():
            self.spark.sql(f"alter table delta.`{self.path(table)}` add constraint {name} check ({check})")

    def _write(self, frame: "DataFrame", table: Table, delete_absent: bool, update_when: str = "true") -> Written:
        from delta.tables import DeltaTable
        from pyspark.sql import functions as F

        new = conform(frame, table).persist()
        before = self.version(table)
        with self.lock(table):
            if before is None:
                self.create(table)
            same_key = [F.col(f"new.{name}").eqNullSafe(F.col(f"old.{name}")) for name in table.key]
            condition = same_key[0]
            for term in same_key[1:]:
                condition = condition & term
            old = self.read(table)
            # Maps cannot be compared or hashed; as JSON they can.
            digest = F.xxhash64(F.to_json(F.struct(*table.columns), {"ignoreNullFields": "false"}))
            dated = [F.col(table.partition)] if table.partition else [F.lit(None).cast("date")]
            compared = (
                new.withColumn("_digest", digest).alias("new")
                .join(
                    old.withColumn("_digest", digest).withColumn("_dated", dated[0]).alias("old"),
                    on=condition, how="full" if delete_absent else "left",
                )
                .withColumn(
                    "_outcome",
                    F.when(F.col("old._digest").isNull(), "inserted")
                    .when(F.col("new._digest").isNull(), "deleted")
                    .when(F.col("new._digest") == F.col("old._digest"), "unchanged")
                    .when(F.expr(update_when), "updated")
                    .otherwise("unchanged"),
                )
            )  # fmt: skip
            keys = [F.coalesce(F.col(f"new.{name}"), F.col(f"old.{name}")).alias(name) for name in table.key]
            rest = [F.col(f"new.{name}").alias(name) for name in table.columns if name not in table.key]
            new_date = F.col(f"new.{table.partition}") if table.partition else F.lit(None).cast("date")
            dates = F.array_compact(F.array(new_date, F.col("old._dated"))).alias("_dates")
            changes = compared.select(*keys, *rest, "_outcome", dates).persist()
            summary = (
                changes.groupBy("_outcome")
                .agg(F.count("*").alias("n"), F.array_distinct(F.flatten(F.collect_set("_dates"))).alias("dates"))
                .collect()
            )
            counts = {row["_outcome"]: row["n"] for row in summary}
            touched = sorted({day for row in summary if row["_outcome"] != "unchanged" for day in row["dates"]})
            if set(counts) - {"unchanged"}:
                match = " and ".join(f"old.`{name}` <=> new.`{name}`" for name in table.key)
                if table.partition and touched:
                    # Without literal dates a MERGE reads every partition.
                    match += f" and old.`{table.partition}` in ({', '.join(f'date{str(day)!r}' for day in touched)})"
                values = {name: f"new.`{name}`" for name in table.columns}
                (
                    DeltaTable.forPath(self.spark, self.path(table)).alias("old")
                    .merge(changes.where("_outcome <> 'unchanged'").alias("new"), match)
                    .whenMatchedDelete("new._outcome = 'deleted'")
                    .whenMatchedUpdate(set=values)
                    .whenNotMatchedInsert(values=values)
                    .execute()
                )  # fmt: skip
            changes.unpersist()
            new.unpersist()
        return Written(
            before, self.version(table), counts.get("inserted", 0), counts.get("updated", 0),
            counts.get("unchanged", 0), counts.get("deleted", 0), touched,
        )  # fmt: skip


def arrow_schema(table: Table) -> pa.Schema:
    """The table's columns for Arrow."""
    return pa.schema(
        [pa.field(name, arrow_type(kind), nullable=name not in table.required) for name, kind in table.columns.items()]
    )


def conform(frame: "DataFrame", table: Table) -> "DataFrame":
    """The frame in contract order and types.

    Raises:
        ContractError: a column is missing or not in the contract.
    """
    missing = [name for name in table.columns if name not in frame.columns]
    extra = [name for name in frame.columns if name not in table.columns]
    if missing or extra:
        raise ContractError(f"{table.name}: missing columns {missing}, columns not in its contract {extra}")
    return frame.selectExpr(*[f"cast(`{name}` as {kind}) as `{name}`" for name, kind in table.columns.items()])
