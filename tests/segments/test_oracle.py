"""The reference on examples small enough to be decided by reading them."""

import pytest

from segments.calendar import DAY, SECOND, ShopCalendar
from segments.events import Event
from segments.tree.events import Duration, EventSet, Filter, Within
from segments.tree.measures import Aggregate, Arithmetic, Constant, Count, Selection
from segments.tree.rules import Age, Anniversary, AnyValue, Compare, Group, InSegment, Sequence, Step
from tests.segments.oracle import Customer, Shop, Stay, add_empty_carts, decide
from tests.segments.strategies import read_time

HOUR = 3600 * SECOND
NOON = read_time("2024-05-10T12:00")
SHOP = Shop(ShopCalendar("UTC"))
VIEW, CART, PURCHASE = (EventSet((name,)) for name in ("view", "cart", "purchase"))
TWO_DAYS = Duration(2, "day")
ABANDONED = Sequence(
    (
        Step(VIEW),
        Step(CART, within=Duration(1, "hour"), same=("item_id",)),
        Step(PURCHASE, is_absent=True, within=TWO_DAYS, same=("item_id",)),
    )
)
VIEW_AND_CART = (
    Event(NOON, "1", "view", item_id="a"),
    Event(NOON + HOUR, "2", "cart", item_id="a"),
)
BOUGHT_LATE = (*VIEW_AND_CART, Event(NOON + HOUR + 2 * DAY + 1, "3", "purchase", item_id="a"))
BOUGHT = (*VIEW_AND_CART, Event(NOON + HOUR + 2 * DAY, "3", "purchase", item_id="a"))
BOUGHT_ANOTHER = (*VIEW_AND_CART, Event(NOON + HOUR + DAY, "3", "purchase", item_id="b"))
DECIDED = NOON + HOUR + 2 * DAY + 1


@pytest.mark.parametrize(
    ("history", "now", "is_member"),
    [
        pytest.param(VIEW_AND_CART, DECIDED - 1, False, id="the two days are not over"),
        pytest.param(VIEW_AND_CART, DECIDED, True, id="they are"),
        pytest.param(BOUGHT, DECIDED + DAY, False, id="bought at the last moment"),
        pytest.param(BOUGHT_LATE, DECIDED + DAY, True, id="bought a moment too late"),
        pytest.param(BOUGHT_ANOTHER, DECIDED, True, id="bought another item"),
    ],
)
def test_an_abandoned_item(history, now, is_member):
    assert decide(ABANDONED, Customer("c", history), now, SHOP) is is_member


WEEK = Within(Duration(7, "day"))
SEVEN_DAYS_LATER = NOON + 7 * DAY


@pytest.mark.parametrize(
    ("rule", "now", "is_member"),
    [
        pytest.param(Compare(Count(VIEW), "=", Constant(0)), NOON, True, id="not before now"),
        pytest.param(Compare(Count(VIEW), "=", Constant(1)), NOON + 1, True, id="before now"),
        pytest.param(
            Compare(Count(EventSet((), (), WEEK)), "=", Constant(2)),
            SEVEN_DAYS_LATER,
            True,
            id="a window holds its first moment",
        ),
        pytest.param(
            Compare(Count(EventSet((), (), WEEK)), "=", Constant(1)),
            SEVEN_DAYS_LATER + 1,
            True,
            id="and nothing before it",
        ),
        pytest.param(Age("first", VIEW, ">=", Duration(1, "hour")), NOON + HOUR, True, id="just that old"),
        pytest.param(Age("first", VIEW, "<", Duration(1, "hour")), NOON + HOUR, False, id="no longer young"),
        pytest.param(Age("last", PURCHASE, ">=", Duration(1, "hour")), NOON + HOUR, False, id="no event"),
        pytest.param(
            Anniversary("first", VIEW, 7), read_time("2025-05-04T00:00"), True, id="within seven days"
        ),
        pytest.param(
            Anniversary("first", VIEW, 7), read_time("2025-05-03T23:59"), False, id="in more than seven"
        ),
        pytest.param(Anniversary("first", VIEW, 7), NOON + 1, False, id="not the day itself"),
        pytest.param(
            Group("not", (Compare(Selection("last", "brand", VIEW), "=", Constant("x")),)),
            NOON + 1,
            True,
            id="the opposite of an unknown is true",
        ),
        pytest.param(
            Compare(Arithmetic("/", Constant(1), Count(PURCHASE)), ">=", Constant(0)),
            NOON + 1,
            False,
            id="divided by 0 is unknown",
        ),
        pytest.param(
            Compare(Aggregate("sum", "amount", PURCHASE), "=", Constant(0)), NOON, True, id="the sum of none"
        ),
        pytest.param(
            AnyValue("item_id", Compare(Count(EventSet(())), ">=", Constant(2))),
            NOON + 2 * HOUR,
            True,
            id="both events of one item",
        ),
        pytest.param(
            AnyValue("brand", Compare(Count(PURCHASE), "=", Constant(0))),
            NOON + 1,
            False,
            id="no brand at all",
        ),
        pytest.param(
            InSegment("vips", since_at_least=Duration(1, "hour")), NOON + HOUR, True, id="an hour on end"
        ),
        pytest.param(
            InSegment("vips", entered_within=Duration(1, "hour")), NOON, False, id="not yet before now"
        ),
        pytest.param(
            InSegment("vips", entered_within=Duration(1, "hour")), NOON + 1, True, id="just entered"
        ),
    ],
)
def test_rules(rule, now, is_member):
    customer = Customer("c", VIEW_AND_CART, stays=(Stay("vips", NOON),))
    assert decide(rule, customer, now, SHOP) is is_member


def test_empty_carts():
    history = [
        Event(1, "a", "cart", item_id="x", quantity=2.0),
        Event(2, "b", "uncart", item_id="x", quantity=1.0),  # one is left
        Event(3, "c", "cart", item_id="y"),
        Event(4, "d", "uncart", item_id="x", quantity=5.0),  # y is left
        Event(5, "e", "uncart", item_id="y"),  # emptied
        Event(6, "f", "uncart", item_id="y"),  # was empty
        Event(7, "g", "cart", item_id="z"),
        Event(8, "h", "purchase", item_id="z"),  # bought, not emptied
        Event(9, "i", "uncart", item_id="z"),  # nothing in it
    ]
    assert [e.event_id for e in add_empty_carts(history) if e.type == "empty_cart"] == ["e:empty"]


def test_under_a_category():
    def is_under(path: str, name: str) -> bool:
        viewed = Customer("c", (Event(NOON, "1", "view", category=path),))
        events = EventSet(("view",), (Filter("category", "under", (name,)),))
        return decide(Compare(Count(events), "=", Constant(1)), viewed, NOON + 1, SHOP)

    assert is_under("outdoor > tents > dome", "tents")
    assert is_under("outdoor > tents > dome", "outdoor > tents")
    assert is_under("outdoor > tents", "outdoor > tents")
    assert not is_under("outdoor > tents", "tents > dome")
    assert not is_under("outdoor > tentsticks", "outdoor > tents")
