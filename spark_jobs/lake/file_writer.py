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
    modified_at: int  # milliseconds


class TableFileWriter:
    """Writes rows of a table that is partitioned by a day and promises nothing of its columns: one file for
    the rows of a day that come one after the other, of which one is open at a time.
    """

    def __init__(self, folder: Path, table: Table) -> None:
        schema = build_arrow_schema(table)
        self.folder, self.table = folder, table
        # a partition's value stands in the log alone
        self.schema = pa.schema([field for field in schema if field.name != table.partition])
        self.files: list[WrittenFile] = []
        self.writer: pq.ParquetWriter | None = None
        self.name, self.day, self.n_rows = "", date.min, 0  # of the open file

    def write(self, rows: pa.RecordBatch, day: date) -> None:
        """Add rows of a day, without the column of the partition."""
        if not rows.num_rows:
            return
        if day != self.day:
            self._finish_file()
        if self.writer is None:
            self.name = f"{self.table.partition}={day}/part-{uuid.uuid4().hex}.snappy.parquet"
            self.day, self.n_rows = day, 0
            (self.folder / self.name).parent.mkdir(parents=True, exist_ok=True)
            self.writer = pq.ParquetWriter(self.folder / self.name, self.schema, compression="snappy")
        self.writer.write_batch(rows.select(self.schema.names).cast(self.schema))
        self.n_rows += rows.num_rows

    def close(self) -> list[WrittenFile]:
        """Finish the last file; what was written."""
        self._finish_file()
        return self.files

    def _finish_file(self) -> None:
        if self.writer is None:
            return
        self.writer.close()
        self.writer, stat = None, (self.folder / self.name).stat()
        self.files.append(
            WrittenFile(self.name, self.day, stat.st_size, self.n_rows, stat.st_mtime_ns // 1_000_000)
        )


def add_files(files: list[WrittenFile], path: str, table: Table) -> None:
    """Add files to a table in one commit.

    Raises:
        FileNotFoundError: one does not lie there as it was written; nothing is committed.
    """
    for each in files:
        if not is_whole(Path(path, each.path), each.n_bytes):
            raise FileNotFoundError(
                f"{table.name}: {each.path} is not in its folder as a task wrote it; workers must see the"
                " home's folder under the name that it has here"
            )
    actions = [
        AddAction(
            each.path,
            each.n_bytes,
            {table.partition: str(each.day)},
            each.modified_at,
            True,
            json.dumps({"numRecords": each.n_rows}),
        )
        for each in files
    ]
    if actions:
        RustTable(path).create_write_transaction(
            actions, "append", build_arrow_schema(table), partition_by=[table.partition]
        )


def is_whole(file: Path, n_bytes: int) -> bool:
    """Whether a file is there and has so many bytes."""
    return file.is_file() and file.stat().st_size == n_bytes
