"""Harlequin's editor on duckdb 2.0, whose relations no longer have the `fetchone` that Harlequin 2.12 calls.

Without it the editor ended with a traceback as soon as any text was selected (2026-11-28). To be deleted with
a Harlequin that calls it no more.
"""

import sys
from typing import Any

import duckdb
from harlequin.cli import harlequin


def fetch_first(relation: duckdb.DuckDBPyRelation) -> tuple[Any, ...] | None:
    """The first row of a relation; None where it has none."""
    return next(iter(relation.limit(1).fetchall()), None)


def main() -> int:
    """Run the editor; its exit code."""
    duckdb.DuckDBPyRelation.fetchone = fetch_first
    return harlequin()


if __name__ == "__main__":
    sys.exit(main())
