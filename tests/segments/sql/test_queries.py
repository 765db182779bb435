"""What a query of members must withstand: hostile texts, numbers at their ends, Jinja, and trees that no
parser lets through.
"""

import duckdb
import jinja2
import pytest
import sqlglot

from segments.calendar import DAY, ShopCalendar
from segments.events import Event
from segments.parsing.definitions import parse_definition
from segments.parsing.flaws import SegmentError
from segments.sql.emptiness import holds_of_nothing
from segments.sql.literals import SegmentQueryError, quote_text
from segments.sql.members import build_members_query
from segments.sql.moments import make_timestamp
from segments.sql.transpile import transpile
from segments.tree.events import Duration, EventSet, Filter
from segments.tree.measures import Aggregate, Arithmetic, Constant, Count, FieldValue
from segments.tree.rules import (
    AnyValue,
    Compare,
    Group,
    InSegment,
    IsKnown,
    RandomShare,
    Segment,
    Sequence,
    Step,
)
from tests.segments.hosts import Question, ask_duckdb, ask_reference, load_duckdb, name_rules
from tests.segments.oracle import Customer, Shop
from tests.segments.strategies import read_time

NOW = read_time("2024-05-10T12:00")
SHOP = Shop(ShopCalendar("Europe/Berlin"))
VIEW = EventSet(("view",))
HOSTILE = (
    "it's",
    "'; drop table events; --",
    "\\' or true --",
    "{{ 7 * 7 }} {% raw %} {# #}",
    "{{{ {{",
    "nul\0byte",
    "line\nbreak",
    "ünï 🏕",
    "%s ? $1 :name",
)


def ask(rules: dict, *customers: Customer) -> set[tuple[str, str]]:
    """Who is in which rule at one moment; the reference agrees."""
    question = Question(name_rules(rules), customers, (NOW,), SHOP)
    members = ask_duckdb(question)
    assert members == ask_reference(question)
    return {(customer_id, rule) for customer_id, rule, _ in members}


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_a_value_of_every_dialect_and_of_dbt(text):
    literal = quote_text(text)
    assert duckdb.sql(f"select {literal}").fetchall() == [(text,)]
    snowflake = transpile(f"select {literal} as x", "snowflake")
    assert duckdb.sql(sqlglot.transpile(snowflake, "snowflake", "duckdb")[0]).fetchall() == [(text,)]
    for page in (literal, snowflake):
        assert jinja2.Template(page, keep_trailing_newline=True).render() == page


def test_hostile_text_matches_itself_alone():
    customers = [
        Customer(f"c{n}", (Event(NOW - DAY, f"e{n}", "view", item_id=text, brand="x"),))
        for n, text in enumerate(HOSTILE)
    ]
    rules = {
        f"rule_{n}": Compare(Count(EventSet(("view",), (Filter("item_id", "=", (text,)),))), "=", Constant(1))
        for n, text in enumerate(HOSTILE)
    }
    assert ask(rules, *customers) == {(f"c{n}", f"rule_{n}") for n in range(len(HOSTILE))}


def test_half_a_character_is_refused():
    with pytest.raises(SegmentQueryError, match="half a character"):
        quote_text("\ud800")


@pytest.mark.parametrize(
    ("left", "operator", "right", "is_known"),
    [
        pytest.param(10.0**17, "*", 10.0**17, True, id="large"),
        pytest.param(1e308, "*", 1e308, False, id="beyond 64 bits"),
        pytest.param(1e308, "/", 1e-308, False, id="a quotient beyond 64 bits"),
        pytest.param(1, "/", 0, False, id="a divisor of 0"),
        pytest.param(0, "/", 3, True, id="0 divided"),
    ],
)
def test_no_number_stops_the_query(left, operator, right, is_known):
    query = build_members_query(
        name_rules({"rule": IsKnown(Arithmetic(operator, Constant(left), Constant(right)))})
    )
    with duckdb.connect() as database:
        load_duckdb(database, Question((), (Customer("c"),), (NOW,), SHOP), query)
        assert database.execute(query.format()).fetchall() == (
            [("c", "rule", make_timestamp(NOW))] if is_known else []
        )


def test_a_field_that_is_not_a_number_is_unknown():
    rules = {
        "known": IsKnown(FieldValue("n_orders")),
        "greater": Compare(FieldValue("n_orders"), ">", Constant(5)),
        "not_greater": Group("not", (Compare(FieldValue("n_orders"), ">", Constant(5)),)),
    }
    query = build_members_query(name_rules(rules))
    customers = tuple(Customer(name, (), {"n_orders": float(name)}) for name in ("nan", "inf", "-inf", "7"))
    with duckdb.connect() as database:
        load_duckdb(database, Question((), customers, (NOW,), SHOP), query)
        members = {row[:2] for row in database.execute(query.format()).fetchall()}
    assert members == {
        ("7", "known"),
        ("7", "greater"),
        ("nan", "not_greater"),
        ("inf", "not_greater"),
        ("-inf", "not_greater"),
    }


def test_decimals_are_added_exactly():
    """0.1 added ten times is 1; added as 64 bits it is a little less."""
    events = tuple(Event(NOW - n, f"e{n}", "purchase", amount=0.1) for n in range(1, 11))
    rule = Compare(Aggregate("sum", "amount", EventSet(("purchase",))), "=", Constant(1))
    question = Question(name_rules({"rule": rule}), (Customer("c", events),), (NOW,), SHOP)
    assert len(ask_duckdb(question)) == 1


DEEP = {
    "groups": ("{all: [{count: view, op: '=', value: 1}, {any: [", "]}]}"),
    "negations": ("{not: {any: [{count: cart, op: '=', value: 1}, ", "]}}"),
    "negations of negations": ("{not: ", "}"),
}
ADDED = ("{add: [1, ", "]}")


def write_deep(parts: tuple[str, str], n_levels: int) -> str:
    return parts[0] * n_levels + "{count: view, op: '=', value: 1}" + parts[1] * n_levels


def write_sum(parts: tuple[str, str], n_levels: int) -> str:
    number = parts[0] * n_levels + "{count: view}" + parts[1] * n_levels
    return f"{{count: view, op: '<', value: {number}}}"


@pytest.mark.parametrize(
    ("write", "parts"),
    [*(pytest.param(write_deep, parts, id=name) for name, parts in DEEP.items()), (write_sum, ADDED)],
)
def test_what_the_parser_allows_at_most_is_no_too_deep_query(write, parts):
    segment = None
    for n_levels in range(1, 100):
        head = "segment_id: deep\nname: x\nkind: rule\ndescription: x\nmembers: "
        try:
            segment = parse_definition(head + write(parts, n_levels), "deep.yml")
        except SegmentError:
            break
    assert n_levels > 8
    question = Question(
        (segment,), (Customer("c", (Event(NOW - 1, "e", "view"),)), Customer("d")), (NOW,), SHOP
    )
    assert ask_duckdb(question) == ask_reference(question)
    assert len(question.query.format("snowflake")) < 20_000


def test_what_the_parser_allows_at_most_is_no_too_wide_query():
    """200 rules in a group, 1,000 values, ten steps, a chain of 20 segments."""
    many = Filter("brand", "in", tuple(f"brand {n}" for n in range(1000)))
    steps = tuple(Step(VIEW, n % 2 == 1, within=Duration(1, "hour")) for n in range(10))
    rules = {
        "wide": Group("any", tuple(Compare(Count(VIEW), "=", Constant(n)) for n in range(200))),
        "long": Compare(Count(EventSet(("view",), (many,))), "=", Constant(1)),
        "steps": Sequence(steps),
        "seen": Compare(Count(VIEW), ">=", Constant(1)),
        **{f"chain_{n}": InSegment(f"chain_{n - 1}" if n else "seen") for n in range(20)},
    }
    customers = (Customer("c", (Event(NOW - 1, "e", "view", brand="brand 7"),)), Customer("d"))
    shop = Shop(SHOP.calendar, {}, rules)
    question = Question(name_rules(rules), customers, (NOW,), shop)
    assert ask_duckdb(question) == ask_reference(question)
    assert {row[:2] for row in ask_duckdb(question)} >= {("c", "wide"), ("c", "long"), ("c", "chain_19")}
    assert len(question.query.format("snowflake")) < 100_000


def test_a_rule_of_no_event_holds_of_any_value_there_is():
    """A rule that asks for no event at all still asks whether there is a value."""
    always, never = IsKnown(Constant(1)), Compare(Constant(1), ">", Constant(2))
    rules = {"always": AnyValue("item_id", always), "never": AnyValue("item_id", never)}
    seen = Customer("seen", (Event(NOW - 1, "e", "page", item_id="a"),))
    assert ask(rules, seen, Customer("other", (Event(NOW - 1, "f", "page"),))) == {("seen", "always")}


def test_a_share_is_of_the_customer_and_stable():
    customers = [Customer(f"c{n}") for n in range(200)]
    members = ask(
        {"all": RandomShare(1, "x"), "none": RandomShare(0, "x"), "half": RandomShare(0.5, "it's")},
        *customers,
    )
    sizes = {name: sum(rule == name for _, rule in members) for name in ("all", "none", "half")}
    assert sizes["all"] == 200 and sizes["none"] == 0 and 70 < sizes["half"] < 130


def test_segments_of_segments_are_decided_in_their_order():
    one = Compare(Count(VIEW), ">=", Constant(1))
    definitions = name_rules(
        {
            "third": Group("not", (InSegment("second"),)),
            "second": Group("all", (InSegment("first"), InSegment("first"))),
            "first": one,
        }
    )
    shop = Shop(SHOP.calendar, {}, {each.segment_id: each.members for each in definitions})
    customers = (Customer("seen", (Event(NOW - 1, "e", "view"),)), Customer("other"))
    question = Question(definitions, customers, (NOW,), shop)
    assert ask_duckdb(question) == ask_reference(question)
    assert {row[:2] for row in ask_duckdb(question)} == {
        ("seen", "first"),
        ("seen", "second"),
        ("other", "third"),
    }


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        pytest.param({"a": InSegment("b"), "b": InSegment("a")}, "ask for each other", id="a cycle"),
        pytest.param({"a": InSegment("b")}, "not among the definitions", id="an unknown segment"),
        pytest.param({"a": IsKnown(FieldValue("n_cats"))}, "no field", id="an unknown field"),
        pytest.param(
            {"a": Compare(Count(VIEW), "=", Constant("1"))}, "is a number", id="a text for a number"
        ),
        pytest.param(
            {"a": Compare(Count(VIEW), "=", Constant(float("nan")))}, "no finite", id="not a number"
        ),
        pytest.param(
            {"a": Sequence((Step(VIEW, is_absent=True),))}, "begins with", id="an absent first step"
        ),
        pytest.param(
            {"a": AnyValue("item_id", InSegment("a"))}, "about one value", id="a segment of a value"
        ),
    ],
)
def test_what_no_parser_lets_through_is_refused(rules, message):
    with pytest.raises(SegmentQueryError, match=message):
        build_members_query(name_rules(rules))


def test_the_query_is_a_dbt_model():
    """Relations are models of the project; what is not Jinja by us is not Jinja."""
    query = build_members_query(
        name_rules(
            {"a": Compare(Count(EventSet((), (Filter("brand", "=", ("{{ x }}",)),))), ">", Constant(0))}
        )
    )
    sources = {name: f"{{{{ ref('int_{name}') }}}}" for name in ("events", "customers", "moments")}
    for dialect in ("duckdb", "snowflake"):
        page = jinja2.Template(query.format(dialect, sources)).render(ref=lambda name: f"main.{name}")
        assert all(f"from main.int_{name}" in page for name in ("events", "customers", "moments"))
        assert "{" + "' || '" + "{ x" in page


def test_a_segment_of_an_odd_name_is_still_a_value():
    segment = Segment("it's {{ x }}", "x", "rule", "x", RandomShare(1, "x"))
    question = Question((segment,), (Customer("c"),), (NOW,), SHOP)
    assert {row[:2] for row in ask_duckdb(question)} == {("c", "it's {{ x }}")}


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        pytest.param(Compare(Count(VIEW), "=", Constant(0)), True, id="none are none"),
        pytest.param(Compare(Count(VIEW), ">=", Constant(1)), False, id="one is asked for"),
        pytest.param(Group("not", (Compare(Count(VIEW), ">=", Constant(1)),)), True, id="its opposite"),
        pytest.param(IsKnown(Aggregate("max", "price", VIEW)), False, id="the greatest of none"),
        pytest.param(
            Compare(Arithmetic("/", Count(VIEW), Count(VIEW)), "!=", Constant(1)), False, id="0 divided by 0"
        ),
    ],
)
def test_what_holds_of_no_events(rule, holds):
    assert holds_of_nothing(rule) is holds
    question = Question(name_rules({"rule": rule}), (Customer("c"),), (NOW,), SHOP)
    assert bool(ask_duckdb(question)) is holds
