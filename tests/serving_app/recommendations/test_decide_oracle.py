"""`decide_list` against the rules written down plainly, and its diversity against that of tables of lists."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from expectations.contracts.snapshot import ItemFacts
from models.listing.diversity import Diversification, diversify_lists
from serving_app.live.state import Exposure, LiveState, RecentEvent
from serving_app.overrides.index import OverrideIndex
from serving_app.recommendations.decide import decide_list
from serving_app.recommendations.decision import Fatigue, Rules
from serving_app.recommendations.diversity import compute_likeness, diversify
from tests.serving_app.recommendations.test_decide import NOW, override, rung

FACTS = ItemFacts(None, None, None, None, None, None, True, True)
ITEMS = {
    f"i{n}": FACTS._replace(category=("tea", "mugs", None)[n % 3], brand=("Acme", None)[n % 2])
    for n in range(14)
}
HIDDEN = {"i12", "i13"}
NAMES = st.sampled_from(sorted(ITEMS))
LISTS = st.lists(NAMES, unique=True, max_size=10)
KINDS = {"block": 1.0, "boost": 3.0, "bury": 0.5, "pin": 1.0}
OVERRIDES = st.lists(st.tuples(st.sampled_from(sorted(KINDS)), NAMES, st.integers(1, 8)), max_size=8)


def decide_plainly(lists, overrides, gone, shown_often, n, cap, mode):
    """The ids of a list, one rule after another.

    Args:
        overrides: kind, item and position, oldest first.
        gone: items that were bought, lie in the cart or are hidden.
        shown_often: items that have lost a tenth of their score.
    """
    out = gone | {item_id for kind, item_id, _ in overrides if kind == "block"}
    pins = {}
    for kind, item_id, position in overrides:
        if kind == "pin" and item_id not in out:
            pins.setdefault(item_id, position)
    waiting = sorted(pins.items(), key=lambda pin: pin[1])
    if mode == "strict":
        lists = next(([one] for one in lists if one), [])
    candidates = []
    for one in lists:
        scores = {item_id: 1 - place / 10 for place, item_id in enumerate(one)}
        for item_id in one:
            scores[item_id] *= 0.9 if item_id in shown_often else 1.0
            for kind, target, _ in overrides:
                if target == item_id and kind in ("boost", "bury"):
                    scores[item_id] *= KINDS[kind]
        ordered = sorted(one, key=lambda item_id: -scores[item_id])
        candidates += [one for one in ordered if one not in out and one not in pins and one not in candidates]
    used = {}

    def fits(item_id):
        category = ITEMS[item_id].category
        return cap is None or category is None or used.get(category, 0) < cap

    def use(item_id):
        used[ITEMS[item_id].category] = used.get(ITEMS[item_id].category, 0) + 1

    reserved = []
    for item_id, position in waiting:
        if position > n or fits(item_id):
            reserved.append((item_id, position))
            if position <= n:
                use(item_id)
    shown = []
    while len(shown) < n:
        candidates = [item_id for item_id in candidates if fits(item_id)]
        if reserved and (reserved[0][1] <= len(shown) + 1 or not candidates):
            item_id, position = reserved.pop(0)
            if position > n and not fits(item_id):
                continue
            if position > n:
                use(item_id)
            shown.append(item_id)
        elif candidates:
            shown.append(candidates.pop(0))
            use(shown[-1])
        else:
            break
    return shown


@settings(deadline=None, max_examples=200)
@given(
    st.tuples(LISTS, LISTS, LISTS),
    OVERRIDES,
    st.sets(NAMES, max_size=3),
    st.sets(NAMES, max_size=3),
    st.sets(NAMES, max_size=4),
    st.integers(1, 12),
    st.none() | st.integers(1, 3),
    st.sampled_from(["fill", "strict"]),
)
def test_decide_list_is_what_the_rules_say(lists, rows, bought, cart, often, n, cap, mode):
    overrides = [
        override(kind, item_id, number + 10, position, KINDS[kind])
        for number, (kind, item_id, position) in enumerate(rows)
    ]
    live = LiveState(
        tuple(RecentEvent(item_id, "purchase", NOW) for item_id in sorted(bought)),
        dict.fromkeys(cart, 1),
        {item_id: Exposure(4, NOW) for item_id in often},
    )
    rules = Rules(
        n,
        lambda item_id: "hidden" if item_id in HIDDEN else None,
        ITEMS.get,
        OverrideIndex(overrides).select(None, (), None, NOW),
        mode=mode,
        max_per_category=cap,
        fatigue=Fatigue(0.1, 3),
        leaves_out_cart=True,
    )
    ladder = [rung(name, *ids) for name, ids in zip(("personal", "audience", "popular"), lists, strict=True)]
    expected = decide_plainly(lists, rows, bought | cart | HIDDEN, often, n, cap, mode)
    assert [item.item_id for item in decide_list(ladder, live, rules, NOW).items] == expected


@settings(deadline=None)
@given(
    st.lists(st.tuples(NAMES, st.integers(0, 20)), min_size=1, max_size=10, unique_by=lambda row: row[0]),
    st.sampled_from([0.1, 0.25, 0.5, 0.9, 1.0]),
)
def test_one_list_is_diversified_as_tables_of_lists_are(rows, weight):
    rows = sorted(rows, key=lambda row: -row[1])
    facts = [ITEMS[item_id] for item_id, _ in rows]
    alike = np.array([[compute_likeness(one, other) for other in facts] for one in facts])
    np.fill_diagonal(alike, 0.0)
    above, order = [], []
    for place in diversify(range(len(rows)), lambda at: (facts[at], float(rows[at][1])), above, weight):
        order.append(place)
        above.append(facts[place])
    [expected] = diversify_lists(
        np.arange(len(rows))[None, :],
        np.array([[float(score) for _, score in rows]]),
        Diversification(weight),
        sparse.csr_matrix(alike),
        None,
    )
    assert order == expected.tolist()
