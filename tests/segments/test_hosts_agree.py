"""SQL on DuckDB and on Snowflake, and the evaluator, have the members that the reference has, over the forty
definitions and random ones: every customer, every definition, several moments in one query.
"""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segments.sql.empty_carts import derive_empty_carts
from segments.sql.members import build_members_query
from spark_jobs.settings import Settings
from spark_jobs.snowflake.connection import connect_to_snowflake
from tests.segments.golden_shop import ask_golden
from tests.segments.hosts import (
    Question,
    ask_duckdb,
    ask_duckdb_by_customer,
    ask_evaluator,
    ask_reference,
    ask_snowflake,
    load_snowflake,
    name_rules,
)
from tests.segments.rule_strategies import Draw, draw_rule, pick
from tests.segments.strategies import CENTRES, draw_customer, draw_now, draw_shop, find_calendar, read_time

N_RULES = 20
UNHURRIED = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]


@st.composite
def questions(draw: Draw, n_rules: int = N_RULES, n_customers: int = 8) -> Question:
    """Random rules asked of random customers at moments that matter to the first of them."""
    zone, day = pick(draw, CENTRES)
    calendar, centre = find_calendar(zone), read_time(day)
    shop = draw_shop(draw, calendar)
    rules = {f"rule_{number}": draw_rule(draw) for number in range(n_rules)} | dict(shop.definitions)
    customers = tuple(
        replace(draw_customer(draw, centre), customer_id=f"c{number}") for number in range(n_customers)
    )
    moments = {draw_now(draw, customer, calendar, centre) for customer in customers[:3]}
    return Question(name_rules(rules), customers, tuple(sorted(moments)), shop)


@settings(max_examples=20, suppress_health_check=UNHURRIED)
@given(questions())
def test_random_definitions_on_duckdb_and_by_the_evaluator(question):
    members = ask_reference(question)
    assert ask_duckdb(question) == members
    assert ask_evaluator(question) == members


def test_golden_definitions_on_duckdb_and_by_the_evaluator():
    question = ask_golden()
    members = ask_reference(question)
    assert ask_duckdb(question) == members
    assert ask_evaluator(question) == members
    n_decisions = len(question.customers) * len(question.moments)
    for segment in question.definitions:
        n_members = sum(segment_id == segment.segment_id for _, segment_id, _ in members)
        assert 0 < n_members < n_decisions, f"{segment.segment_id} decides nothing here"


@pytest.fixture(scope="module")
def session(snowflake, tmp_path_factory):
    home = str(tmp_path_factory.mktemp("home"))
    settings = Settings.from_environment({"CONCIERGE_HOME": home, **snowflake("SEGMENTS")})
    with connect_to_snowflake(settings) as session:
        yield session


def test_golden_definitions_on_snowflake(session):
    question = ask_golden(n_customers=40)
    assert ask_snowflake(session, question) == ask_reference(question)


def test_random_definitions_on_snowflake(session):
    @settings(max_examples=2, suppress_health_check=UNHURRIED)
    @given(questions())
    def agree(question):
        assert ask_snowflake(session, question) == ask_reference(question)

    agree()


def test_empty_carts_on_snowflake(session):
    question = ask_golden(n_customers=40)
    load_snowflake(session, question, question.query)
    expected = session.run("select * from events")
    session.run("delete from events where event_type = 'empty_cart'")
    derived = session.run(derive_empty_carts("events", "snowflake"))
    assert Counter(derived) == Counter(expected)
    assert any("empty_cart" in row for row in derived)


def test_one_moment_answers_as_many_do():
    question = ask_golden(n_customers=60)
    alone = [ask_duckdb(replace(question, moments=(now,))) for now in question.moments]
    assert set.union(*alone) == ask_duckdb(question)
    assert all(alone)


def test_customers_are_asked_at_moments_of_their_own():
    question = ask_golden(n_customers=60)
    assert ask_duckdb_by_customer(question) == ask_reference(question)


def test_a_changed_event_changes_members():
    """The comparison's own control: with the last event of each customer left out, hosts differ."""
    question = ask_golden(n_customers=60)
    shorter = tuple(replace(each, history=each.history[1:]) for each in question.customers)
    assert ask_duckdb(replace(question, customers=shorter)) != ask_reference(question)


def test_text_is_the_same_every_night():
    question = ask_golden()
    assert build_members_query(question.definitions, question.fields).format() == question.query.format()
