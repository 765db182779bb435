"""What a score is made of adds up to it, whatever the session, fatigue and overrides did to it."""

from decimal import Decimal
from itertools import count

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expectations.contracts.snapshot import ListItem
from serving_app.live.state import Exposure, LiveState
from serving_app.overrides.index import OverrideIndex
from serving_app.recommendations.decide import decide_list
from serving_app.recommendations.decision import Fatigue, Rules
from serving_app.recommendations.ladder import POPULAR, Rung
from serving_app.recommendations.live_rung import steer_rungs
from serving_app.recommendations.trace import Trace
from tests.serving_app.recommendations.calls import get
from tests.serving_app.recommendations.test_decide import override
from tests.serving_app.recommendations.test_decide_oracle import FACTS
from tests.serving_app.recommendations.test_steering import NOW, build_snapshot, did

COHORTS = [(False, most, 1.0, (0.7, 1.3, 2.1), (0.3, 1.1, 0.9), 0.0) for most in (1, 2)]
SNAPSHOT = build_snapshot(COHORTS)
NAMES = st.sampled_from("abcdef")
SCORES = st.integers(-2_000_000, 2_000_000).map(lambda millionths: millionths / 1e6)
BOOSTS = st.lists(
    st.tuples(NAMES, st.sampled_from([("boost", 1.7), ("boost", 3.0), ("bury", 0.3), ("bury", 0.0)])),
    max_size=4,
)


def decide(items, events=(), n_shown=(), boosts=(), trace=True):
    live = LiveState(tuple(events), exposures={item: Exposure(n, NOW) for item, n in dict(n_shown).items()})
    overrides = [
        override(kind, item, number, factor=factor) for number, (item, (kind, factor)) in enumerate(boosts)
    ]
    rules = Rules(
        n=6,
        find_removal=lambda item_id: None,
        read_item=lambda item_id: FACTS,
        overrides=OverrideIndex(overrides).select(None, (), None, NOW),
        fatigue=Fatigue(0.1, 1),
    )
    rungs = steer_rungs([Rung(POPULAR, "popular", items)], live, SNAPSHOT, NOW)
    return decide_list(rungs, live, rules, NOW, Trace(count().__next__) if trace else None)


def add_up(item):
    return sum(Decimal(repr(one.adds)) for one in item.contributions)


@given(
    st.dictionaries(NAMES, SCORES, min_size=1),
    st.lists(NAMES, max_size=2),
    st.dictionaries(NAMES, st.integers(1, 9)),
    BOOSTS,
)
def test_the_parts_of_a_score_add_up_to_it(scores, viewed, n_shown, boosts):
    ordered = sorted(scores, key=scores.get, reverse=True)
    items = [ListItem(item, scores[item], ("m",)) for item in ordered]
    events = [did(item, minutes_ago=9 - number) for number, item in enumerate(dict.fromkeys(viewed))]
    decision = decide(items, events, n_shown, boosts)
    assert decision.items
    for item in decision.items:
        assert add_up(item) == Decimal(repr(item.score)), item
        before = sum(Decimal(repr(one.adds)) for one in item.contributions if one.of in ("list", "session"))
        assert before == Decimal(repr(item.base_score))
        assert item.contributions[0].of == "list"
    plain = decide(items, events, n_shown, boosts, trace=False)
    assert [one._replace(contributions=None) for one in decision.items] == [*plain.items]


def test_the_parts_by_hand():
    """a was viewed: e and f are similar to it by 1 and 1/2, d and e follow it by .3 and .15."""
    popular = [ListItem(item, 1.0 - place / 10, ("m",)) for place, item in enumerate("abcd")]
    decision = decide(popular, [did("a")], {"e": 3}, [("d", ("boost", 2.0)), ("f", ("bury", 0.0))])
    parts = {
        item.item_id: [(one.of, one.adds, one.factor) for one in item.contributions]
        for item in decision.items
    }
    place = 1 - np.log(4) / np.log(5)  # of the last of four
    approximately = lambda value: pytest.approx(value, abs=2e-5)  # noqa: E731 - scores are packed in steps
    assert parts["a"] == [("list", 1.0, None)]
    assert parts["d"] == [
        ("list", approximately(place), None),
        ("session", approximately(0.3 * 0.3), None),
        ("boost", approximately(place + 0.09), 2.0),
    ]
    gained = 0.7 + 0.3 * 0.15
    assert parts["e"] == [
        ("list", 0.0, None),
        ("session", approximately(gained), None),
        ("fatigue", approximately(-gained * 0.19), approximately(0.81)),
    ]
    assert parts["f"][2] == ("boost", approximately(-0.35), 0.0)
    assert decision.items[-1].item_id == "f"


def test_an_answer_has_them_where_they_are_asked_for(shop):
    boost = {"kind": "boost", "item_id": "item-03", "factor": 2, "until": "2026-02-22T00:00:00Z"}
    made = shop.client.post("/v1/overrides", json=boost).json
    answer = get(shop, customer_id="c_regular", n=3, explain="true")
    base, score = answer["items"][0]["base_score"], answer["items"][0]["score"]
    assert answer["items"][0]["contributions"] == [
        {"of": "list", "adds": base, "factor": None, "override_id": None},
        {"of": "boost", "adds": round(score - base, 9), "factor": 2.0, "override_id": made["override_id"]},
    ]
    assert "contributions" not in get(shop, customer_id="c_regular", n=3)["items"][0]


def test_no_score_has_more_than_nine_decimals(shop):
    shop.client.post(
        "/v1/overrides",
        json={"kind": "boost", "item_id": "item-03", "factor": 1.1, "until": "2026-02-22T00:00:00Z"},
    )
    [score] = [
        item["score"] for item in get(shop, customer_id="c_regular")["items"] if item["item_id"] == "item-03"
    ]
    assert -Decimal(repr(score)).as_tuple().exponent <= 9, score
