"""`make sql`: a read-only shell on the published warehouse. An open session keeps the night it began with."""

import sys

import duckdb

from spark_jobs.settings import Settings

PROMPT = "concierge> "


def answer(connection: duckdb.DuckDBPyConnection, query: str) -> None:
    """Run one statement and print what comes back; an error is a sentence, not a traceback."""
    try:
        result = connection.sql(query)
    except duckdb.Error as error:
        print(error, file=sys.stderr)
        return
    if result is not None:
        result.show(max_rows=50)


def main(argv: list[str]) -> int:
    """One query given as an argument, or a shell until `.quit` or end of input."""
    file = Settings.from_environment().warehouse_folder / "concierge.duckdb"
    if not file.exists():
        print(f"There is no warehouse at {file} yet: `make run` or `make backfill` makes one.", file=sys.stderr)
        return 1
    connection = duckdb.connect(str(file), read_only=True)
    if argv:
        answer(connection, " ".join(argv))
        return 0
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
