"""What a list is decided to hold: a few cases by hand, then properties over many."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.contracts.override import Override
from expectations.contracts.snapshot import ItemFacts, ListItem, ReasonItem
from serving_app.live.state import EMPTY_STATE
from serving_app.overrides.index import OverrideIndex
from serving_app.recommendations.decide import decide_list
from serving_app.recommendations.decision import Rules
from serving_app.recommendations.ladder import Rung

NOW = datetime(2026, 2, 21, 12, tzinfo=UTC)
ELIGIBLE = {f"i{n}" for n in range(12)}
CATEGORIES = {"i0": ("tea",), "i1": ("tea", "gifts"), "i4": ("gifts",)}


def rung(source, *ids):
    return Rung(
        source, source, [ListItem(item_id, 1 - place / 10, ("knn",)) for place, item_id in enumerate(ids)]
    )


def override(kind, item_id, number=0, position=1, factor=2.0, ends_in=60, **more):
    return Override(
        f"o{number}",
        kind,
        item_id,
        None,
        position if kind == "pin" else 0,
        factor if kind in ("boost", "bury") else 1.0,
        NOW + timedelta(seconds=ends_in),
        NOW - timedelta(days=1),
        **more,
    )


def of_category(kind, category, **more):
    return override(kind, None, category=category, **more)


def read_item(item_id):
    path = CATEGORIES.get(item_id, ())
    category = path[0] if path else None
    return ItemFacts(None, category, None, None, None, None, True, True, category_path=path)


def decide(ladder, overrides, n, live=EMPTY_STATE, **rules):
    rules = Rules(
        n=n,
        find_removal=lambda item_id: None if item_id in ELIGIBLE else "not_recommendable",
        read_item=read_item,
        overrides=OverrideIndex(overrides).select(None, (), None, NOW),
        **rules,
    )
    return decide_list(ladder, live, rules, NOW)


def shown(decided):
    return [one.item_id for one in decided.items]


LADDER = (rung("personal", "i0", "i1", "i2"), rung("audience", "i1", "i3"), rung("popular", "i4", "i0", "i5"))


@pytest.mark.parametrize(
    ("overrides", "n", "expected"),
    [
        pytest.param([], 2, ["i0", "i1"], id="the best rung first"),
        pytest.param([], 9, ["i0", "i1", "i2", "i3", "i4", "i5"], id="lower rungs fill up, each item once"),
        pytest.param(
            [override("block", "i0")], 2, ["i1", "i2"], id="a blocked item gives its place to the next"
        ),
        pytest.param([override("pin", "i5")], 3, ["i5", "i0", "i1"], id="a pin takes its place"),
        pytest.param(
            [override("pin", "i0", position=3)],
            4,
            ["i1", "i2", "i0", "i3"],
            id="a pin moves an item down too",
        ),
        pytest.param(
            [override("pin", "i5", 1), override("pin", "i4", 2)],
            3,
            ["i5", "i4", "i0"],
            id="two pins for one place",
        ),
        pytest.param(
            [override("pin", "i5", position=4)], 3, ["i0", "i1", "i2"], id="a pin below the end is not shown"
        ),
        pytest.param(
            [override("pin", "i9", position=9)],
            9,
            ["i0", "i1", "i2", "i3", "i4", "i5", "i9"],
            id="a pin after all",
        ),
        pytest.param([override("boost", "i2", factor=1.5)], 3, ["i2", "i0", "i1"], id="a boost moves up"),
        pytest.param([override("boost", "i0", factor=0.5)], 3, ["i1", "i2", "i0"], id="and below one, down"),
        pytest.param(
            [override("pin", "i1", 1), override("block", "i1", 2)], 2, ["i0", "i2"], id="block beats pin"
        ),
        pytest.param(
            [override("boost", "i2", 1), override("pin", "i2", 2, 3)],
            3,
            ["i0", "i1", "i2"],
            id="pin beats boost",
        ),
        pytest.param([of_category("block", "Tea")], 2, ["i2", "i3"], id="a category is blocked"),
        pytest.param(
            [of_category("boost", "gifts", factor=1.2)], 3, ["i1", "i0", "i2"], id="a category is boosted"
        ),
        pytest.param(
            [override("bury", "i0", factor=0.0)], 4, ["i1", "i2", "i0", "i3"], id="buried to its rung's end"
        ),
        pytest.param(
            [override("bury", "i0", 1, factor=0.0), override("boost", "i0", 2, factor=9)],
            3,
            ["i1", "i2", "i0"],
            id="of equal priority the end is the end",
        ),
        pytest.param(
            [override("bury", "i0", 1, factor=0.0), override("boost", "i0", 2, factor=9, priority=1)],
            3,
            ["i0", "i1", "i2"],
            id="a boost of higher priority overrules a bury",
        ),
        pytest.param(
            [override("pin", "i5", 1), override("pin", "i4", 2, priority=5)],
            3,
            ["i4", "i5", "i0"],
            id="of two pins of a place the higher priority is first",
        ),
        pytest.param([override("block", "i0", ends_in=1)], 1, ["i1"], id="in force until its last second"),
        pytest.param([override("block", "i0", ends_in=0)], 1, ["i0"], id="and not at its end"),
        pytest.param(
            [override("pin", "sold"), override("pin", "gone"), override("pin", "?")],
            1,
            ["i0"],
            id="pins obey filters",
        ),
    ],
)
def test_decide_list(overrides, n, expected):
    assert shown(decide(LADDER, overrides, n)) == expected


def test_what_mattered_is_told():
    overrides = [
        override("block", "i1", 1),
        override("pin", "i5", 2),
        override("boost", "i2", 3),
        override("block", "i9", 4),
        override("boost", "i4", 5),
        override("pin", "i8", 6, position=50),
    ]
    decided = decide(LADDER, overrides, 3)
    assert shown(decided) == ["i5", "i2", "i0"]
    assert sorted(decided.applied_overrides) == ["o2", "o3"], (
        "i1 stands below what was looked at; i9, i4 and i8 are not in it"
    )
    assert decided.items[0][2:] == (None, None, "override", "pinned at place 1 by override o2", False, None)
    assert decided.items[1][2:] == (
        1.6,
        0.8,
        "personal",
        "personal (by knn); boosted ×2 by override o3",
        False,
        None,
    )
    assert sorted(decide(LADDER, overrides, 4).applied_overrides) == [
        "o1",
        "o2",
        "o3",
    ]


def test_what_speaks_for_an_item_is_told():
    ladder = [
        Rung(
            "personal",
            "personal",
            [ListItem("i0", 1.0, ("knn",), ReasonItem("i7", "2026-01-05")), ListItem("i1", 0.5, ())],
        )
    ]
    reasons = [item.reason for item in decide(ladder, [], 2).items]
    assert reasons == ["personal (by knn); wanted i7 on 2026-01-05", "personal"]


@pytest.mark.parametrize(
    ("ladder", "overrides", "source"),
    [
        pytest.param(LADDER, [], "personal", id="personal"),
        pytest.param(LADDER[1:], [], "audience", id="audience"),
        pytest.param(
            [rung("personal", "gone", "sold"), LADDER[2]],
            [],
            "popular",
            id="a rung of which nothing may be shown",
        ),
        pytest.param([], [override("pin", "i1")], "override", id="pins alone"),
        pytest.param([], [], "static", id="nothing"),
    ],
)
def test_the_list_is_named_for_the_best_rung_that_gave_an_item(ladder, overrides, source):
    assert decide(ladder, overrides, 5).source == source


def test_below_zero_a_boost_still_raises():
    ladder = [
        Rung("personal", "", [ListItem("i0", -1.0, ()), ListItem("i1", -1.5, ()), ListItem("i2", -3.0, ())])
    ]
    assert shown(decide(ladder, [override("boost", "i1", factor=2)], 3)) == ["i1", "i0", "i2"]
    assert shown(decide(ladder, [override("boost", "i0", factor=0.5)], 3)) == [
        "i1",
        "i0",
        "i2",
    ]


IDS = st.sampled_from([*sorted(ELIGIBLE), "gone", "sold", "unknown"])
RULES = st.lists(
    st.builds(
        override,
        st.sampled_from(["pin", "block", "boost"]),
        IDS,
        st.integers(0, 99),
        st.integers(1, 12),
        st.floats(0.01, 100),
        st.integers(-5, 5),
    ),
    max_size=10,
)
LADDERS = st.lists(
    st.builds(
        lambda source, ids: rung(source, *ids),
        st.sampled_from(["personal", "audience", "popular", "similar"]),
        st.lists(IDS, unique=True, max_size=14),
    ),
    max_size=4,
)


@settings(deadline=None)  # other tests share the machine
@given(LADDERS, RULES, st.integers(1, 20))
def test_whatever_the_lists_and_overrides(ladder, overrides, n):
    decided = decide(ladder, overrides, n)
    ids = shown(decided)
    blocked = {one.item_id for one in overrides if one.kind == "block" and one.until > NOW}
    assert not {*ids} & blocked, "a blocked item is in no answer"
    assert not {*ids} & {"gone", "sold", "unknown"}, "nor one that may not be shown"
    assert len(ids) == len({*ids}) <= n
    assert [one.rank for one in decided.items] == list(range(1, len(ids) + 1))
    pinned = {}
    for one in sorted(overrides, key=lambda one: one.override_id):  # all are of one age
        if one.kind == "pin" and one.until > NOW and one.item_id in ELIGIBLE - blocked:
            pinned.setdefault(one.item_id, one.position)
    offered = {listed.item_id for rung in ladder for listed in rung.items} & ELIGIBLE - blocked
    assert len(ids) >= min(n, len(offered - pinned.keys())), "an answer is as full as the lists allow"
    for item_id, position in pinned.items():
        if (
            list(pinned.values()).count(position) == 1
            and not any(other < position for other in pinned.values())
            and position <= n
            and len(offered - pinned.keys()) >= position - 1  # else pins move up to fill the places before
        ):
            assert ids[position - 1] == item_id, "the pin of a place has it"
        elif item_id in ids and len(offered - pinned.keys()) >= n:
            assert ids.index(item_id) + 1 >= position, "no pin stands above its place"
    assert {*decided.applied_overrides} <= {one.override_id for one in overrides if one.until > NOW}


@settings(deadline=None)
@given(LADDERS, RULES, st.integers(1, 10), st.integers(1, 10))
def test_a_shorter_answer_is_the_beginning_of_a_longer_one(ladder, overrides, n, more):
    longer = decide(ladder, overrides, n + more)
    assert decide(ladder, overrides, n).items == longer.items[:n]
