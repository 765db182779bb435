"""`make sql`: SQL on the published warehouse, read-only: Harlequin in a terminal, its command line for a
question or a pipe.

An open session keeps the night it began with. docs/adr/0027 says why the shell is Harlequin's and not ours.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import pyarrow.parquet as pq

from expectations.contracts.lake import OPS_DELIVERIES, OPS_RUNS
from operate.settings import load_settings_or_exit
from spark_jobs.lake.tables import Lake
from spark_jobs.settings import Settings

BIN = Path(sys.prefix) / "bin"
LOGS = (OPS_RUNS, OPS_DELIVERIES)  # tables of the lake without personal values, to be read beside the marts
FORMATS = ("table", "csv", "json")
MOST_ROWS = 50  # printed of a table; csv and json are for programs and come whole


def write_init_script(lake: Lake, folder: Path) -> Path:
    """Copy the logs into a folder, and write the statements that show them as views beside the marts."""
    statements = []
    for table in LOGS:
        file = folder / f"{table.name}.parquet"
        pq.write_table(lake.read_arrow(table), file)
        statements.append(
            f"create or replace temp view {table.name} as select * from read_parquet('{file}');"
        )
    script = folder / "init.sql"
    script.write_text("\n".join(statements) + "\n")
    return script


def build_shell_command(
    file: Path, script: Path, query: str, output_format: str, is_terminal: bool
) -> list[str]:
    """The program to run.

    Args:
        file: the warehouse.
        query: statements; empty for a session, or for those on standard input where that is no terminal.
        output_format: one of `FORMATS`.
    """
    # `-P None`: a `.harlequin.toml` of the user's may name another database, or writing.
    common = ["--read-only", "-P", "None", "--init-path", str(script), str(file)]
    if not query and is_terminal:
        return [sys.executable, "-m", "operate.sql_editor", *common]
    query_options = ["-c", query] if query else ["-f", "-"]
    row_options = ["--display-rows", str(MOST_ROWS)] if output_format == "table" else []
    return [
        str(BIN / "hsql"),
        *common,
        *query_options,
        "--format",
        output_format,
        "--limit",
        "-1",
        *row_options,
    ]


def find_warehouse(settings: Settings) -> Path:
    """The published warehouse's file.

    Raises:
        SystemExit: there is none yet, or it is Snowflake's; says where to ask instead.
    """
    if settings.warehouse == "snowflake":
        snowflake = settings.snowflake
        where = (
            f"{snowflake['database']}.{snowflake['schema']} of the Snowflake account"
            f" {snowflake['account'] or '(not set)'}"
        )
        raise SystemExit(
            f"This home's warehouse is {where}: ask there, with Snowsight or any client of theirs."
        )
    file = settings.paths.warehouse_file
    if not file.exists():
        raise SystemExit(f"There is no warehouse at {file} yet: `make run` or `make backfill` makes one.")
    return file


def main(argv: list[str]) -> int:
    """Answer one question, the statements of a pipe, or open a session; the exit code is 0 when every
    statement succeeded.
    """
    parser = argparse.ArgumentParser(prog="make sql", description=__doc__)
    parser.add_argument("query", nargs="?", default="", help="Q=: statements, separated by semicolons")
    parser.add_argument("--format", default="table", help=f"FORMAT=: {', '.join(FORMATS)}")
    args = parser.parse_args(argv)
    if args.format not in FORMATS:
        parser.error(f"FORMAT is {args.format!r}; allowed: {', '.join(FORMATS)}")
    settings = load_settings_or_exit()
    file = find_warehouse(settings)
    with tempfile.TemporaryDirectory(prefix="concierge-sql-") as folder:
        script = write_init_script(Lake(settings.lake), Path(folder))
        return subprocess.run(
            build_shell_command(file, script, args.query, args.format, sys.stdin.isatty())
        ).returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
