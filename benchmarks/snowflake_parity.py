"""Do DuckDB and Snowflake hold the same marts? Row by row, each row as the hash of its values in one spelling.

`python -m benchmarks.snowflake_parity <home>` loads, builds and exports the lake of a home on Snowflake as CONCIERGE_SNOWFLAKE_
settings name it, and compares every mart with the file that `dbt` built there for DuckDB; without such settings it starts the
stand-in. It reads the home and writes only `warehouse/` below a folder of its own.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb

from spark_jobs.build.aside import MARTS
from spark_jobs.build.snowflake import Session


@dataclass(frozen=True)
class Compared:
    """One mart on both sides: rows, and rows that only one of them holds."""

    mart: str
    n_rows: int
    only_duckdb: int
    only_snowflake: int

    @property
    def n_differences(self) -> int:
        return self.only_duckdb + self.only_snowflake


def marts_of(warehouse: duckdb.DuckDBPyConnection) -> list[str]:
    """The marts a DuckDB warehouse holds."""
    names = warehouse.execute("select table_name from information_schema.tables where table_schema = 'main'").fetchall()
    return sorted(name for (name,) in names if name.startswith(MARTS))


def compare(file: Path, session: Session, schema: str) -> list[Compared]:
    """Every mart of a DuckDB file against a Snowflake schema.

    Raises:
        ValueError: a mart that one side lacks, or that has other columns there; names it.
    """
    with duckdb.connect(str(file), read_only=True) as warehouse:
        marts = marts_of(warehouse)
        there = sorted(name for name in session.relations(schema) if name.startswith(MARTS))
        if marts != there:
            raise ValueError(f"marts on one side only: {sorted(set(marts) ^ set(there))}")
        return [one(mart, warehouse, session, schema) for mart in marts]


def one(mart: str, warehouse: duckdb.DuckDBPyConnection, session: Session, schema: str) -> Compared:
    """One mart on both sides."""
    kinds = {name: kind for name, kind, *_ in warehouse.execute(f"describe main.{mart}").fetchall()}
    theirs = session.run(
        "select column_name from information_schema.columns where upper(table_schema) = %s and table_name = %s",
        schema.upper(), mart.upper(),
    )  # fmt: skip
    if sorted(kinds) != sorted(name.lower() for (name,) in theirs):
        raise ValueError(f"{mart}: columns are {sorted(kinds)} on DuckDB, {sorted(theirs)} on Snowflake")
    ours = hashes(warehouse.execute(f"select {wanted(kinds, 'epoch_us({0})')} from main.{mart}").fetchall())
    others = hashes(session.run(f"select {wanted(kinds, 'date_part(epoch_microsecond, {0})')} from {schema}.{mart}"))
    return Compared(mart, ours.total(), (ours - others).total(), (others - ours).total())


def wanted(kinds: dict[str, str], instant: str) -> str:
    """The columns to select: times as microseconds, arrays as JSON text, the rest as they are."""
    said = []
    for name, kind in kinds.items():
        if kind.startswith("TIMESTAMP"):
            said.append(instant.format(name))
        else:
            said.append(f"to_json({name})" if kind.endswith("[]") else name)
    return ", ".join(said)


def hashes(rows: Iterable[tuple]) -> Counter:
    """How often each row occurs, whatever order they come in."""
    return Counter(hashlib.md5("\x1f".join(map(spelling, row)).encode()).hexdigest() for row in rows)


def spelling(value: object) -> str:
    """One spelling of a value, the same for both engines' numbers, texts, dates and truths."""
    if value is None:
        return "\x00"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | Decimal):
        return f"{Decimal(value).normalize():f}"
    if isinstance(value, float):
        return f"{value:.9g}"
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def line(night: str, results: list[Compared]) -> str:
    """A night's figures as one line of text."""
    rows, differences = sum(one.n_rows for one in results), sum(one.n_differences for one in results)
    return f"{night}: {len(results)} marts, {rows:,} rows compared, {differences} differences"
