"""A rule's SQL finds whom the rule means: compared with plain Python on random rules and rows, unknown values
among them.
"""

from pathlib import Path

import duckdb
import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st

from segments.in_force import select_in_force
from segments.nightly import NightlyRules
from segments.parsing.comparisons import COMPARISONS
from segments.parsing.definitions import load_segments
from segments.parsing.flaws import SegmentError
from segments.to_sql import (
    DEFINITIONS,
    find_steps,
    format_definitions_model,
    format_members_query,
    format_predicate,
    write_models,
)
from segments.tree.measures import Constant, FieldValue
from segments.tree.rules import Between, Compare, Group, IsKnown, OneOf, Segment

NUMBERS = ("n_orders", "days_since_last_order", "recency_score")
number = st.integers(-3, 3)
fields = st.builds(FieldValue, st.sampled_from(NUMBERS))
flags = st.just(FieldValue("has_open_cart"))
conditions = st.one_of(
    st.builds(Compare, fields, st.sampled_from(sorted(COMPARISONS)), st.builds(Constant, number)),
    st.builds(lambda f, a, b: Between(f, min(a, b), max(a, b)), fields, number, number),
    st.builds(lambda f, v: OneOf(f, tuple(v)), fields, st.lists(number, min_size=1, max_size=3)),
    st.builds(IsKnown, fields | flags),
    st.builds(Compare, flags, st.sampled_from(["=", "!="]), st.builds(Constant, st.booleans())),
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
    have = row[rule.measure.name]
    if isinstance(rule, IsKnown) or have is None:
        return isinstance(rule, IsKnown) and have is not None
    if isinstance(rule, Between):
        return rule.low <= have <= rule.high
    if isinstance(rule, OneOf):
        return have in rule.values
    value = rule.other.value
    return {
        "=": lambda: have == value,
        "!=": lambda: have != value,
        "<": lambda: have < value,
        "<=": lambda: have <= value,
        ">": lambda: have > value,
        ">=": lambda: have >= value,
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
@given(conditions.filter(lambda one: one.measure.name == "days_since_last_order"), st.sampled_from([0, 0.5]))
def test_between_two_steps_no_answer_changes(condition, more):
    """A number that no day has (2.5) is reached by the first day after it."""
    if more and isinstance(condition, Compare):
        condition = Compare(condition.measure, condition.op, Constant(condition.other.value + more))
    answers = [means(condition, {condition.measure.name: days}) for days in range(8)]
    changing = {days for days in range(1, 8) if answers[days] != answers[days - 1]}
    assert changing <= find_steps(condition)


def test_every_segments_query_has_one_shape_on_every_warehouse():
    for segment in NightlyRules(tuple(load_segments(DEFINITIONS))).plain:
        for dialect in ("duckdb", "snowflake"):
            parsed = sqlglot.parse_one(format_members_query(segment, "inputs"), dialect=dialect)
            assert [column.alias_or_name for column in parsed.selects] == [
                "customer_id",
                "segment_id",
                "state_date",
            ]


def test_quotes_in_a_description_stay_text():
    segment = Segment(
        "x", "Who's", "rule", "It's; drop table x", Compare(FieldValue("n_orders"), "=", Constant(1))
    )
    model = format_definitions_model([segment], {"x"}, {"x": ["country", "is_known"]})
    assert duckdb.sql(model).fetchall() == [
        ("x", "Who's", "rule", "It's; drop table x", True, "country is_known")
    ]


def test_of_a_definition_that_is_refused_nothing_is_written(tmp_path: Path):
    (tmp_path / "bad.yml").write_text(
        "{segment_id: bad, name: '{{ this }}', kind: rule, description: Bad., members: {field: n_orders, op:"
        " '=', value: 1}}"
    )
    with pytest.raises(SegmentError, match=r"bad\.yml:1:25: name: .* contains \{\{"):
        write_models(tmp_path / "project", select_in_force(tmp_path))
    assert not list(tmp_path.rglob("*.sql"))


def test_models_are_written_once(tmp_path: Path):
    write_models(tmp_path)
    written = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.sql")}
    assert {file.stem for file in written} == {
        "int_segment_days",
        "int_staying_days",
        "int_segment_definitions",
        "int_empty_carts",
        "int_behaviour_days",
        "get_segment_moments",
        "get_segment_thresholds",
    }
    write_models(tmp_path)
    assert {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.sql")} == written


def test_what_is_not_known_is_asked_plainly():
    assert format_predicate(Group("not", (IsKnown(FieldValue("n_orders")),))) == "(n_orders is null)"


def test_a_condition_is_never_unknown():
    assert (
        format_predicate(Compare(FieldValue("n_orders"), ">=", Constant(1)))
        == "coalesce(n_orders >= 1, false)"
    )
