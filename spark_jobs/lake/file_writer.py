"""Writes rows as Parquet files of a Delta table from many tasks at once; one commit of the step adds them.

Until then no reader sees a file; those of a run that died are cleaned up by `maintain`, as any writer's are.
"""

import json
import uuid
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable as RustTable
from deltalake.transaction import AddAction

from expectations.contracts.tables import Table
from spark_jobs.lake.arrow_types import build_arrow_schema


class WrittenFile(NamedTuple):
    """A file in a table's folder that no version names yet."""

    path: str  # relative to the table's folder
    day: date  # its partition
    n_bytes: int
    n_rows: int


class TableFileWriter:
    """Writes rows of a table that is partitioned by a day and promises nothing of its columns: one file a
    day.
    """

    def __init__(self, folder: Path, table: Table) -> None:
        schema = build_arrow_schema(table)
        self.folder, self.table = folder, table
        # a partition's value stands in the log alone
        self.schema = pa.schema([field for field in schema if field.name != table.partition])
        self.writers: dict[date, tuple[str, pq.ParquetWriter, list[int]]] = {}

    def write(self, rows: pa.RecordBatch, day: date) -> None:
        """Add rows of a day, without the column of the partition."""
        if not rows.num_rows:
            return
        if day not in self.writers:
            name = f"{self.table.partition}={day}/part-{uuid.uuid4().hex}.snappy.parquet"
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            writer = pq.ParquetWriter(self.folder / name, self.schema, compression="snappy")
            self.writers[day] = name, writer, []
        _, writer, n_rows = self.writers[day]
        writer.write_batch(rows.select(self.schema.names).cast(self.schema))
        n_rows.append(rows.num_rows)

    def close(self) -> list[WrittenFile]:
        """Finish the files; what was written."""
        files = []
        for day, (name, writer, n_rows) in self.writers.items():
            writer.close()
            files.append(WrittenFile(name, day, (self.folder / name).stat().st_size, sum(n_rows)))
        return files


def add_files(files: list[WrittenFile], path: str, table: Table, modified_at: int = 0) -> None:
    """Add files to a table in one commit.

    Args:
        modified_at: milliseconds; readers of ours look at no file's time.
    """
    actions = [
        AddAction(
            each.path,
            each.n_bytes,
            {table.partition: str(each.day)},
            modified_at,
            True,
            json.dumps({"numRecords": each.n_rows}),
        )
        for each in files
    ]
    if actions:
        RustTable(path).create_write_transaction(
            actions, "append", build_arrow_schema(table), partition_by=[table.partition]
        )
