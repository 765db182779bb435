"""The evaluator against one written item by item and against figures worked out by hand; in
blocks as in one.
"""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.evaluation import (
    TASKS,
    EvaluationOptions,
    evaluate_lists,
    evaluate_scores,
    evaluate_scores_in_blocks,
)
from models.evaluation.ranking_metrics import compute_ranking_metrics
from models.inference import select_top_items
from models.time_split import build_holdout_case
from models.training_data import PURCHASE, Behaviour


def shop(rows, n_customers, n_items):
    rows = sorted(rows)
    columns = [np.array([row[n] for row in rows], np.int32) for n in range(3)]
    kind = np.full(len(rows), PURCHASE, np.int8)
    return Behaviour(n_customers, n_items, *columns, kind, until=max((row[2] for row in rows), default=0) + 1)


def by_hand(listed, wanted):
    """NDCG, recall and reciprocal rank, one item after the other."""
    gain = sum(1 / math.log2(place + 2) for place, item in enumerate(listed) if item in wanted)
    ideal = sum(1 / math.log2(place + 2) for place in range(min(len(listed), len(wanted))))
    first = next((1 / (place + 1) for place, item in enumerate(listed) if item in wanted), 0.0)
    return gain / ideal, len(set(listed) & wanted) / len(wanted), first


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_rank_metrics_equal_the_plain_definition(data):
    n_items = data.draw(st.integers(3, 12))
    k = data.draw(st.integers(1, n_items))
    listed = data.draw(st.permutations(range(n_items)))[:k]
    wanted = data.draw(st.sets(st.integers(0, n_items - 1), min_size=1))
    cells = np.isin(np.arange(n_items), list(wanted))[None, :]
    found = compute_ranking_metrics(np.array([listed]), cells, (k,))
    assert [found[f"{metric}@{k}"][0] for metric in ("ndcg", "recall", "mrr")] == pytest.approx(
        by_hand(listed, wanted)
    )


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_top_n_equals_sorting(data):
    scores = np.array(
        data.draw(st.lists(st.sampled_from([-np.inf, -1.0, 0.0, 0.5, 2.0]), min_size=1, max_size=15)),
        np.float32,
    )
    allowed = np.array(data.draw(st.lists(st.booleans(), min_size=len(scores), max_size=len(scores))))
    n = data.draw(st.integers(1, 20))
    items, _ = select_top_items(scores[None, :], n, allowed)
    expected = sorted(
        (i for i in range(len(scores)) if allowed[i] and np.isfinite(scores[i])),
        key=lambda i: (-scores[i], i),
    )[:n]
    assert [item for item in items[0] if item >= 0] == expected


def test_the_two_tasks_by_hand():
    """Customer 0 had item 0, then bought 0 and 1. Scores rank 0 > 2 > 1: next has hits at 1 and 3, discover
    (0 masked) at 2.
    """
    train, test = shop([(0, 0, 1), (1, 2, 2)], 2, 3), shop([(0, 0, 5), (0, 1, 5)], 2, 3)
    asked = build_holdout_case(train, test, np.ones(3, bool))
    assert asked.customers.tolist() == [0]
    found = evaluate_scores(np.array([[3.0, 1.0, 2.0]]), asked, np.ones(3, bool), EvaluationOptions((3,)))
    assert found.ndcg["next"][0] == pytest.approx((1 + 1 / 2) / (1 + 1 / math.log2(3)))
    assert found.ndcg["discover"][0] == pytest.approx(1 / math.log2(3))
    assert found.mrr["discover"][0] == pytest.approx(0.5)
    assert found.recall["next"][0] == 1.0
    assert found.coverage == {"discover": pytest.approx(2 / 3), "next": 1.0}
    # shares 1/2, 1/2, half of one in two
    assert found.novelty["next"][0] == pytest.approx((1 + 1 - math.log2(0.5 / 2)) / 3)
    assert found.quality[0] == pytest.approx((found.ndcg["next"][0] + found.ndcg["discover"][0]) / 2)


def test_a_customer_who_bought_nothing_new_counts_in_next_only():
    asked = build_holdout_case(shop([(0, 0, 1)], 1, 2), shop([(0, 0, 5)], 1, 2), np.ones(2, bool))
    found = evaluate_scores(np.array([[2.0, 1.0]]), asked, np.ones(2, bool))
    assert np.isnan(found.ndcg["discover"][0])
    assert found.quality[0] == found.ndcg["next"][0] == 1.0


def test_what_is_bought_once_is_not_listed_again():
    asked = build_holdout_case(shop([(0, 0, 1)], 1, 2), shop([(0, 0, 5), (0, 1, 5)], 1, 2), np.ones(2, bool))
    found = evaluate_scores(
        np.array([[2.0, 1.0]]), asked, np.ones(2, bool), EvaluationOptions(excluded=asked.seen)
    )
    assert found.mrr["next"][0] == 1.0
    assert found.recall["next"][0] == 0.5


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.integers(1, 7))
def test_blocks_do_not_matter(seed, block):
    """The same figures whether all customers are scored at once or a few at a time."""
    generator = np.random.default_rng(seed)
    rows = [(c, i, d) for c in range(9) for d in (1, 2, 6, 7) for i in generator.choice(12, 2, replace=False)]
    asked = build_holdout_case(
        shop([r for r in rows if r[2] < 5], 9, 12),
        shop([r for r in rows if r[2] > 5], 9, 12),
        np.ones(12, bool),
    )
    scores, allowed = generator.random((len(asked), 12)).round(1), generator.random(12) < 0.9
    whole = evaluate_scores(scores, asked, allowed, EvaluationOptions((3,)))
    parts = evaluate_scores_in_blocks(
        lambda places: scores[places], asked, allowed, EvaluationOptions((3,), block=block)
    )
    assert whole.lists == parts.lists
    for task in TASKS:
        for name, values in whole.figures[task].items():
            np.testing.assert_array_equal(values, parts.figures[task][name])


def test_the_first_cut_is_the_one_that_choices_are_made_on():
    asked = build_holdout_case(shop([(0, 0, 1)], 1, 4), shop([(0, 3, 5)], 1, 4), np.ones(4, bool))
    found = evaluate_scores_in_blocks(
        lambda _: np.array([[4.0, 3.0, 2.0, 1.0]]),
        asked,
        np.ones(4, bool),
        EvaluationOptions((2, 4), ("next",)),
    )
    assert found.figures["next"]["hit@2"][0] == 0 and found.figures["next"]["hit@4"][0] == 1
    assert found.ndcg["next"][0] == 0 and found.quality[0] == 0
    assert found.coverage["next"] == 0.5


def test_lists_made_elsewhere_count_as_those_made_here():
    asked = build_holdout_case(
        shop([(0, 0, 1), (1, 1, 1)], 2, 3), shop([(0, 0, 5), (0, 2, 5), (1, 1, 6)], 2, 3), np.ones(3, bool)
    )
    scores = np.array([[3.0, 2.0, 1.0], [1.0, 2.0, 3.0]])
    here = evaluate_scores(scores, asked, np.ones(3, bool), EvaluationOptions((3,)))
    there = evaluate_lists(
        {"discover": np.array([[1, 2, -1], [2, 0, -1]]), "next": np.array([[0, 1, 2], [2, 1, 0]])}, asked, 3
    )
    for task in TASKS:
        for name, values in here.figures[task].items():
            np.testing.assert_array_equal(values, there.figures[task][name])
    assert here.lists == there.lists


def test_only_items_of_a_slice_count_in_its_figures():
    """Items 0 and 2 are wanted and listed at places 1 and 3; of the slice {2}, the hit is at place 3."""
    asked = build_holdout_case(shop([(0, 1, 1)], 1, 3), shop([(0, 0, 5), (0, 2, 5)], 1, 3), np.ones(3, bool))
    of = {"new": np.array([False, False, True]), "gone": np.array([False, True, False])}
    found = evaluate_scores(
        np.array([[3.0, 2.0, 1.0]]), asked, np.ones(3, bool), EvaluationOptions((3,), item_slices=of)
    ).figures["next"]
    assert found["ndcg@3 new"][0] == pytest.approx(1 / math.log2(4))
    assert np.isnan(found["ndcg@3 gone"][0])
