"""Reads tables of the lake without Spark, in bounds: the files that a Delta table's log names, asked by
DuckDB.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from expectations.contracts.tables import Table
from serving_app.http.problems import NotReady, TooLargeToAnswer

MEMORY, SECONDS = "256MB", 5.0


def ask_tables(
    lake: Path, tables: Mapping[str, Table], query: str, parameters: Mapping[str, Any]
) -> list[tuple]:
    """The rows of a query over tables of the lake; one that does not exist yet is empty.

    Args:
        tables: by its name in the query.

    Raises:
        TooLargeToAnswer: it would take more memory or time than it may.
        NotReady: a file went away meanwhile, as housekeeping takes old ones.
    """
    config = {"memory_limit": MEMORY, "threads": 1, "temp_directory": ""}
    try:
        with duckdb.connect(config=config) as connection, limit_time(connection):
            for name, table in tables.items():
                if files := list_files(lake / table.name):
                    rows = connection.read_parquet(files, hive_partitioning=True, union_by_name=True)
                    rows.create_view(name)
                else:
                    columns = ", ".join(f"null as {column}" for column in table.columns)
                    connection.execute(f"create view {name} as select {columns} where false")
            return connection.execute(query, dict(parameters)).fetchall()
    except duckdb.InterruptException:
        raise TooLargeToAnswer(f"The answer was not found within {SECONDS:g} seconds.") from None
    except duckdb.OutOfMemoryException:
        raise TooLargeToAnswer(f"The answer would need more than {MEMORY} of memory.") from None
    except duckdb.IOException:
        raise NotReady("The lake is being written; load the page again.") from None


@contextmanager
def limit_time(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Interrupt what a connection does when its time is over."""
    timer = threading.Timer(SECONDS, connection.interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def list_files(table: Path) -> list[str]:
    """The files that hold a Delta table now; none of one that does not exist, or is being made."""
    # here, since it costs a worker 16 MB, and most never show a page
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError

    if not table.is_dir():
        return []
    try:
        return DeltaTable(str(table)).file_uris()
    except DeltaError:
        return []


def list_columns(table: Path) -> set[str]:
    """The columns of a Delta table; none of one that does not exist."""
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError

    if not table.is_dir():
        return set()
    try:
        return {field.name for field in DeltaTable(str(table)).schema().fields}
    except DeltaError:
        return set()
