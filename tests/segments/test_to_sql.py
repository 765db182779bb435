"""A rule's SQL finds whom the rule means: compared with plain Python on random rules and rows, unknown values
among them.
"""

from pathlib import Path

import duckdb
import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st

from segments.language import COMPARISONS, Condition, Group, Segment, SegmentError, load_segments
from segments.to_sql import (
    DEFINITIONS,
    find_steps,
    format_definitions_model,
    format_members_query,
    format_predicate,
    write_models,
)

NUMBERS = ("n_orders", "days_since_last_order", "recency_score")
number = st.integers(-3, 3)
conditions = st.one_of(
    st.builds(Condition, st.sampled_from(NUMBERS), st.sampled_from(sorted(COMPARISONS)), number),
    st.builds(
        lambda f, a, b: Condition(f, "between", (min(a, b), max(a, b))),
        st.sampled_from(NUMBERS),
        number,
        number,
    ),
    st.builds(
        lambda f, v: Condition(f, "in", tuple(v)),
        st.sampled_from(NUMBERS),
        st.lists(number, min_size=1, max_size=3),
    ),
    st.builds(Condition, st.sampled_from([*NUMBERS, "has_open_cart"]), st.just("is_known"), st.booleans()),
    st.builds(Condition, st.just("has_open_cart"), st.sampled_from(["=", "!="]), st.booleans()),
)
rules = st.recursive(
    conditions,
    lambda inner: st.one_of(
        st.builds(
            lambda how, some: Group(how, tuple(some)),
            st.sampled_from(["all", "any"]),
            st.lists(inner, min_size=1, max_size=3),
        ),
        st.builds(Group, st.just("not"), st.tuples(inner)),
    ),
    max_leaves=6,
)
rows = st.lists(
    st.fixed_dictionaries(
        {**{name: st.none() | number for name in NUMBERS}, "has_open_cart": st.none() | st.booleans()}
    ),
    min_size=1,
    max_size=12,
)


def means(rule, row: dict) -> bool:
    if isinstance(rule, Group):
        inside = [means(one, row) for one in rule.rules]
        return {"all": all(inside), "any": any(inside), "not": not inside[0]}[rule.operator]
    have, value = row[rule.field], rule.value
    if rule.op == "is_known":
        return (have is not None) == value
    if have is None:
        return False
    return {
        "=": lambda: have == value,
        "!=": lambda: have != value,
        "<": lambda: have < value,
        "<=": lambda: have <= value,
        ">": lambda: have > value,
        ">=": lambda: have >= value,
        "in": lambda: have in value,
        "between": lambda: value[0] <= have <= value[1],
    }[rule.op]()


CONNECTION = duckdb.connect()


@settings(max_examples=150, deadline=None)
@given(rules, rows)
def test_sql_finds_whom_the_rule_means(rule, given_rows):
    CONNECTION.execute(
        "create or replace table inputs (customer_id int, state_date date, n_orders int,"
        " days_since_last_order int, recency_score int, has_open_cart boolean)"
    )
    values = [
        [n, "2026-01-31", *(row[name] for name in (*NUMBERS, "has_open_cart"))]
        for n, row in enumerate(given_rows)
    ]
    CONNECTION.executemany("insert into inputs values (?, ?, ?, ?, ?, ?)", values)
    query = format_members_query(Segment("some", "Some", "rule", "Some.", rule), "inputs")
    found = {row[0] for row in CONNECTION.execute(query).fetchall()}
    assert found == {n for n, row in enumerate(given_rows) if means(rule, row)}


@settings(max_examples=150, deadline=None)
@given(conditions.filter(lambda one: one.field == "days_since_last_order"), st.sampled_from([0, 0.5]))
def test_between_two_steps_no_answer_changes(condition, more):
    """A number that no day has (2.5) is reached by the first day after it."""
    if more and condition.op in COMPARISONS:
        condition = Condition(condition.field, condition.op, condition.value + more)
    answers = [means(condition, {condition.field: days}) for days in range(8)]
    changing = {days for days in range(1, 8) if answers[days] != answers[days - 1]}
    assert changing <= find_steps(condition)


def test_every_segments_query_has_one_shape_on_every_warehouse():
    for segment in load_segments(DEFINITIONS):
        for dialect in ("duckdb", "snowflake"):
            parsed = sqlglot.parse_one(format_members_query(segment, "inputs"), dialect=dialect)
            assert [column.alias_or_name for column in parsed.selects] == [
                "customer_id",
                "segment_id",
                "state_date",
            ]


def test_quotes_in_a_description_stay_text():
    segment = Segment("x", "Who's", "rule", "It's; drop table x", Condition("n_orders", "=", 1))
    assert duckdb.sql(format_definitions_model([segment])).fetchall() == [
        ("x", "Who's", "rule", "It's; drop table x")
    ]


def test_of_a_definition_that_is_refused_nothing_is_written(tmp_path: Path):
    (tmp_path / "bad.yml").write_text(
        "{segment_id: bad, name: '{{ this }}', kind: rule, description: Bad., members: {field: n_orders, op:"
        " '=', value: 1}}"
    )
    with pytest.raises(SegmentError, match=r"bad\.yml: name: .* contains \{\{"):
        write_models(tmp_path / "project", tmp_path)
    assert not list(tmp_path.rglob("*.sql"))


def test_models_are_written_once(tmp_path: Path):
    write_models(tmp_path)
    written = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.sql")}
    assert {file.stem for file in written} == {
        "int_segment_days",
        "int_segment_definitions",
        "get_segment_thresholds",
    }
    write_models(tmp_path)
    assert {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.sql")} == written


def test_a_condition_is_never_unknown():
    assert format_predicate(Condition("n_orders", ">=", 1)) == "coalesce(n_orders >= 1, false)"
