"""A suite asked of a table's files by DuckDB: one scan for all conditions, one for each key, no JVM.

A condition that cannot be evaluated is told apart from the others by asking each alone; the engine's message
is passed on to nobody, for it may quote a row.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from expectations.suites.suite import FAIL, Expectation
from spark_jobs.run.suite_queries import (
    ABOUT_A_KEY,
    ABOUT_THE_TABLE,
    format_counts_query,
    format_key_query,
    is_about_one_row,
)

# Beyond it DuckDB spills to disk: a key of tens of millions of rows is grouped in it.
MEMORY_LIMIT = "1g"


@dataclass(frozen=True)
class UnmetExpectation:
    """An expectation that is not met, and by how many rows (None where it is not about rows, or could not be
    evaluated).
    """

    expectation: Expectation
    n_rows: int | None
    could_not_run: bool = False

    @property
    def is_fatal(self) -> bool:
        return self.could_not_run or self.expectation.severity == FAIL

    def __str__(self) -> str:
        rows = (
            "could not be evaluated"
            if self.could_not_run
            else ""
            if self.n_rows is None
            else f"{self.n_rows:,} rows"
        )
        return f"{self.expectation.name}{f' ({rows})' if rows else ''}: {self.expectation.reason}"


def find_unmet_expectations(
    connection: duckdb.DuckDBPyConnection,
    expectations: Sequence[Expectation],
    met_before: frozenset[str] = frozenset(),
) -> list[UnmetExpectation]:
    """The expectations that the connection's `rows` do not meet, in their order.

    Args:
        met_before: names of those that every row met which is not among `new_rows`, a part of `rows`.
    """
    by_source: dict[str, list[Expectation]] = {"rows": [], "new_rows": []}
    answers = {}
    for each in expectations:
        if each.kind in ABOUT_A_KEY:
            answers[each.name] = evaluate_key(connection, each, each.name in met_before)
        else:
            is_only_new = each.name in met_before and is_about_one_row(each)
            by_source["new_rows" if is_only_new else "rows"].append(each)
    for source, asked in by_source.items():
        found = evaluate_counts(connection, asked, source)
        answers |= {each.name: answer for each, answer in zip(asked, found, strict=True)}
    return [answer for each in expectations if (answer := answers[each.name])]


def evaluate_counts(
    connection: duckdb.DuckDBPyConnection, expectations: Sequence[Expectation], source: str
) -> list[UnmetExpectation | None]:
    """An answer for each: None where it is met."""
    if not expectations:
        return []
    try:
        ((n_rows, *counts),) = connection.execute(format_counts_query(expectations, source)).fetchall()
    except duckdb.Error:
        if len(expectations) == 1:
            return [UnmetExpectation(expectations[0], None, could_not_run=True)]
        return [evaluate_counts(connection, [each], source)[0] for each in expectations]
    return [judge_count(each, count, n_rows) for each, count in zip(expectations, counts, strict=True)]


def evaluate_key(
    connection: duckdb.DuckDBPyConnection, expectation: Expectation, was_met: bool
) -> UnmetExpectation | None:
    """An answer for an expectation that no two rows share a key.

    Args:
        was_met: no two rows did which are not among `new_rows`, so only a key of theirs can be repeated.
    """
    query = format_key_query(expectation.columns, "new_rows" if was_met else None)
    try:
        ((n_rows,),) = connection.execute(query).fetchall()
    except duckdb.Error:
        return UnmetExpectation(expectation, None, could_not_run=True)
    return UnmetExpectation(expectation, int(n_rows)) if n_rows else None


def judge_count(expectation: Expectation, n_unmet: int, n_rows: int) -> UnmetExpectation | None:
    """None where so many rows of so many may be as they are: where none is unmet, or few enough are."""
    mostly = expectation.arguments.get("mostly", 1.0)
    if not n_unmet or (mostly < 1.0 and (n_rows - n_unmet) / n_rows >= mostly):
        return None
    return UnmetExpectation(expectation, None if expectation.kind in ABOUT_THE_TABLE else n_unmet)
