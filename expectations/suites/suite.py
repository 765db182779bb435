"""What a suite is: plain data in Great Expectations' words. `spark_jobs.run.suite_queries` makes one query
of it; nothing here imports either.

An expectation is `fail` (the night stops before anyone can read the table) or `warn` (it is printed and
recorded), and says in a sentence why anyone should care.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from expectations.contracts.tables import ContractError, Table

FAIL, WARN = "fail", "warn"
IDENTIFIER_ID = "^i_[0-9a-f]{32}$"
CUSTOMER_ID = "^c_[0-9a-f]{24}$"
CURRENCY = "^[A-Z]{3}$"


@dataclass(frozen=True)
class Expectation:
    """One expectation.

    Attributes:
        kind: Great Expectations' name of it.
        arguments: its arguments, but for `result_format`.
        reason: why it matters, a sentence; shown when it is not met.
        severity: `fail` or `warn`.
        sql: for an expectation about whole rows, the DuckDB SQL condition each must meet; one that is null is
            met.
        looks_across_rows: its condition looks at other rows than the one it is about.
    """

    kind: str
    arguments: Mapping[str, Any]
    reason: str
    severity: str = FAIL
    sql: str = ""
    looks_across_rows: bool = False

    @property
    def name(self) -> str:
        """How it is called in messages: its columns and what is said of them; never a value of the table."""
        about = self.arguments.get("column") or ", ".join(self.arguments.get("column_list", ())) or "table"
        return str(about) if self.sql else f"{about}: {self.kind.removeprefix('expect_')}"

    @property
    def columns(self) -> tuple[str, ...]:
        """The table's columns it names; those of `sql` are the engine's to find."""
        if self.sql:
            return ()
        return tuple(self.arguments.get("column_list", ())) or (
            (self.arguments["column"],) if "column" in self.arguments else ()
        )


@dataclass(frozen=True)
class Suite:
    """The expectations of one table: what its contract promises, then what only a suite can say."""

    table: Table
    own: tuple[Expectation, ...] = field(default=())

    def __post_init__(self) -> None:
        for each in self.own:
            unknown = [name for name in each.columns if name not in self.table.columns]
            if unknown or each.severity not in (FAIL, WARN) or not each.reason.endswith((".", "?")):
                raise ContractError(
                    f"suite of {self.table.name}: {each.name}: unknown columns {unknown}, or no severity or"
                    " reason"
                )
            if each.looks_across_rows != (" over (" in each.sql):
                raise ContractError(
                    f"suite of {self.table.name}: {each.name}: a condition looks across rows by a window"
                )
        # Answers are told apart by their names: of two the later would stand for both.
        names = [each.name for each in self.expectations]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise ContractError(f"suite of {self.table.name}: {repeated} stand there twice")

    @property
    def expectations(self) -> tuple[Expectation, ...]:
        return expect_contract(self.table) + self.own


def expect_contract(table: Table) -> tuple[Expectation, ...]:
    """What the contract promises: columns that never hold null, and a key that no two rows share."""
    expectations = tuple(
        expect_not_null(name, f"{table.name} promises a value in {name}.") for name in table.required
    )
    return expectations + ((expect_unique(table.key, f"{table.grain}"),) if table.key else ())


def expect_not_null(column: str, reason: str, severity: str = FAIL, mostly: float = 1.0) -> Expectation:
    """Every row, or this share of them, has a value."""
    return Expectation(
        "expect_column_values_to_not_be_null", {"column": column, "mostly": mostly}, reason, severity
    )


def expect_unique(columns: tuple[str, ...], reason: str, severity: str = FAIL) -> Expectation:
    """No two rows share these columns' values."""
    if len(columns) == 1:
        return Expectation("expect_column_values_to_be_unique", {"column": columns[0]}, reason, severity)
    return Expectation(
        "expect_compound_columns_to_be_unique", {"column_list": list(columns)}, reason, severity
    )


def expect_one_of(column: str, values: tuple, reason: str, severity: str = FAIL) -> Expectation:
    """A value that is there is one of these."""
    return Expectation(
        "expect_column_values_to_be_in_set", {"column": column, "value_set": list(values)}, reason, severity
    )


def expect_between(
    column: str, low: float | None, high: float | None, reason: str, severity: str = FAIL
) -> Expectation:
    """A value that is there lies between the two, ends included; None is open."""
    arguments = {"column": column, "min_value": low, "max_value": high}
    return Expectation("expect_column_values_to_be_between", arguments, reason, severity)


def expect_match(column: str, regex: str, reason: str, severity: str = FAIL) -> Expectation:
    """A value that is there matches."""
    return Expectation(
        "expect_column_values_to_match_regex", {"column": column, "regex": regex}, reason, severity
    )


def expect_values_present(column: str, values: tuple, reason: str, severity: str = FAIL) -> Expectation:
    """Each of these values stands in some row."""
    arguments = {"column": column, "value_set": list(values)}
    return Expectation("expect_column_distinct_values_to_contain_set", arguments, reason, severity)


def expect_not_empty(reason: str, severity: str = FAIL) -> Expectation:
    """The table has a row."""
    return Expectation("expect_table_row_count_to_be_between", {"min_value": 1}, reason, severity)


def expect_each_row(
    name: str, sql: str, reason: str, severity: str = FAIL, looks_across_rows: bool = False
) -> Expectation:
    """Every row meets a condition over several columns, or over the inside of one; with a window, over other
    rows.
    """
    arguments = {"column": name, "value_set": [True]}
    return Expectation(
        "expect_column_values_to_be_in_set", arguments, reason, severity, sql, looks_across_rows
    )


def expect_shop_day(event: str, reason: str) -> Expectation:
    """`<event>_date` is the shop's day of `<event>_at`: in no time zone more than a day from the UTC one."""
    days_apart = f"abs({event}_date - cast({event}_at as date))"
    return expect_each_row("day_is_of_its_time", f"{days_apart} <= 1", reason)


def expect_identifier_ids(*columns: str) -> tuple[Expectation, ...]:
    """These columns hold ids of identifiers and nothing else."""
    reason = "Only an id may stand here: an e-mail or a phone would be a personal value out of its place."
    return tuple(expect_match(column, IDENTIFIER_ID, reason) for column in columns)


def expect_customer_ids(column: str = "customer_id") -> Expectation:
    """This column holds customer ids and nothing else."""
    return expect_match(
        column, CUSTOMER_ID, "Only Concierge's own id may stand here: a source's id would join to nothing."
    )
