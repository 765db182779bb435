"""The smallest change that turns an answer: worked examples, and that it turns whatever is drawn."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segments.calendar import ShopCalendar
from segments.evaluation.changes import decide, find_smallest_change
from segments.evaluation.explanation import Shop, explain
from segments.evaluation.measures import Context
from segments.tree.measures import Constant, FieldValue
from segments.tree.rules import Compare, Group, InList, InSegment
from tests.segments.evaluation.test_program import make_context
from tests.segments.strategies import cases

FIELDS = {"n_orders": 2, "amount_spent": 90.0, "n_returns": 0}


def ask(name: str, op: str, value: float) -> Compare:
    return Compare(FieldValue(name), op, Constant(value))


MANY, RICH, CALM = ask("n_orders", ">=", 4), ask("amount_spent", ">=", 100), ask("n_returns", "<=", 1)
VIP = InList("vip")


def find(rule, definitions=None) -> list[tuple]:
    """What must turn, with how far it is."""
    shop = Shop(ShopCalendar("UTC"), {}, definitions or {})
    clause = explain(rule, (), 0, Context("c", FIELDS), shop).clause
    return [(each.rule, each.gap) for each in find_smallest_change(clause, 0)]


def test_all_that_fails_must_turn_or_any_one_that_is_nearest():
    """Two of four orders are half missing, 90 of 100 a tenth."""
    assert find(Group("all", (MANY, RICH, CALM))) == [(MANY, 0.5), (RICH, 0.1)]
    assert find(Group("any", (MANY, RICH))) == [(RICH, 0.1)]
    assert find(Group("any", (VIP, Group("all", (MANY, RICH))))) == [(MANY, 0.5), (RICH, 0.1)]
    assert find(Group("any", (VIP, Group("all", (VIP, RICH))))) == [(VIP, None)]


def test_a_member_leaves_by_the_nearest_of_all_or_by_every_one_of_any():
    few = ask("n_orders", "<", 3)
    assert find(Group("all", (few, CALM))) == [(few, 1 / 3)]
    assert find(Group("any", (few, CALM, MANY))) == [(few, 1 / 3), (CALM, 1.0)]


def test_below_a_not_and_in_another_segment():
    assert find(Group("not", (Group("any", (RICH, MANY)),))) == [(RICH, 0.1)]
    assert find(InSegment("rich"), {"rich": RICH}) == [(RICH, 0.1)]


def test_what_contradicts_itself_turns_by_nothing():
    assert find(Group("all", (RICH, Group("not", (RICH,))))) == []


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_what_is_found_turns_the_answer(data):
    case = data.draw(cases())
    shop = Shop(case.shop.calendar, case.shop.list_items, case.shop.definitions)
    clause = explain(case.rule, case.customer.history, case.now, make_context(case.customer), shop).clause
    turned = find_smallest_change(clause, case.now)
    assert all(not each.parts for each in turned)
    if turned:
        assert decide(clause, {each.rule: not each.holds for each in turned}) != clause.holds
    assert decide(clause, {}) == clause.holds
