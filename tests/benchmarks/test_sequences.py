"""Sessions are cut where they should be, lists are counted as a list is, and a climb finds what is best."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.anonymous_sessions import build_training, collect_test_cases, group_sessions, rank_next_items
from benchmarks.beauty_blend.__main__ import drop_unfittable_parts, prune_parts
from benchmarks.beauty_blend.linear_blend import compute_metrics, correct_scores, optimise_weights
from models.data_shape import DataShape
from models.recommenders import build_recommender

EVENTS = pd.DataFrame(
    [(1, 0, 10), (1, 60, 11), (1, 1860, 10), (1, 3661, 12), (2, 5, 10), (1, 90_000, 11), (1, 90_001, 12)],
    columns=["visitor_id", "timestamp", "item_id"],
)


def test_half_an_hour_without_an_event_ends_a_session():
    """1,800 seconds idle is still the same session, 1,801 are not; a repeated item counts once, where it came
    first.
    """
    found = group_sessions(EVENTS)
    number = np.random.default_rng(0).permutation(3)
    assert found.items == [[number[0], number[1]], [number[0]], [number[2]], [number[1], number[2]]]
    assert found.began.tolist() == [0, 5, 3661, 90_000]


def test_what_is_asked_is_not_what_was_fitted():
    found = group_sessions(EVENTS)
    known = build_training(found, 90_000)
    assert known.behaviour.n_customers == 3 and len(known.behaviour) == 4
    cases = collect_test_cases(found, 90_000, 90_002)
    assert cases == [(found.items[3][:1], found.items[3][1])]
    assert collect_test_cases(found, 0, 90_000) == [(found.items[0][:1], found.items[0][1])]


def test_a_place_is_the_place_in_the_list():
    """After item 1 came item 2 in every session but one; popularity alone puts the session's own first click
    elsewhere.
    """
    rows = [
        (visitor, 10 * step, item)
        for visitor, items in enumerate([[1, 2], [1, 2], [1, 3], [4, 3], [5, 3]])
        for step, item in enumerate(items)
    ]
    found = group_sessions(pd.DataFrame(rows, columns=["visitor_id", "timestamp", "item_id"]))
    one, two, three = found.items[0][0], found.items[0][1], found.items[2][1]
    model = build_recommender("transitions", {"half_life_days": None, "popularity_power": 0.0}).fit(
        build_training(found, 10**6), 0
    )
    place, _ = rank_next_items(model, [([one], two), ([one], three), ([two], 10**6)], found.n_items)
    assert place.tolist() == [0, 1, -1]


def test_equals_stand_in_the_order_of_their_positions():
    query, wanted = np.array([0, 0, 0, 1, 1]), np.array([False, True, False, True, False])
    ndcg, hit = compute_metrics(np.array([1.0, 1.0, 1.0, 1.0, 1.0]), query, wanted, 3, k=1)
    assert hit.tolist() == [0.0, 1.0, 0.0]  # the third query was proposed nothing it wanted
    ndcg, _ = compute_metrics(np.array([1.0, 1.0, 1.0, 1.0, 1.0]), query, wanted, 3, k=2)
    assert ndcg == pytest.approx([1 / np.log2(3), 1.0, 0.0])


def test_a_climb_turns_off_what_only_misleads():
    """One part is right of everybody, one is its opposite."""
    generator = np.random.default_rng(1)
    query, wanted = np.repeat(np.arange(200), 20), np.tile(np.arange(20) == 0, 200)
    right = wanted * 0.5 + generator.random(4000) * 0.4
    table = np.stack([right, 1.0 - wanted], axis=1)
    weights, reached = optimise_weights(table, query, wanted, 200)
    assert weights[1] == 0.0 and reached > 0.99


def test_a_catalogue_too_large_for_a_part_is_blended_without_it(monkeypatch, capsys):
    """12,910 items: the dense inverse of EASE would take more than its 2 GB. Settled by the shape alone:
    nothing is fitted.
    """
    weights = {"ease": 1.4, "transitions": 1.4, "rp3beta": 0.7}
    for n_items, left in ((12_909, set(weights)), (12_910, {"transitions", "rp3beta"})):
        shape = DataShape(22_363, n_items, n_items, 131_413, 131_413, 60_000, 22_363, 0)
        monkeypatch.setattr(DataShape, "from_training", lambda training, shape=shape: shape)
        made = drop_unfittable_parts(weights, None)
        assert set(made["weights"]) == left and sum(made["weights"].values()) == pytest.approx(3.5)
    assert made["weights"] == pytest.approx({"transitions": 3.5 * 2 / 3, "rp3beta": 3.5 / 3})
    assert capsys.readouterr().out.startswith("left out: ease: needs 1,907 MiB")


def test_what_is_not_worth_its_place_goes_and_the_weights_climb_again(capsys):
    """Two parts are right of many in ways of their own, one is chance."""
    generator = np.random.default_rng(5)
    query, wanted = np.repeat(np.arange(300), 20), np.tile(np.arange(20) == 0, 300)
    right = wanted * 0.3 + generator.random((2, 6000)) * 0.5
    prune_parts(
        ("right", "too", "chance"),
        np.stack([*right, generator.random(6000) * 0.05], axis=1),
        query,
        wanted,
        300,
        {"right": 3.0},
    )
    said = capsys.readouterr().out.strip().splitlines()
    assert any(line.strip().startswith("chance") and line.endswith(": goes") for line in said)
    last = [line for line in said if line.strip().startswith("NDCG@10")][-1]
    assert '"chance"' not in last and '"right"' in last and '"too"' in last


def test_trees_learn_what_a_sum_cannot():
    """What is wanted has both parts' opinions middling; a sum prefers what one part praises alone."""
    generator = np.random.default_rng(2)
    n, each = 600, 12
    query, wanted = np.repeat(np.arange(n), each), np.tile(np.arange(each) == 3, n)
    lone = generator.random(n * each) < 0.5
    high, low = 0.8 + 0.2 * generator.random(n * each), 0.05 * generator.random(n * each)
    middling = 0.25 + 0.02 * generator.random((n * each, 2))
    table = np.where(
        wanted[:, None], middling, np.stack([np.where(lone, high, low), np.where(lone, low, high)], axis=1)
    )
    asked_of = query >= n // 2
    weights = np.ones(2)
    learn = (query[~asked_of], wanted[~asked_of], table[~asked_of])
    ask, right = (query[asked_of] - n // 2, table[asked_of]), wanted[asked_of]
    scores = correct_scores(learn, ask, weights)
    assert compute_metrics(scores, ask[0], right, n // 2, k=1)[1].mean() > 0.9
    assert compute_metrics(ask[1] ** 0.5 @ weights, ask[0], right, n // 2, k=1)[1].mean() < 0.5
