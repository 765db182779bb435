"""Segments as SQL: one query of one shape for each, and the two generated dbt models that hold them.

The SQL is plain enough for every warehouse that dbt builds on.
"""

import os
from pathlib import Path

from segments.language import COMPARISONS, Condition, Rule, Segment, load_segments

DEFINITIONS = Path(__file__).resolve().parent / "definitions"
GENERATED = Path("models/intermediate/segments/generated")
HEADER = "-- Generated from segments/definitions by segments/to_sql.py; not committed.\n\n"


def format_predicate(rule: Rule) -> str:
    """A rule as a condition that is never null."""
    if isinstance(rule, Condition):
        return format_condition(rule)
    inside = [format_predicate(each) for each in rule.rules]
    if rule.operator == "not":
        return f"not {inside[0]}"
    return "(" + (" and " if rule.operator == "all" else " or ").join(inside) + ")"


def format_condition(condition: Condition) -> str:
    """One condition; false where the field is not known."""
    field, value = condition.field, condition.value
    if condition.op == "is_known":
        return f"({field} is {'not ' if value else ''}null)"
    if condition.op == "between":
        test = f"{field} between {format_literal(value[0])} and {format_literal(value[1])}"
    elif condition.op == "in":
        test = f"{field} in ({', '.join(map(format_literal, value))})"
    else:
        test = f"{field} {COMPARISONS[condition.op]} {format_literal(value)}"
    return f"coalesce({test}, false)"


def format_literal(value: bool | int | float | str) -> str:
    """A value as an SQL literal."""
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value).lower() if isinstance(value, bool) else repr(value)


def format_members_query(segment: Segment, inputs: str) -> str:
    """Who is in the segment on which day: `customer_id, segment_id, state_date`. The one shape all segments
    have.
    """
    return (
        f"select\n    customer_id,\n    {format_literal(segment.segment_id)} as segment_id,\n    state_date\n"
        f"from {inputs}\nwhere {format_predicate(segment.members)}"
    )


def format_members_model(segments: list[Segment]) -> str:
    """The dbt model `int_segment_days`: all segments' queries, one after the other."""
    queries = "\n\nunion all\n\n".join(format_members_query(segment, "inputs") for segment in segments)
    return (
        f"{HEADER}{{{{ config(materialized='view') }}}}\n\nwith\n\n"
        f"inputs as (\n    select * from {{{{ ref('int_segment_inputs') }}}}\n)\n\n{queries}\n"
    )


def format_definitions_model(segments: list[Segment]) -> str:
    """The dbt model `int_segment_definitions`: what each segment is called and means."""
    rows = "\n\nunion all\n\n".join(
        "select\n"
        + ",\n".join(
            f"    {format_literal(getattr(segment, column))} as {column}"
            for column in ("segment_id", "name", "kind", "description")
        )
        for segment in segments
    )
    return f"{HEADER}{rows}\n"


def write_models(project: Path, definitions: Path = DEFINITIONS) -> None:
    """Write the generated models into a dbt project."""
    segments = load_segments(definitions)
    folder = project / GENERATED
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (
        ("int_segment_days", format_members_model(segments)),
        ("int_segment_definitions", format_definitions_model(segments)),
    ):
        write_if_changed(folder / f"{name}.sql", text)


def write_if_changed(file: Path, text: str) -> None:
    """Write a generated page; one that is right already is left alone, so that dbt does not parse
    it again.
    """
    if not file.exists() or file.read_text() != text:
        part = file.with_suffix(f".{os.getpid()}.part")  # two builds may begin at once
        part.write_text(text)
        part.replace(file)


if __name__ == "__main__":
    write_models(DEFINITIONS.parent.parent / "dbt_project")
