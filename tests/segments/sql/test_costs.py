"""What definitions cost, against figures worked out by hand and against what DuckDB reads."""

import pytest

from segments.sql.costs import CostLimits, SegmentCostError, ShopStatistics, check_costs, estimate_cost
from segments.tree.events import Duration, EventSet, Period, Within
from segments.tree.measures import Aggregate, Constant, Count, CountDistinct, Selection
from segments.tree.rules import Age, AnyValue, Compare, Group, RandomShare, Rule, Segment, Sequence, Step
from tests.segments.golden_definitions import load_golden

MILLION = 1_000_000
SHOP = ShopStatistics(
    MILLION, {"view": 40 * MILLION, "cart": 8 * MILLION, "purchase": 2 * MILLION}, n_days=400
)
VIEW, CART, ANY = EventSet(("view",)), EventSet(("cart",)), EventSet(())
FORTY_DAYS = Within(Duration(40, "day"))
ONE = Constant(1)


def name(rule: Rule) -> Segment:
    return Segment("one", "One", "rule", "-", rule)


@pytest.mark.parametrize(
    ("rule", "n_read", "n_made"),
    [
        pytest.param(RandomShare(0.1, "x"), 0, 0, id="of the customer alone"),
        pytest.param(Compare(Count(VIEW), ">=", ONE), 40, 1, id="all views, a row of each customer"),
        pytest.param(
            Compare(Count(EventSet(("view",), (), FORTY_DAYS)), ">=", ONE), 4, 1, id="a tenth of them"
        ),
        pytest.param(
            Compare(
                Count(EventSet(("view",), (), Within(Duration(80, "day"), Duration(40, "day")))), ">=", ONE
            ),
            4,
            1,
            id="a tenth of them, before",
        ),
        pytest.param(Compare(CountDistinct("item_id", ANY), ">=", ONE), 50, 50, id="a row of each value"),
        pytest.param(Compare(Selection("last", "device", CART), "=", Constant("x")), 16, 1, id="two passes"),
        pytest.param(Age("last", CART, ">=", Duration(1, "day")), 8, 1, id="an age"),
        pytest.param(AnyValue("item_id", Compare(Count(VIEW), ">=", ONE)), 40, 40, id="a row of each item"),
        pytest.param(
            AnyValue("item_id", Compare(Count(VIEW), "=", Constant(0))), 50, 50, id="an item never seen"
        ),
        pytest.param(Sequence((Step(VIEW), Step(CART))), 48, 40 + 48, id="steps are sorted together"),
        pytest.param(
            Sequence((Step(VIEW), Step(CART, different=("item_id",)))),
            48,
            40 + 8 * 40,
            id="pairs of a customer",
        ),
        pytest.param(
            Sequence((Step(VIEW), Step(CART, within=Duration(40, "day"), different=("item_id",)))),
            48,
            40 + 8 * 4,
            id="pairs within a tenth of the time",
        ),
    ],
)
def test_costs_by_hand(rule, n_read, n_made):
    """In millions of rows, beside the one million of customers."""
    estimate = estimate_cost(name(rule), SHOP)
    assert (estimate.n_read, estimate.n_made) == ((n_read + 1) * MILLION, (n_made + 1) * MILLION)


def test_moments_multiply():
    week = ShopStatistics(SHOP.n_customers, SHOP.n_events, SHOP.n_days, n_moments=7)
    rule = Group(
        "all",
        (Compare(Aggregate("sum", "amount", EventSet(("purchase",), (), Period("year", 0))), ">", ONE),),
    )
    assert estimate_cost(name(rule), week).n_read == 7 * MILLION + 7 * 2 * MILLION * 366 // 400


def test_out_of_bounds_is_refused_with_what_drives_it():
    rule = Group(
        "all",
        (Compare(Count(CART), ">", ONE), Sequence((Step(ANY), Step(ANY, different=("session_id",))))),
    )
    with pytest.raises(SegmentCostError) as refused:
        check_costs([name(rule)], SHOP, CostLimits(n_made=2_000 * MILLION))
    assert str(refused.value) == (
        "segment one would make 2,552,000,000 rows, 2,500,000,000 of them for step 2, any event, in pairs"
        " that are different in session_id; allowed: 2,000,000,000. A shorter window, fewer event types or a"
        " `within` make it cheaper"
    )
    assert check_costs([name(rule)], SHOP, CostLimits())[0].n_made == 2_552 * MILLION


def test_reading_has_a_bound_too():
    with pytest.raises(
        SegmentCostError, match="would read 41,000,000 rows, 40,000,000 of them for the count of view"
    ):
        check_costs([name(Compare(Count(VIEW), ">", ONE))], SHOP, CostLimits(n_read=40 * MILLION))


def test_the_forty_are_within_bounds_of_a_million_customers():
    assert len(check_costs(load_golden(), SHOP, CostLimits())) == 40
