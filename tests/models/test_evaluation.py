"""The evaluator against one written item by item, against a figure worked out by hand, and against leaks."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.base import PURCHASE, Behaviour
from models.evaluation import interval, measure
from models.evaluation.ranking import rank_metrics
from models.inference import top_n
from models.split import OverlapError, Windows, case, windows


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
    found = rank_metrics(np.array([listed]), cells, (k,))
    assert [found[f"{metric}@{k}"][0] for metric in ("ndcg", "recall", "mrr")] == pytest.approx(by_hand(listed, wanted))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_top_n_equals_sorting(data):
    scores = np.array(data.draw(st.lists(st.sampled_from([-np.inf, -1.0, 0.0, 0.5, 2.0]), min_size=1, max_size=15)), np.float32)
    allowed = np.array(data.draw(st.lists(st.booleans(), min_size=len(scores), max_size=len(scores))))
    n = data.draw(st.integers(1, 20))
    items, _ = top_n(scores[None, :], n, allowed)
    expected = sorted((i for i in range(len(scores)) if allowed[i] and np.isfinite(scores[i])), key=lambda i: (-scores[i], i))[:n]
    assert [item for item in items[0] if item >= 0] == expected


def test_the_two_tasks_by_hand():
    """Customer 0 had item 0, then bought 0 and 1. Scores rank 0 > 2 > 1: next has hits at 1 and 3, discover (0 masked) at 2."""
    train, test = shop([(0, 0, 1), (1, 2, 2)], 2, 3), shop([(0, 0, 5), (0, 1, 5)], 2, 3)
    asked = case(train, test, np.ones(3, bool))
    assert asked.customers.tolist() == [0]
    found = measure(np.array([[3.0, 1.0, 2.0]]), asked, np.ones(3, bool), k=3)
    assert found.ndcg["next"][0] == pytest.approx((1 + 1 / 2) / (1 + 1 / math.log2(3)))
    assert found.ndcg["discover"][0] == pytest.approx(1 / math.log2(3))
    assert found.mrr["discover"][0] == pytest.approx(0.5)
    assert found.recall["next"][0] == 1.0
    assert found.coverage == {"discover": pytest.approx(2 / 3), "next": 1.0}
    assert found.novelty["next"][0] == pytest.approx((1 + 1 - math.log2(0.5 / 2)) / 3)  # shares 1/2, 1/2, half of one in two
    assert found.quality[0] == pytest.approx((found.ndcg["next"][0] + found.ndcg["discover"][0]) / 2)


def test_a_customer_who_bought_nothing_new_counts_in_next_only():
    asked = case(shop([(0, 0, 1)], 1, 2), shop([(0, 0, 5)], 1, 2), np.ones(2, bool))
    found = measure(np.array([[2.0, 1.0]]), asked, np.ones(2, bool))
    assert np.isnan(found.ndcg["discover"][0])
    assert found.quality[0] == found.ndcg["next"][0] == 1.0


def test_what_is_bought_once_is_not_listed_again():
    asked = case(shop([(0, 0, 1)], 1, 2), shop([(0, 0, 5), (0, 1, 5)], 1, 2), np.ones(2, bool))
    found = measure(np.array([[2.0, 1.0]]), asked, np.ones(2, bool), excluded=asked.seen)
    assert found.mrr["next"][0] == 1.0
    assert found.recall["next"][0] == 0.5


def test_a_test_that_shares_a_day_with_training_is_refused():
    train = shop([(0, 0, 1), (0, 1, 5)], 1, 2)
    with pytest.raises(OverlapError, match="begins on day 5"):
        case(train, shop([(0, 1, 5)], 1, 2), np.ones(2, bool))
    assert case(train, shop([(0, 1, 6)], 1, 2), np.ones(2, bool)).customers.tolist() == [0]


def test_training_before_a_day_holds_nothing_of_it():
    behaviour = shop([(0, item, day) for day, item in enumerate([0, 1, 0, 1, 1])], 1, 2)
    early = behaviour.before(3)
    assert early.day.max() == 2
    assert early.until == 3


@pytest.mark.parametrize(
    ("n_days", "window"),
    [
        pytest.param(5, None, id="too short to test anything"),
        pytest.param(6, 1, id="six days have windows of one"),
        pytest.param(45, 7, id="the sample shop's first 45 days"),
        pytest.param(374, 28, id="Online Retail"),
    ],
)
def test_windows(n_days, window):
    found = windows(100, 100 + n_days)
    assert found == (None if window is None else Windows(100 + n_days - 2 * window, 100 + n_days - window, 100 + n_days))


def test_the_sample_of_customers_is_the_seeds():
    train, test = shop([(c, 0, 1) for c in range(50)], 50, 2), shop([(c, 1, 5) for c in range(50)], 50, 2)
    one, same, other = (case(train, test, np.ones(2, bool), most=10, seed=seed).customers for seed in (1, 1, 2))
    assert len(one) == 10
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_the_interval_holds_the_mean_as_often_as_it_says():
    """200 samples of 80 from a uniform distribution of mean 0.5: a 90 % interval misses it in 20, give or take 13 (3 sd)."""
    generator = np.random.default_rng(5)
    missed = 0
    for n in range(200):
        _, low, high = interval(generator.random(80), seed=n, draws=200, level=0.9)
        missed += not low <= 0.5 <= high
    assert 7 <= missed <= 33


def test_the_interval_leaves_nan_out():
    assert interval(np.array([1.0, np.nan, 1.0])) == (1.0, 1.0, 1.0)
    assert np.isnan(interval(np.array([np.nan]))[0])
