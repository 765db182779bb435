"""What `export` brings from Snowflake: rows as Arrow, typed as the lake's contract has them.

Times and arrays travel as numbers and text: they arrive the same whatever way a server packs them.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from expectations.contracts.tables import Table
from spark_jobs.lake.tables import build_arrow_schema
from spark_jobs.snowflake.connection import SnowflakeSession


def fetch_rows(session: SnowflakeSession, table: Table, source: str, file: Path) -> None:
    """Write the rows of a query to a Parquet file, one batch of Snowflake's at a time.

    Args:
        source: a table or view, with a condition when not all rows are wanted: what stands behind `from`.
    """
    with session.connection.cursor() as cursor, pq.ParquetWriter(file, build_arrow_schema(table)) as writer:
        cursor.execute(f"select {', '.join(format_packed_columns(table))} from {source}")
        for batch in cursor.fetch_arrow_batches():
            writer.write_table(unpack_batch(batch, table))


def format_packed_columns(table: Table) -> Iterator[str]:
    """Each column as it travels: times as microseconds since 1970, arrays as JSON text."""
    for name, kind in table.columns.items():
        if kind == "timestamp":
            yield f"date_part(epoch_microsecond, {name}) as {name}"
        else:
            yield f"to_json({name}) as {name}" if kind.startswith("array<") else name


def unpack_batch(batch: pa.Table, table: Table) -> pa.Table:
    """A batch as the contract has it."""
    columns = []
    for name, column, kind in zip(table.columns, batch.columns, table.columns.values(), strict=True):
        arrow_type = build_arrow_schema(table).field(name).type
        if kind.startswith("array<"):
            column = pa.array(
                [None if text is None else json.loads(text) for text in column.to_pylist()], arrow_type
            )
        elif kind == "timestamp":
            column = column.cast(pa.int64())
        columns.append(column.cast(arrow_type))
    return pa.table(columns, schema=build_arrow_schema(table))
