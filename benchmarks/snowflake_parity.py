"""Do DuckDB and Snowflake hold the same marts? Row by row, each row as the hash of its values in one
spelling.

`python -m benchmarks.snowflake_parity --data ../shared/data/online_retail --from 2010-12-01 --to 2011-11-30
--then 2011-12-01 --home <empty folder>` brings Online Retail in as one night and one more, builds each on
both warehouses and prints, for both nights, marts, rows compared, rows staged and differences. Snowflake is
what the CONCIERGE_SNOWFLAKE_ settings name; without them, its stand-in, started here.
"""

import argparse
import hashlib
import os
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb

from expectations.contracts.home import HomePaths
from expectations.contracts.published import Published
from expectations.contracts.settings import load_environment
from operate.visitors import find_free_port
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import ROOT, LandingDates, RunContext
from spark_jobs.settings import Settings
from spark_jobs.snowflake.connection import SnowflakeSession, connect_to_snowflake
from spark_jobs.snowflake.schema_swap import MARTS, swap_in_build
from spark_jobs.warehouse import dbt, load


@dataclass(frozen=True)
class MartComparison:
    """One mart on both sides: rows, and rows that only one of them holds."""

    mart: str
    n_rows: int
    only_duckdb: int
    only_snowflake: int

    @property
    def n_differences(self) -> int:
        return self.only_duckdb + self.only_snowflake


def list_marts(warehouse: duckdb.DuckDBPyConnection) -> list[str]:
    """The marts a DuckDB warehouse holds."""
    names = warehouse.execute(
        "select table_name from information_schema.tables where table_schema = 'main'"
    ).fetchall()
    return sorted(name for (name,) in names if name.startswith(MARTS))


def compare_marts(file: Path, session: SnowflakeSession, schema: str) -> list[MartComparison]:
    """Every mart of a DuckDB file against a Snowflake schema.

    Raises:
        ValueError: a mart that one side lacks, or that has other columns there; names it.
    """
    with duckdb.connect(str(file), read_only=True) as warehouse:
        marts = list_marts(warehouse)
        there = sorted(name for name in session.list_relations(schema) if name.startswith(MARTS))
        if marts != there:
            raise ValueError(f"marts on one side only: {sorted(set(marts) ^ set(there))}")
        return [compare_mart(mart, warehouse, session, schema) for mart in marts]


def compare_mart(
    mart: str, warehouse: duckdb.DuckDBPyConnection, session: SnowflakeSession, schema: str
) -> MartComparison:
    """One mart on both sides."""
    kinds = {name: kind for name, kind, *_ in warehouse.execute(f"describe main.{mart}").fetchall()}
    theirs = session.run(
        "select column_name from information_schema.columns where upper(table_schema) = %s and table_name"
        " = %s",
        schema.upper(),
        mart.upper(),
    )
    if sorted(kinds) != sorted(name.lower() for (name,) in theirs):
        raise ValueError(f"{mart}: columns are {sorted(kinds)} on DuckDB, {sorted(theirs)} on Snowflake")
    ours = count_row_hashes(
        warehouse.execute(
            f"select {select_comparable_columns(kinds, 'epoch_us({0})')} from main.{mart}"
        ).fetchall()
    )
    columns = select_comparable_columns(kinds, "date_part(epoch_microsecond, {0})")
    others = count_row_hashes(session.run(f"select {columns} from {schema}.{mart}"))
    return MartComparison(mart, ours.total(), (ours - others).total(), (others - ours).total())


def select_comparable_columns(kinds: dict[str, str], instant: str) -> str:
    """The columns to select: times as microseconds, arrays as JSON text, the rest as they are."""
    expressions = []
    for name, kind in kinds.items():
        if kind.startswith("TIMESTAMP"):
            expressions.append(instant.format(name))
        else:
            expressions.append(f"to_json({name})" if kind.endswith("[]") else name)
    return ", ".join(expressions)


def count_row_hashes(rows: Iterable[tuple]) -> Counter:
    """How often each row occurs, whatever order they come in."""
    return Counter(hashlib.md5("\x1f".join(map(format_comparable, row)).encode()).hexdigest() for row in rows)


def format_comparable(value: object) -> str:
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


def format_night(night: str, results: list[MartComparison]) -> str:
    """A night's figures as one line of text."""
    rows, differences = sum(one.n_rows for one in results), sum(one.n_differences for one in results)
    return f"{night}: {len(results)} marts, {rows:,} rows compared, {differences} differences"


@contextmanager
def run_stand_in(stages: Path | None = None) -> Iterator[dict[str, str]]:
    """Settings of a stand-in that runs as long as the block.

    Args:
        stages: the folder its stages lie in; by default where temporary files lie.

    Raises:
        RuntimeError: it ended at its start.
    """
    port = str(find_free_port())
    words = [sys.executable, "-m", "fakesnow", "-s", "-p", port]
    env = {**os.environ, **({"TMPDIR": str(stages)} if stages else {})}
    server = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env)
    settings = {
        "ACCOUNT": "local",
        "USER": "loader",
        "PASSWORD": "none",
        "WAREHOUSE": "SMALL",
        "HOST": "127.0.0.1",
        "PORT": port,
    }
    try:
        for _ in range(300):
            if server.poll() is not None:
                raise RuntimeError("the stand-in for Snowflake ended at its start")
            with socket.socket() as knock:
                if knock.connect_ex(("127.0.0.1", int(port))) == 0:
                    break
            time.sleep(0.1)
        yield {
            f"CONCIERGE_SNOWFLAKE_{name}": value for name, value in {**settings, "PROTOCOL": "http"}.items()
        }
    finally:
        server.terminate()
        server.wait()


def run_first_steps(environ: dict[str, str], days: LandingDates) -> None:
    """The steps before the warehouse, as the night runs them."""
    for step in ("land", "ingest", "identify"):
        words = ["--from", str(days.first), "--to", str(days.last), "--run-id", f"to-{days.last}"]
        subprocess.run(
            [sys.executable, "spark_jobs/run/launcher.py", step, *words],
            cwd=ROOT,
            env=os.environ | environ,
            check=True,
        )


def build_and_compare(
    duckdb_home: Settings, snowflake_home: Settings, days: LandingDates
) -> list[MartComparison]:
    """Build one night on both, publish it on both, compare."""
    lake, run_id, now = Lake(duckdb_home.lake), f"to-{days.last}", datetime.now(UTC)
    start = time.monotonic()
    dbt.run(RunContext(run_id, days, duckdb_home, now), lake)
    Published(run_id, str(days.last), "", "", f"{run_id}.duckdb", "", "").write(duckdb_home.home)
    on_duckdb = time.monotonic()
    reports = load.run(RunContext(run_id, days, snowflake_home, now), lake)
    staged = {report.table_name: report.detail["staged"] for report in reports}
    loaded = time.monotonic()
    dbt.run(RunContext(run_id, days, snowflake_home, now), lake)
    swap_in_build(snowflake_home, run_id)
    built = time.monotonic()
    schema = snowflake_home.snowflake["schema"]
    with connect_to_snowflake(snowflake_home, schema) as session:
        results = compare_marts(duckdb_home.paths.warehouse_build(run_id), session, schema)
    print(format_night(run_id, results), f"; rows staged {sum(staged.values()):,} {staged}")
    seconds = {
        "dbt on DuckDB": on_duckdb - start,
        "load": loaded - on_duckdb,
        "dbt on Snowflake": built - loaded,
    }
    print("  seconds:", {name: round(took, 1) for name, took in seconds.items()}, flush=True)
    return results


def main(argv: list[str]) -> int:
    """Two nights; 1 when a row differs."""
    parser = argparse.ArgumentParser(prog="benchmarks.snowflake_parity")
    parser.add_argument("--data", type=Path, required=True, help="folder of Online Retail's day files")
    parser.add_argument("--home", type=Path, required=True, help="an empty folder")
    for name in ("from", "to", "then"):
        parser.add_argument(f"--{name}", dest=f"{name}_day", type=date.fromisoformat, required=True)
    args = parser.parse_args(argv)
    homes = [args.home.resolve() / name for name in ("duckdb", "snowflake")]
    for home in homes:
        home.mkdir(parents=True)
    (HomePaths(homes[1]).lake).symlink_to(HomePaths(homes[0]).lake)
    shop = {"CONCIERGE_SOURCES": "online_retail", "CONCIERGE_LANDING_FROM": str(args.data.resolve())}
    credentials = {
        name: value for name, value in load_environment().items() if name.startswith("CONCIERGE_SNOWFLAKE_")
    }
    with run_stand_in() if not credentials else nullcontext(credentials) as reach:
        on_duckdb = shop | {"CONCIERGE_HOME": str(homes[0])}
        on_snowflake = shop | reach | {"CONCIERGE_HOME": str(homes[1]), "CONCIERGE_WAREHOUSE": "snowflake"}
        results = []
        for days in (
            LandingDates(args.from_day, args.to_day),
            LandingDates(args.then_day, args.then_day),
        ):
            run_first_steps(on_duckdb, days)
            results += build_and_compare(
                Settings.from_environment(on_duckdb), Settings.from_environment(on_snowflake), days
            )
    print(format_night("in all", results))
    return int(any(one.n_differences for one in results))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
