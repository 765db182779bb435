"""Stages of a decision beside overrides: what was bought, fatigue, diversity, caps, modes and pages."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.contracts.override import Override
from expectations.contracts.snapshot import ItemFacts, ListItem
from serving_app.live.state import EMPTY_STATE, Exposure, LiveState, RecentEvent
from serving_app.overrides.index import OverrideIndex
from serving_app.recommendations.decide import decide_list
from serving_app.recommendations.decision import STRICT, Fatigue, Rules
from serving_app.recommendations.ladder import Rung

NOW = datetime(2026, 2, 21, 12, tzinfo=UTC)
FACTS = ItemFacts(None, None, None, None, None, None, True, True)
TEA, MUG = FACTS._replace(category="tea", is_consumable=True), FACTS._replace(category="mugs", brand="Acme")
# t: tea, which is drunk up; m: mugs; others have no category
ITEMS = {f"{kind}{n}": facts for kind, facts in (("t", TEA), ("m", MUG), ("x", FACTS)) for n in range(6)}
ITEMS["t1"] = TEA._replace(repurchase_days=7.0)


def rung(source, *ids):
    items = [ListItem(item_id, 1 - place / 10, ("knn",)) for place, item_id in enumerate(ids)]
    return Rung(source, source, items)


def pin(item_id, position, number=0):
    ends, made = NOW + timedelta(days=1), NOW - timedelta(days=1)
    return Override(f"o{number}", "pin", item_id, None, position, 1.0, ends, made)


def decide(ladder, n=10, live=EMPTY_STATE, overrides=(), now=NOW, **rules):
    selected = OverrideIndex(overrides).select(None, (), None, now)
    all_rules = Rules(
        n=n, find_removal=lambda item_id: None, read_item=ITEMS.get, overrides=selected, **rules
    )
    return decide_list(ladder, live, all_rules, now)


def shown(decision):
    return [item.item_id for item in decision.items]


def bought(item_id, days_ago=0.0):
    return RecentEvent(item_id, "purchase", NOW - timedelta(days=days_ago))


LADDER = (rung("personal", "m0", "t0", "t1", "x0"), rung("popular", "t0", "m1", "x1"))
EVERYTHING = ["m0", "t0", "t1", "x0", "m1", "x1"]


@pytest.mark.parametrize(
    ("events", "gone"),
    [
        pytest.param([bought("m0")], {"m0"}, id="what was bought is gone"),
        pytest.param([bought("m0", 300)], {"m0"}, id="for good, if it lasts"),
        pytest.param([bought("t0", 29)], {"t0"}, id="of a consumable nothing else is known: 30 days"),
        pytest.param([bought("t0", 30)], set(), id="then it is due again"),
        pytest.param([bought("t1", 6)], {"t1"}, id="learned repurchase days"),
        pytest.param([bought("t1", 8)], set(), id="are over"),
        pytest.param([bought("t1", 8), bought("t1", 1)], {"t1"}, id="the last purchase counts"),
        pytest.param([RecentEvent("m0", "view", NOW)], set(), id="a view buys nothing"),
    ],
)
def test_what_was_bought_is_gone_until_it_is_due(events, gone):
    expected = [item_id for item_id in EVERYTHING if item_id not in gone]
    assert shown(decide(LADDER, live=LiveState(events=tuple(events)))) == expected
    pinned = decide(LADDER, live=LiveState(events=tuple(events)), overrides=[pin("m0", 1), pin("t1", 2, 1)])
    assert {"m0", "t1"} & set(shown(pinned)) == {"m0", "t1"} - gone, "a pin does not bring it back"


def test_what_is_due_again_and_in_the_cart_is_left_out():
    live = LiveState(events=(bought("t0", 40),), cart={"t0": 1})
    assert "t0" in shown(decide(LADDER, live=live))
    assert "t0" not in shown(decide(LADDER, live=live, leaves_out_cart=True))


def test_what_lies_in_the_cart_is_left_out_where_the_placement_says_so():
    live = LiveState(cart={"m0": 1})
    assert shown(decide(LADDER, live=live, leaves_out_cart=True)) == EVERYTHING[1:]
    assert shown(decide(LADDER, live=live)) == EVERYTHING


def test_fatigue_lowers_the_score_by_its_rate():
    live = LiveState(exposures={"m0": Exposure(5, NOW), "t0": Exposure(3, NOW)})
    tired = decide(LADDER, live=live, fatigue=Fatigue(0.1, 3))
    # m0: 1.0 x 0.9 x 0.9 for two times beyond three; t0 was shown three times and keeps its 0.9
    assert [(item.item_id, pytest.approx(item.score)) for item in tired.items[:3]] == [
        ("t0", 0.9),
        ("m0", 0.81),
        ("t1", 0.8),
    ]
    assert tired.items[1].base_score == 1.0 and "shown often, ×0.81" in tired.items[1].reason
    assert decide(LADDER, live=live, fatigue=Fatigue(0.0, 3)) == decide(LADDER), "off is as if unseen"


def test_a_cap_is_never_broken_not_by_pins_either():
    ladder = [rung("personal", "m0", "m1", "m2", "t0", "x0", "x1"), rung("popular", "t1", "t2", "m3")]
    assert shown(decide(ladder, max_per_category=1)) == ["m0", "t0", "x0", "x1"]
    assert shown(decide(ladder, max_per_category=2)) == ["m0", "m1", "t0", "x0", "x1", "t1"]
    pins = [pin("m5", 3), pin("m4", 5, 1)]
    assert shown(decide(ladder, max_per_category=1, overrides=pins)) == ["t0", "x0", "m5", "x1"]


def test_diversity_takes_what_is_unlike_what_stands_above():
    ladder = [rung("personal", "m0", "m1", "m2", "t0", "x0")]
    assert shown(decide(ladder)) == ["m0", "m1", "m2", "t0", "x0"]
    # relevance 1, .75, .5, .25, 0; behind m0 and m1: m2 0.7 x 0.5 - 0.3 = 0.05, t0 0.7 x 0.25 = 0.175
    assert shown(decide(ladder, diversity=0.3)) == ["m0", "m1", "t0", "m2", "x0"]
    assert shown(decide(ladder, diversity=1.0))[:3] == ["m0", "t0", "x0"]


@pytest.mark.parametrize(
    ("ladder", "expected"),
    [
        pytest.param(LADDER, ["m0", "t0", "t1", "x0"], id="the first rung alone"),
        pytest.param((rung("personal"), LADDER[1]), ["t0", "m1", "x1"], id="the first that has items"),
        pytest.param((rung("personal"), rung("catalogue", "x0")), [], id="never the catalogue"),
    ],
)
def test_strict_never_pads(ladder, expected):
    assert shown(decide(ladder, mode=STRICT)) == expected


def test_fillers_are_flagged():
    assert [item.is_filler for item in decide(LADDER).items] == [False] * 4 + [True] * 2


IDS = st.lists(st.sampled_from(sorted(ITEMS)), unique=True, max_size=12)
SOURCES = ("personal", "audience", "popular")
LADDERS = st.tuples(IDS, IDS, IDS).map(
    lambda lists: [
        rung(name, *ids) for name, ids in zip(("personal", "audience", "popular"), lists, strict=True)
    ]
)
PINS = st.lists(st.tuples(st.sampled_from(sorted(ITEMS)), st.integers(1, 9)), max_size=4).map(
    lambda rows: [pin(item_id, position, number) for number, (item_id, position) in enumerate(rows)]
)
STATES = st.builds(
    lambda events, cart, exposures: LiveState(
        tuple(bought(item_id, days) for item_id, days in events),
        dict.fromkeys(cart, 1),
        {item_id: Exposure(times, NOW) for item_id, times in exposures.items()},
    ),
    st.lists(st.tuples(st.sampled_from(sorted(ITEMS)), st.integers(0, 40)), max_size=4),
    IDS,
    st.dictionaries(st.sampled_from(sorted(ITEMS)), st.integers(1, 9), max_size=6),
)


@settings(deadline=None)
@given(
    LADDERS,
    PINS,
    STATES,
    st.integers(1, 12),
    st.floats(0, 1),
    st.none() | st.integers(1, 3),
    st.sampled_from(["fill", "strict"]),
    st.booleans(),
)
def test_whatever_the_rules(ladder, pins, live, n, diversity, cap, mode, leaves_out_cart):
    rules = {
        "mode": mode,
        "diversity": diversity,
        "max_per_category": cap,
        "leaves_out_cart": leaves_out_cart,
        "fatigue": Fatigue(0.2, 1),
    }
    decision = decide(ladder, n, live, pins, **rules)
    ids = shown(decision)
    assert decision == decide(ladder, n, live, pins, **rules), "deterministic"
    assert len(ids) == len({*ids}) <= n
    categories = [ITEMS[item_id].category for item_id in ids if ITEMS[item_id].category]
    assert cap is None or all(categories.count(one) <= cap for one in categories)
    last_purchases = {event.item_id: event.occurred_at for event in live.events}
    for item_id in ids:
        days = ITEMS[item_id].repurchase_days or 30
        lasts = not ITEMS[item_id].is_consumable
        assert item_id not in last_purchases or not lasts, "bought, and not to be bought again"
        assert item_id not in last_purchases or NOW - last_purchases[item_id] >= timedelta(days=days)
        assert not leaves_out_cart or item_id not in live.cart or item_id in last_purchases
    own = [item for item in decision.items if item.source != "override"]
    if mode == "strict":
        assert len({item.source for item in own}) <= 1
    elif cap is None:
        wanted = {item.item_id for one in ladder for item in one.items} | {one.item_id for one in pins}
        unwanted = {*live.cart} if leaves_out_cart else set()
        assert len(ids) >= min(n, len(wanted - unwanted - {event.item_id for event in live.events}))
