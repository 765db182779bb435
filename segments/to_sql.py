"""Segments as SQL: one query of one shape for each, the two generated dbt models that hold them, and a macro
that lists the numbers at which a rule's answer changes with time.

The SQL is plain enough for every warehouse that dbt builds on.
"""

import json
import math
import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from segments.behaviour_models import (
    format_behaviour_model,
    format_empty_carts_model,
    format_moments_macros,
    format_staying_model,
)
from segments.in_force import SegmentsInForce, select_in_force
from segments.nightly import is_changed_by_time, is_plain
from segments.tree.learned import LearnedSegment
from segments.tree.measures import FieldValue
from segments.tree.rules import Between, Compare, Group, IsKnown, OneOf, Rule, Segment
from segments.tree.walking import walk

DEFINITIONS = Path(__file__).resolve().parent / "definitions"
GENERATED = Path("models/intermediate/segments/generated")
GENERATED_MACROS = Path("macros/generated")
Condition = Compare | Between | OneOf | IsKnown  # of a field, with values: what the night evaluates
MAX_STEP = 10**6  # days, or percent: more than a shop's calendar holds
MACRO_HEADER = "{#- Generated from segments/definitions by segments/to_sql.py; not committed. -#}\n"
HEADER = "-- Generated from segments/definitions by segments/to_sql.py; not committed.\n\n"


def format_predicate(rule: Rule) -> str:
    """A rule of the night's fields as a condition that is never null."""
    if not isinstance(rule, Group):
        return format_condition(rule)
    if rule.operator == "not" and isinstance(rule.rules[0], IsKnown):
        return f"({rule.rules[0].measure.name} is null)"
    inside = [format_predicate(each) for each in rule.rules]
    if rule.operator == "not":
        return f"not {inside[0]}"
    return "(" + (" and " if rule.operator == "all" else " or ").join(inside) + ")"


def format_condition(condition: Condition) -> str:
    """One condition; false where the field is not known."""
    field = condition.measure.name
    if isinstance(condition, IsKnown):
        return f"({field} is not null)"
    if isinstance(condition, Between):
        test = f"{field} between {format_literal(condition.low)} and {format_literal(condition.high)}"
    elif isinstance(condition, OneOf):
        test = f"{field} in ({', '.join(map(format_literal, condition.values))})"
    else:
        op = "<>" if condition.op == "!=" else condition.op
        test = f"{field} {op} {format_literal(condition.other.value)}"
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


def format_members_model(segments: Sequence[Segment]) -> str:
    """The dbt model `int_segment_days`: all segments' queries, one after the other, and who is in those
    of behaviour.
    """
    behaviour = (
        "select\n    customer_id,\n    segment_id,\n    state_date\nfrom {{ ref('int_behaviour_days') }}"
    )
    queries = "\n\nunion all\n\n".join(
        [*(format_members_query(segment, "inputs") for segment in segments), behaviour]
    )
    return (
        f"{HEADER}{{{{ config(materialized='view') }}}}\n\nwith\n\n"
        f"inputs as (\n    select * from {{{{ ref('int_segment_inputs') }}}}\n)\n\n{queries}\n"
    )


def format_definitions_model(
    segments: Sequence[Segment | LearnedSegment],
    ranked: Collection[str] = (),
    profile_fields: Mapping[str, Sequence[str]] | None = None,
) -> str:
    """The dbt model `int_segment_definitions`: what each segment is called and means.

    Args:
        ranked: the segments whose rules compare customers with each other.
        profile_fields: of profile and predictions, those that each segment's rule asks.
    """
    asked = {name: " ".join(fields) for name, fields in (profile_fields or {}).items()}
    rows = "\n\nunion all\n\n".join(
        "select\n"
        + ",\n".join(
            f"    {format_literal(getattr(segment, column))} as {column}"
            for column in ("segment_id", "name", "kind", "description")
        )
        + f",\n    {format_literal(segment.segment_id in ranked)} as is_ranked"
        + f",\n    {format_literal(asked.get(segment.segment_id, ''))} as profile_fields"
        for segment in segments
    )
    return f"{HEADER}{rows}\n"


def find_thresholds(segments: list[Segment]) -> dict[str, list[int]]:
    """Of each field that changes while nothing happens, the whole numbers at which a condition on it changes
    its answer.
    """
    thresholds: dict[str, set[int]] = {}
    for segment in segments:
        for condition in list_conditions(segment.members):
            field = condition.measure.name
            if is_changed_by_time(field):
                thresholds.setdefault(field, set()).update(find_steps(condition))
    if any(map(asks_of_percentile, segments)):
        thresholds["spend_percentile"] = set(range(1, 100))
    return {field: sorted(steps) for field, steps in sorted(thresholds.items())}


def asks_of_percentile(segment: Segment) -> bool:
    """Whether a rule compares spend_percentile, which is known up to a number that a rule asks for, with
    something else than values.
    """
    nodes = list(walk(segment.members))
    compared = {id(each.measure) for each in list_conditions(segment.members)}
    return any(node == FieldValue("spend_percentile") and id(node) not in compared for node in nodes)


def list_conditions(rule: Rule) -> list[Condition]:
    """The conditions on fields in a rule, wherever they stand."""
    return [
        node
        for node in walk(rule)
        if isinstance(node, Condition) and isinstance(node.measure, FieldValue) and is_plain(node)
    ]


def find_steps(condition: Condition) -> set[int]:
    """The whole numbers, of those a field reaches, whose answer differs from that of the number before."""
    if isinstance(condition, IsKnown):
        return set()
    if isinstance(condition, Between):
        steps = {math.ceil(condition.low), math.floor(condition.high) + 1}
    elif isinstance(condition, Compare) and condition.op in (">=", "<"):
        steps = {math.ceil(condition.other.value)}
    elif isinstance(condition, Compare) and condition.op in ("<=", ">"):
        steps = {math.floor(condition.other.value) + 1}
    else:
        values = condition.values if isinstance(condition, OneOf) else (condition.other.value,)
        steps = {step for each in values for step in (math.ceil(each), math.floor(each) + 1)}
    most = 100 if condition.measure.name == "spend_percentile" else MAX_STEP
    return {step for step in steps if 0 < step < most}


def format_thresholds_macro(segments: list[Segment]) -> str:
    """The dbt macro `get_segment_thresholds`: of a field, the numbers that rules ask of it."""
    return (
        f"{MACRO_HEADER}{{% macro get_segment_thresholds(field) %}}\n"
        f"    {{{{ return({json.dumps(find_thresholds(segments))}.get(field, [])) }}}}\n"
        "{% endmacro %}\n"
    )


def write_models(project: Path, in_force: SegmentsInForce | None = None) -> None:
    """Write what is generated into a dbt project.

    Args:
        in_force: None: what is shipped.
    """
    in_force = in_force or select_in_force(DEFINITIONS)
    segments, rules = [*in_force.segments], in_force.rules
    for file, text in (
        (GENERATED / "int_segment_days.sql", format_members_model(rules.plain)),
        (
            GENERATED / "int_segment_definitions.sql",
            format_definitions_model([*segments, *in_force.learned], rules.ranked, rules.fields_of_profile),
        ),
        (GENERATED / "int_empty_carts.sql", format_empty_carts_model(HEADER)),
        (GENERATED / "int_behaviour_days.sql", format_behaviour_model(HEADER, rules)),
        (GENERATED / "int_staying_days.sql", format_staying_model(HEADER, rules)),
        (GENERATED_MACROS / "get_segment_moments.sql", format_moments_macros(MACRO_HEADER, rules)),
        (GENERATED_MACROS / "get_segment_thresholds.sql", format_thresholds_macro(segments)),
    ):
        (project / file).parent.mkdir(parents=True, exist_ok=True)
        write_if_changed(project / file, text)


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
