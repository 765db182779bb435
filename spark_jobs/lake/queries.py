"""Queries in the client's process, by DuckDB: for what needs no Spark, however large; beyond memory it goes
to disk.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import duckdb
import pyarrow as pa

# What a database takes before it writes to disk, where nobody says how much: a step's comparisons and counts
# stand beside the engine, and DuckDB's own limit is four fifths of the machine.
MEMORY = "2g"


def limit_memory(memory: str) -> dict[str, str]:
    """The setting of a DuckDB connection that may take so much, as Spark writes it: `3g`."""
    return {"memory_limit": f"{memory.rstrip('bB')}b"}


@contextmanager
def open_database(memory: str | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database of its own in memory, whose times are UTC.

    Args:
        memory: what it may take before it writes to disk, as `3g`; None for `MEMORY`.
    """
    limit = limit_memory(memory or MEMORY)
    with (
        tempfile.TemporaryDirectory(prefix="concierge-") as folder,
        duckdb.connect(config={"temp_directory": folder, **limit}) as con,
    ):
        con.execute("set timezone = 'UTC'; set preserve_insertion_order = false")
        yield con


def run_query(
    con: duckdb.DuckDBPyConnection, sql: str, parameters: Sequence[Any] = (), **tables: pa.Table
) -> pa.Table:
    """The rows of a query, in no order unless it asks for one.

    Args:
        parameters: stand for `$1`, `$2`, ….
        tables: what the query reads beside the connection's own, by name.
    """
    for name, table in tables.items():
        con.register(name, table)
    try:
        return con.sql(sql, params=list(parameters)).to_arrow_table()
    finally:
        for name in tables:
            con.unregister(name)
