"""The index selects what a look at every override selects, at any moment."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.contracts.census import fold_category
from serving_app.overrides.index import OverrideIndex
from tests.serving_app.conftest import NOW
from tests.serving_app.overrides.calls import make_override

ITEMS, CATEGORIES, SEGMENTS = ["a", "b", "c"], ["tea", "gifts"], ["vip", "new"]
CUSTOMERS, PLACEMENTS = ["c1", "c2"], ["home", "home/top"]


def minutes(low, high):
    return st.integers(low, high).map(lambda count: NOW + timedelta(minutes=count))


@st.composite
def overrides(draw):
    kind = draw(st.sampled_from(["pin", "block", "boost", "bury"]))
    is_item = kind == "pin" or draw(st.booleans())
    scope = draw(st.sampled_from(["customer", "segment", "everyone"]))
    return make_override(
        draw(st.integers(0, 10**9)),
        draw(minutes(-9, 0)),
        kind=kind,
        item_id=draw(st.sampled_from(ITEMS)) if is_item else None,
        category=None if is_item else draw(st.sampled_from([*CATEGORIES, " TEA "])),
        customer_id=draw(st.sampled_from(CUSTOMERS)) if scope == "customer" else None,
        segment_id=draw(st.sampled_from(SEGMENTS)) if scope == "segment" else None,
        placement=draw(st.sampled_from([None, *PLACEMENTS])),
        position=draw(st.integers(1, 3)) if kind == "pin" else 0,
        factor=draw(st.sampled_from([0.0, 0.5, 2.0])) if kind in ("boost", "bury") else 1.0,
        starts_at=draw(st.none() | minutes(-3, 3)),
        until=draw(minutes(4, 9)),
        priority=draw(st.integers(-1, 1)),
    )


def order(one):
    """The promise in words: priority, then the narrower, then the older."""
    narrow = {(True, False): 0, (False, True): 1, (False, False): 2}
    whom = narrow[one.customer_id is not None, one.segment_id is not None]
    return (-one.priority, whom, one.placement is None, one.created_at, one.override_id)


def concern(one, customer, segments, placement, now):
    return (
        (one.starts_at is None or one.starts_at <= now)
        and now < one.until
        and one.customer_id in (None, customer)
        and (one.segment_id is None or one.segment_id in segments)
        and (one.placement in (None, placement) or f"{placement}/".startswith(f"{one.placement}/"))
    )


def names(one, item, categories):
    return one.item_id == item if one.item_id else one.category.strip().lower() in categories


VISITS = st.lists(
    st.tuples(
        st.sampled_from([None, "c3", *CUSTOMERS]),
        st.lists(st.sampled_from([*SEGMENTS, "other"]), unique=True),
        st.sampled_from([None, "search", "homely", "home/end", *PLACEMENTS]),
        st.integers(-5, 10),
    ),
    min_size=1,
    max_size=6,
)


@settings(deadline=None)
@given(st.lists(overrides(), max_size=14, unique_by=lambda one: one.override_id), VISITS)
def test_the_index_selects_what_a_look_at_all_selects(stored, visits):
    """One index for all visits, in any order of time: a clock may be set back."""
    index = OverrideIndex(stored)
    for customer, segments, placement, minute in visits:
        now = NOW + timedelta(minutes=minute)
        rules = index.select(customer, segments, placement, now)
        expected = sorted(
            (one for one in stored if concern(one, customer, segments, placement, now)), key=order
        )
        pins = {}
        for one in expected:
            if one.kind == "pin":
                pins.setdefault(one.item_id, one)
        assert list(rules.pins) == sorted(pins.values(), key=lambda one: (one.position, order(one)))
        for item, categories in [("a", ()), ("b", ("tea",)), ("c", ("tea", "gifts")), ("d", ("gifts",))]:
            mine = [one for one in expected if names(one, item, categories)]
            blocks = [one for one in mine if one.kind == "block"]
            weighed = [one for one in mine if one.kind in ("boost", "bury")]
            assert rules.find_block(item, categories) == (blocks[0] if blocks else None)
            assert rules.keep_blocks().find_block(item, categories) == rules.find_block(item, categories)
            assert list(rules.list_boosts(item, categories)) == [
                one for one in weighed if one.priority == weighed[0].priority
            ]
        assert rules.has_blocks == any(one.kind == "block" for one in expected)
        assert rules.has_boosts == any(one.kind in ("boost", "bury") for one in expected)
        assert rules.has_category_rules == any(one.category for one in expected)
        assert rules.is_empty == (not expected)


def test_the_index_follows_a_customer_through_a_merge(clock):
    mine, others = (
        make_override(1, clock(), customer_id="c_old"),
        make_override(3, clock(), customer_id="c2", item_id="item-02"),
    )
    index = OverrideIndex([mine, others], {"c_old": "c_new", "c2": "c2"}.get)
    assert index.select("c_new", (), None, clock()).find_block("item-01") == mine
    assert index.select("c_new", (), None, clock()).find_block("item-02") is None
    assert index.select(None, (), None, clock()).is_empty


def test_rule_sets_are_built_once_until_an_override_begins_or_ends(clock):
    begins, ends = clock() + timedelta(minutes=1), clock() + timedelta(minutes=2)
    index = OverrideIndex([make_override(1, clock(), starts_at=begins, until=ends)])
    before = index.select("c", ("vip",), "home", clock())
    assert before is index.select("d", (), None, begins - timedelta(microseconds=1))
    during = index.select(None, (), None, begins)
    assert during is index.select(None, (), None, ends - timedelta(microseconds=1))
    assert [before.is_empty, during.is_empty, index.select(None, (), None, ends).is_empty] == [
        True,
        False,
        True,
    ]


def test_categories_compare_without_letter_case_and_white_space():
    assert fold_category("  Tea &\tCoffee ") == fold_category("TEA & coffee")
    assert fold_category("Caf\u00e9") == fold_category("CAFE\u0301")
