"""`make sql`: a read-only shell on the published warehouse. An open session keeps the night it began with."""

import sys

import duckdb

from expectations.contracts.lake import OPS_DELIVERIES, OPS_RUNS
from operate.settings import settings_or_exit
from spark_jobs.tables import Lake

LOGS = (OPS_RUNS, OPS_DELIVERIES)  # tables of the lake without personal values, to be read beside the marts
PROMPT = "concierge> "


def answer(connection: duckdb.DuckDBPyConnection, query: str) -> bool:
    """Run one statement and print what comes back; an error is a sentence, not a traceback. Whether it succeeded."""
    try:
        result = connection.sql(query)
    except duckdb.Error as error:
        print(error, file=sys.stderr)
        return False
    if result is not None:
        result.show(max_rows=50)
    return True


def main(argv: list[str]) -> int:
    """One query given as an argument, or a shell until `.quit` or end of input."""
    settings = settings_or_exit()
    if settings.warehouse == "snowflake":
        told = settings.snowflake
        where = f"{told['database']}.{told['schema']} of the Snowflake account {told['account'] or '(not set)'}"
        print(f"This home's warehouse is {where}: ask there, with Snowsight or any client of theirs.", file=sys.stderr)
        return 1
    file = settings.warehouse_folder / "concierge.duckdb"
    if not file.exists():
        print(f"There is no warehouse at {file} yet: `make run` or `make backfill` makes one.", file=sys.stderr)
        return 1
    connection = duckdb.connect(str(file), read_only=True)
    for table in LOGS:
        connection.register(table.name, Lake(settings.lake).scan(table))
    if argv:
        return 0 if answer(connection, " ".join(argv)) else 1
    print("Read-only on last night's warehouse. End a statement with ;  `show tables;` lists them, `.quit` leaves.")
    statement = ""
    while True:
        try:
            statement += input(PROMPT if not statement else "      ...> ") + "\n"
        except EOFError:
            return 0
        if statement.strip() in (".quit", ".exit"):
            return 0
        if statement.rstrip().endswith(";"):
            answer(connection, statement)
            statement = ""


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
