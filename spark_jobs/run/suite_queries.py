"""A suite's expectations as SQL over `rows`: how many rows do not meet each, all in one query.

The kinds and what they mean are Great Expectations': a value that is not there meets every expectation but
the one that it be there, and of a repeated key every row counts. A test holds each kind equal to Great
Expectations' own answer.
"""

from collections.abc import Callable, Sequence
from typing import Any

from expectations.suites.suite import Expectation

ABOUT_A_KEY = ("expect_column_values_to_be_unique", "expect_compound_columns_to_be_unique")
# Their answer is about the table, so no row is counted.
ABOUT_THE_TABLE = (
    "expect_table_row_count_to_be_between",
    "expect_column_distinct_values_to_contain_set",
)


def quote_name(name: str) -> str:
    """A column's name in SQL."""
    return '"' + name.replace('"', '""') + '"'


def quote_value(value: str | float | bool) -> str:
    """A value in SQL."""
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value).lower()


def format_null_condition(column: str, _: dict[str, Any]) -> str:
    """Rows without a value."""
    return f"{column} is null"


def format_set_condition(column: str, arguments: dict[str, Any]) -> str:
    """Rows whose value is none of the set's."""
    return f"{column} not in ({', '.join(map(quote_value, arguments['value_set']))})"


def format_range_condition(column: str, arguments: dict[str, Any]) -> str:
    """Rows whose value lies outside the range; None is open."""
    ends = ((arguments.get("min_value"), "<"), (arguments.get("max_value"), ">"))
    return " or ".join(f"{column} {sign} {quote_value(end)}" for end, sign in ends if end is not None)


def format_regex_condition(column: str, arguments: dict[str, Any]) -> str:
    """Rows whose value does not match."""
    return f"not regexp_matches({column}, {quote_value(arguments['regex'])})"


UNMET_CONDITIONS: dict[str, Callable[[str, dict[str, Any]], str]] = {
    "expect_column_values_to_not_be_null": format_null_condition,
    "expect_column_values_to_be_in_set": format_set_condition,
    "expect_column_values_to_be_between": format_range_condition,
    "expect_column_values_to_match_regex": format_regex_condition,
}


def is_about_one_row(expectation: Expectation) -> bool:
    """Whether a row meets it whatever other rows hold: then a row that met it once meets it for good."""
    return (
        expectation.kind in UNMET_CONDITIONS
        and not expectation.looks_across_rows
        and expectation.arguments.get("mostly", 1.0) == 1.0
    )


def format_count(expectation: Expectation) -> str:
    """An aggregate over `rows`: how many rows do not meet the expectation; of one about the table, 1 where it
    is not met.

    Raises:
        KeyError: a kind that has no query here.
    """
    arguments = dict(expectation.arguments)
    if expectation.kind == "expect_table_row_count_to_be_between":
        return f"cast(count(*) < {int(arguments['min_value'])} as bigint)"
    column = quote_name(arguments["column"])
    if expectation.kind == "expect_column_distinct_values_to_contain_set":
        present = " and ".join(
            f"coalesce(bool_or({column} = {quote_value(value)}), false)" for value in arguments["value_set"]
        )
        return f"cast(not ({present}) as bigint)"
    unmet = (
        f"not ({expectation.sql})"
        if expectation.sql
        else UNMET_CONDITIONS[expectation.kind](column, arguments)
    )
    return f"count(*) filter (where {unmet})"


def format_key_query(columns: Sequence[str], among: str | None = None) -> str:
    """Rows that share these columns' values with another row; a row with none of them is no row of a key.

    Args:
        among: a table of new rows: only keys that it holds can have come to be repeated.
    """
    names = ", ".join(map(quote_name, columns))
    is_there = " or ".join(f"{quote_name(name)} is not null" for name in columns)
    is_new = ""
    if among:
        match = " and ".join(
            f"rows.{quote_name(name)} is not distinct from new.{quote_name(name)}" for name in columns
        )
        is_new = f" and exists (select 1 from {among} as new where {match})"
    return (
        f"select coalesce(sum(n), 0) from (select count(*) as n from rows where ({is_there}){is_new}"
        f" group by {names} having count(*) > 1)"
    )


def format_counts_query(expectations: Sequence[Expectation], source: str) -> str:
    """One row: the number of rows, then the count of each expectation; one scan for all of them.

    A condition with a window becomes a column first, for a window stands in no aggregate.
    """
    across = {n: each for n, each in enumerate(expectations) if each.looks_across_rows}
    counts = [
        f"count(*) filter (where not met_{n})" if n in across else format_count(each)
        for n, each in enumerate(expectations)
    ]
    columns = "".join(f", ({each.sql}) as met_{n}" for n, each in across.items())
    rows = f"(select *{columns} from {source})" if across else source
    return f"select {', '.join(['count(*)', *counts])} from {rows} as asked"
