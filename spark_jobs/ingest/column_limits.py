"""Makes reasons to refuse a record from the ranges and lengths that a contract allows its columns."""

from collections.abc import Collection

from pyspark.sql import Column
from pyspark.sql import functions as F

from expectations.contracts.tables import MAX_CHARACTERS, MAX_ENTRIES, Table

RefusalRule = tuple[str, str, Column]


def make_limit_rules(table: Table, columns: Collection[str]) -> tuple[RefusalRule, ...]:
    """Rules for `add_refusal_reasons`: numbers out of range, texts, lists and maps that are too long.

    Args:
        table: what the records become rows of.
        columns: of the typed frame; the table's other columns are added later, and checked where they are.
    """
    rules: list[RefusalRule] = []
    for name, kind in table.columns.items():
        if name not in columns:
            continue
        if name in table.ranges:
            rules.append(("bad_number", name, is_outside(table, name, F.col(name))))
        if kind == "string" or kind.startswith(("array<", "map<")):
            rules.append(("too_large", name, is_too_large(table, name, F.col(name))))
    return tuple(rules)


def is_outside(table: Table, name: str, value: Column) -> Column:
    """Whether a number lies outside the column's range."""
    least, greatest = table.ranges[name]
    return (value < least) | (value > greatest)


def is_too_large(table: Table, name: str, value: Column) -> Column:
    """Whether a text, list or map is longer than the column allows, or has a text longer than any may be."""
    kind, long_text = table.columns[name], lambda text: F.char_length(text) > MAX_CHARACTERS
    if kind == "string":
        return F.char_length(value) > table.lengths.get(name, MAX_CHARACTERS)
    is_long = F.size(value) > table.lengths.get(name, MAX_ENTRIES)
    if kind == "array<string>":
        return is_long | F.exists(value, long_text)
    if kind == "map<string,string>":
        return is_long | F.exists(F.map_keys(value), long_text) | F.exists(F.map_values(value), long_text)
    return is_long
