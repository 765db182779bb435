"""Each trait equals the reference on random histories: ties, window edges, changes of the clock, unknowns."""

from dataclasses import replace

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from segments.parsing.traits import load_traits
from segments.tree.traits import UniqueList
from spark_jobs.settings import Settings
from spark_jobs.snowflake.connection import connect_to_snowflake
from tests.segments.golden_shop import ask_golden
from tests.segments.hosts import Question
from tests.segments.rule_strategies import (
    NAMES,
    ORDERED,
    Draw,
    draw_events,
    draw_number,
    draw_selection,
    draw_total,
    pick,
)
from tests.segments.strategies import CENTRES, draw_customer, draw_now, draw_shop, find_calendar, read_time
from tests.segments.traits.trait_hosts import ask_duckdb, ask_reference, ask_snowflake, name_traits

UNHURRIED = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
N_TRAITS = 12


def draw_value(draw: Draw):
    """A value over the whole grammar of traits."""
    match pick(draw, ("total", "total", "number", "selection", "selection", "list", "list")):
        case "total":
            return draw_total(draw)
        case "number":
            return draw_number(draw, is_of_value=True)
        case "selection":
            return draw_selection(draw, pick(draw, (*NAMES, *ORDERED)))
    return UniqueList(pick(draw, tuple(NAMES)), draw_events(draw), pick(draw, (1, 2, 3, 100)))


@st.composite
def questions(draw: Draw, n_customers: int = 6):
    zone, day = pick(draw, CENTRES)
    calendar, centre = find_calendar(zone), read_time(day)
    customers = tuple(
        replace(draw_customer(draw, centre), customer_id=f"c{number}") for number in range(n_customers)
    )
    moments = {draw_now(draw, customer, calendar, centre) for customer in customers[:3]}
    traits = name_traits(draw_value(draw) for _ in range(N_TRAITS))
    return traits, Question((), customers, tuple(sorted(moments)), draw_shop(draw, calendar))


@settings(max_examples=25, suppress_health_check=UNHURRIED)
@given(questions())
def test_random_traits_on_duckdb(question):
    assert ask_duckdb(*question) == ask_reference(*question)


def test_shipped_traits_on_duckdb():
    traits, question = load_traits(), ask_golden()
    expected = ask_reference(traits, question)
    assert ask_duckdb(traits, question) == expected
    for number, trait in enumerate(traits):
        assert len({repr(row[number]) for row in expected.values()}) > 1, f"{trait.trait} says nothing here"


def test_traits_on_snowflake(snowflake, tmp_path):
    settings_here = Settings.from_environment({"CONCIERGE_HOME": str(tmp_path), **snowflake("TRAITS")})
    with connect_to_snowflake(settings_here) as session:

        @settings(max_examples=2, phases=[Phase.generate], suppress_health_check=UNHURRIED)
        @given(questions())
        def agree(question):
            assert ask_snowflake(session, *question) == ask_reference(*question)

        agree()
        traits, golden = load_traits(), ask_golden(n_customers=12)
        assert ask_snowflake(session, traits, golden) == ask_reference(traits, golden)


def test_a_missing_event_changes_a_trait():
    """The comparison's own control: without the last event of each customer, the two differ."""
    traits, question = load_traits(), ask_golden()
    shorter = tuple(replace(each, history=each.history[1:]) for each in question.customers)
    assert ask_duckdb(traits, replace(question, customers=shorter)) != ask_reference(traits, question)
