"""Explanations of worked examples, and that they say of every rule what the reference decides."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segments.calendar import DAY, SECOND, ShopCalendar
from segments.evaluation.explanation import Clause, Explanation, Shop, explain
from segments.evaluation.measures import Context
from segments.events import Event
from segments.tree.events import Duration, EventSet, Within
from segments.tree.measures import Aggregate, Constant, Count, FieldValue, Selection
from segments.tree.rules import Age, AnyValue, Between, Compare, Group, InList, InSegment, Sequence, Step
from tests.segments.evaluation.test_program import make_context
from tests.segments.oracle import decide
from tests.segments.strategies import cases, read_time

NOW = read_time("2024-05-10T12:00")
HOUR = 3600 * SECOND
WEEK = Within(Duration(7, "day"))
VIEWS = Compare(Count(EventSet(("view",), (), WEEK)), ">=", Constant(5))
SPENT = Compare(Aggregate("sum", "amount", EventSet(("purchase",))), ">=", Constant(100))
LAPSED = Age("last", EventSet(("purchase",)), ">=", Duration(90, "day"))
ABANDONED = Sequence(
    (
        Step(EventSet(("view",))),
        Step(EventSet(("cart",))),
        Step(EventSet(("purchase",)), is_absent=True, within=Duration(2, "day")),
    )
)
HISTORY = (
    *(Event(NOW - n * DAY - HOUR, f"v{n}", "view", item_id="tent", brand="vaude") for n in range(4)),
    Event(NOW - 81 * DAY, "p", "purchase", item_id="stove", amount=30.0),
    Event(NOW - 10 * SECOND, "c", "cart", item_id="tent"),
)
SHOP = Shop(ShopCalendar("UTC"), {}, {"lapsed": LAPSED})


def explain_it(rule) -> Explanation:
    return explain(rule, HISTORY, NOW, Context("c", {"country": "DE"}), SHOP)


def test_each_clause_and_the_nearest():
    """Four of five views are nearer than 30 of 100 spent; on the list there is no near."""
    explanation = explain_it(Group("all", (SPENT, VIEWS, InList("vip"))))
    assert not explanation.is_member
    spent, views, vip = explanation.clause.parts
    assert (spent.value, spent.op, spent.threshold, spent.gap) == (30.0, ">=", 100, 0.7)
    assert (views.value, views.op, views.threshold, views.gap) == (4, ">=", 5, 0.2)
    assert (vip.holds, vip.gap) == (False, None)
    assert explanation.nearest == views


def test_an_age_and_when_it_is_reached():
    """Bought 81 of 90 days ago."""
    (clause,) = explain_it(InSegment("lapsed")).clause.parts
    assert (clause.value, clause.threshold) == (NOW - 81 * DAY, NOW - 90 * DAY)
    assert clause.gap == 0.1
    assert clause.changes_at == NOW + 9 * DAY


def test_a_sequence_that_waits_for_an_absence():
    explanation = explain_it(ABANDONED)
    assert (explanation.clause.value, explanation.clause.threshold, explanation.clause.gap) == (2, 2, 0)
    assert explanation.clause.changes_at == NOW - 10 * SECOND + 2 * DAY + 1


def test_what_is_not_wanted():
    """Below `not` a clause that holds is what keeps the customer out."""
    country = Compare(FieldValue("country"), "=", Constant("DE"))
    explanation = explain_it(Group("all", (Group("not", (country,)), Between(Count(EventSet(())), 1, 10))))
    assert explanation.nearest == Clause(
        country, holds=True, is_wanted=False, value="DE", op="=", threshold="DE"
    )


def test_a_member_and_the_value_that_makes_it_one():
    often = AnyValue("item_id", Compare(Count(EventSet(("view",))), ">=", Constant(3)))
    unknown = Compare(Selection("last", "country", EventSet(())), "=", Constant("DE"))
    explanation = explain_it(Group("any", (unknown, often)))
    assert (explanation.is_member, explanation.nearest) == (True, None)
    assert [clause.value for clause in explanation.clause.parts] == [None, "tent"]


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_it_says_what_is_decided(data):
    case = data.draw(cases())
    shop = Shop(case.shop.calendar, case.shop.list_items, case.shop.definitions)
    explanation = explain(case.rule, case.customer.history, case.now, make_context(case.customer), shop)
    assert explanation.is_member == decide(case.rule, case.customer, case.now, case.shop)
    assert explanation.is_member == (explanation.nearest is None)
