"""Every table of two homes' lakes and warehouse files."""

from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
from deltalake import DeltaTable

from benchmarks.compare_homes.exceptions import ignored_columns, is_table_ignored
from benchmarks.compare_homes.rows import Comparison, compare_tables
from expectations.contracts.home import HomePaths

WAREHOUSE = HomePaths(Path()).warehouse_file
RELATIONS = """
    select schema_name, table_name from duckdb_tables() where not internal
    union all select schema_name, view_name from duckdb_views() where not internal
"""


def compare_lakes(
    before: Path,
    after: Path,
    prefixes: tuple[str, ...] = ("",),
    ignored: Callable[[str], frozenset[str]] = ignored_columns,
) -> Iterator[Comparison]:
    """The newest version of every Delta table of two homes whose name begins with one of the prefixes."""
    names = {
        path.parent.name for home in (before, after) for path in HomePaths(home).lake.glob("*/_delta_log")
    }
    for name in sorted(names):
        if name.startswith(prefixes):
            sides = [read_delta(HomePaths(home).lake / name) for home in (before, after)]
            yield compare_tables(f"lake {name}", *sides, ignored(name))


def read_delta(folder: Path) -> pa.Table | None:
    """A Delta table's rows; None where there is none."""
    return DeltaTable(str(folder)).to_pyarrow_table() if (folder / "_delta_log").is_dir() else None


def compare_warehouses(
    before: Path,
    after: Path,
    prefixes: tuple[str, ...] = ("",),
    ignored: Callable[[str], frozenset[str]] = ignored_columns,
) -> Iterator[Comparison]:
    """Every table and view of two homes' warehouse files whose name begins with one of the prefixes: marts,
    intermediate and staging tables, but what a build works out on its way."""
    with (
        duckdb.connect(str(before / WAREHOUSE), read_only=True) as old,
        duckdb.connect(str(after / WAREHOUSE), read_only=True) as new,
    ):
        relations = [set(db.execute(RELATIONS).fetchall()) for db in (old, new)]
        for schema, name in sorted(relations[0] | relations[1]):
            if name.startswith(prefixes) and not is_table_ignored(name):
                sides = [
                    db.sql(f'select * from "{schema}"."{name}"').to_arrow_table()
                    if (schema, name) in there
                    else None
                    for db, there in zip((old, new), relations, strict=True)
                ]
                yield compare_tables(f"warehouse {name}", *sides, ignored(name))
