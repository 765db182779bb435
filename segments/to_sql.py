"""Segments as SQL: one query of one shape for each, and the two generated dbt models that hold them.

The SQL is plain enough for every warehouse that dbt builds on.
"""

from pathlib import Path

from segments.language import COMPARISONS, Condition, Rule, Segment, load

DEFINITIONS = Path(__file__).resolve().parent / "definitions"
GENERATED = Path("models/intermediate/segments/generated")
HEADER = "-- Generated from segments/definitions by segments/to_sql.py; not committed.\n\n"


def predicate(rule: Rule) -> str:
    """A rule as a condition that is never null."""
    if isinstance(rule, Condition):
        return compared(rule)
    inside = [predicate(one) for one in rule.rules]
    if rule.how == "not":
        return f"not {inside[0]}"
    return "(" + (" and " if rule.how == "all" else " or ").join(inside) + ")"


def compared(condition: Condition) -> str:
    """One condition; false where the field is not known."""
    field, value = condition.field, condition.value
    if condition.op == "is_known":
        return f"({field} is {'not ' if value else ''}null)"
    if condition.op == "between":
        test = f"{field} between {literal(value[0])} and {literal(value[1])}"
    elif condition.op == "in":
        test = f"{field} in ({', '.join(map(literal, value))})"
    else:
        test = f"{field} {COMPARISONS[condition.op]} {literal(value)}"
    return f"coalesce({test}, false)"


def literal(value: bool | int | float | str) -> str:
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value).lower() if isinstance(value, bool) else repr(value)


def members_query(segment: Segment, inputs: str) -> str:
    """Who is in the segment on which day: `customer_id, segment_id, state_date`. The one shape all segments
    have.
    """
    return (
        f"select\n    customer_id,\n    {literal(segment.segment_id)} as segment_id,\n    state_date\n"
        f"from {inputs}\nwhere {predicate(segment.members)}"
    )


def members_model(segments: list[Segment]) -> str:
    """The dbt model `int_segment_days`: all segments' queries, one after the other."""
    queries = "\n\nunion all\n\n".join(members_query(segment, "inputs") for segment in segments)
    return (
        f"{HEADER}{{{{ config(materialized='view') }}}}\n\nwith\n\n"
        f"inputs as (\n    select * from {{{{ ref('int_segment_inputs') }}}}\n)\n\n{queries}\n"
    )


def definitions_model(segments: list[Segment]) -> str:
    """The dbt model `int_segment_definitions`: what each segment is called and means."""
    rows = "\n\nunion all\n\n".join(
        "select\n"
        + ",\n".join(
            f"    {literal(getattr(segment, column))} as {column}"
            for column in ("segment_id", "name", "kind", "description")
        )
        for segment in segments
    )
    return f"{HEADER}{rows}\n"


def write_models(project: Path, definitions: Path = DEFINITIONS) -> None:
    """Write the generated models into a dbt project."""
    segments = load(definitions)
    folder = project / GENERATED
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (
        ("int_segment_days", members_model(segments)),
        ("int_segment_definitions", definitions_model(segments)),
    ):
        write(folder / f"{name}.sql", text)


def write(file: Path, text: str) -> None:
    """Write a generated page; one that is right already is left alone, so that dbt does not parse
    it again.
    """
    if not file.exists() or file.read_text() != text:
        aside = file.with_suffix(".part")
        aside.write_text(text)
        aside.replace(file)


if __name__ == "__main__":
    write_models(DEFINITIONS.parent.parent / "dbt_project")
