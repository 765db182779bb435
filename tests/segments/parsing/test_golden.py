"""The forty groups are written in the language, and mean what their sentences say."""

import pytest

from segments.tree.events import Duration, EventSet, Filter, LocalTime, Period, Within
from segments.tree.measures import (
    Aggregate,
    Arithmetic,
    Constant,
    Count,
    CountDistinct,
    DistanceTo,
    FieldValue,
    Selection,
)
from segments.tree.rules import (
    Age,
    Anniversary,
    AnyValue,
    Between,
    Compare,
    Group,
    InList,
    InSegment,
    IsKnown,
    OneOf,
    RandomShare,
    Sequence,
    Step,
)
from tests.segments.golden_definitions import load_golden

VIEWS, CARTS, PURCHASES, RETURNS = (EventSet((name,)) for name in ("view", "cart", "purchase", "return"))
ANY = EventSet(())


def within(types: str, number: int, unit: str, *filters: Filter) -> EventSet:
    return EventSet((types,) if types else (), filters, Within(Duration(number, unit)))


def at_least(measure, number) -> Compare:
    return Compare(measure, ">=", Constant(number))


def bought_in_month(ago: int) -> Compare:
    return at_least(Count(EventSet(("purchase",), (), Period("month", ago))), 1)


TENTS = Filter("category", "under", ("tents",))
BEFORE = EventSet(("purchase",), (), Within(Duration(60, "day"), Duration(30, "day")))
MEANT = {
    "01_buyers": at_least(Count(PURCHASES), 1),
    "02_spent_over_500": Compare(
        Arithmetic("-", Aggregate("sum", "amount", PURCHASES), Aggregate("sum", "amount", RETURNS)),
        ">",
        Constant(500),
    ),
    "03_medium_orders": Between(
        Arithmetic("/", Aggregate("sum", "amount", PURCHASES), CountDistinct("order_id", PURCHASES)), 50, 100
    ),
    "04_lapsed_90_days": Age("last", PURCHASES, ">=", Duration(90, "day")),
    "06_tea_lovers": Compare(
        Selection("most_frequent", "category", within("purchase", 180, "day")), "=", Constant("tea")
    ),
    "09_valuable_and_leaving": Group(
        "all",
        (
            Compare(FieldValue("churn_30d_decile"), "=", Constant(10)),
            at_least(FieldValue("spend_60d_decile"), 9),
        ),
    ),
    "10_marketing_in_dach": Group(
        "all",
        (
            OneOf(FieldValue("country"), ("DE", "AT", "CH")),
            Compare(FieldValue("marketing_consent"), "=", Constant("granted")),
        ),
    ),
    "11_tent_viewers": at_least(CountDistinct("item_id", within("view", 7, "day", TENTS)), 5),
    "12_added_not_bought": Sequence(
        (Step(CARTS), Step(PURCHASES, is_absent=True)), Within(Duration(10, "minute"))
    ),
    "15_ordered_three_months": Group("all", tuple(map(bought_in_month, (1, 2, 3)))),
    "17_spend_doubled": Group(
        "all",
        (
            Compare(Aggregate("sum", "amount", BEFORE), ">", Constant(0)),
            Compare(
                Aggregate("sum", "amount", within("purchase", 30, "day")),
                ">=",
                Arithmetic("*", Constant(2), Aggregate("sum", "amount", BEFORE)),
            ),
        ),
    ),
    "20_anniversary": Anniversary("first", PURCHASES, 7),
    "21_viewed_added_left": Sequence(
        (
            Step(VIEWS),
            Step(CARTS, within=Duration(1, "hour"), same=("item_id",)),
            Step(PURCHASES, is_absent=True, within=Duration(2, "day"), same=("item_id",)),
        )
    ),
    "25_exchanged": Sequence(
        (
            Step(RETURNS),
            Step(PURCHASES, within=Duration(7, "day"), same=("category",), different=("item_id",)),
        )
    ),
    "26_undecided": AnyValue(
        "item_id",
        Group(
            "all",
            (
                at_least(Count(VIEWS), 3),
                at_least(CountDistinct("day", VIEWS), 2),
                Compare(Count(PURCHASES), "=", Constant(0)),
            ),
        ),
    ),
    "31_outdoor_nearby": Group(
        "all",
        (
            Compare(DistanceTo(48.137, 11.575, ANY), "<=", Constant(10)),
            at_least(Count(within("view", 7, "day", TENTS)), 5),
            at_least(Count(within("purchase", 30, "day", Filter("category", "under", ("hiking boots",)))), 1),
        ),
    ),
    "32_evening_visitors": Compare(
        Arithmetic("/", Count(EventSet((), (LocalTime(1200, 1440),))), Count(ANY)), ">", Constant(0.5)
    ),
    "34_added_not_best": Group(
        "all", (InSegment("12_added_not_bought"), Group("not", (InSegment("08_best_rfm"),)))
    ),
    "35_on_vip_list": InList("vip"),
    "36_control_group": RandomShare(0.1, "control"),
    "37_lapsed_for_14_days": InSegment("04_lapsed_90_days", since_at_least=Duration(14, "day")),
    "38_newly_new": InSegment("05_new_with_one_order", entered_within=Duration(24, "hour")),
    "40_never_asked": Group("not", (IsKnown(FieldValue("personalization_consent")),)),
}


def test_there_are_forty_in_a_row():
    assert [int(segment.segment_id[:2]) for segment in load_golden()] == list(range(1, 41))


@pytest.mark.parametrize(("segment_id", "rule"), MEANT.items(), ids=str)
def test_the_rule_is_what_the_sentence_says(segment_id, rule):
    rules = {segment.segment_id: segment.members for segment in load_golden()}
    assert rules[segment_id] == rule
