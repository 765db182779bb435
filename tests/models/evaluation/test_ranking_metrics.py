"""The figures of ranking against NIST's trec_eval (in C, by way of pytrec_eval), by hand, and what must
always hold.
"""

import math

import numpy as np
import pytest
import pytrec_eval
from hypothesis import given, settings
from hypothesis import strategies as st

from models.evaluation.ranking_metrics import METRICS, compute_ranking_metrics

KS = (1, 3, 5, 10, 20)


def shop(seed, rows=60, items=40, length=20):
    """Random lists, some shorter than others, and random wishes, at least one a customer."""
    generator = np.random.default_rng(seed)
    listed = np.stack([generator.permutation(items)[:length] for _ in range(rows)]).astype(np.int32)
    for row, n in enumerate(generator.integers(1, length + 1, rows)):
        listed[row, n:] = -1
    wanted = generator.random((rows, items)) < generator.choice([0.03, 0.3, 0.8], (rows, 1))
    wanted[np.arange(rows), generator.integers(0, items, rows)] = True
    return listed, wanted


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_equal_to_trec_eval(seed):
    """`map` differs by definition: trec_eval divides by all that was wanted, ours by what a list of k can
    hold of it.
    """
    listed, wanted = shop(seed)
    cuts = ",".join(map(str, KS))
    judge = pytrec_eval.RelevanceEvaluator(
        {str(row): {str(item): 1 for item in np.flatnonzero(cells)} for row, cells in enumerate(wanted)},
        {f"ndcg_cut.{cuts}", f"recall.{cuts}", f"map_cut.{cuts}", f"success.{cuts}", "recip_rank"},
    )
    theirs = judge.evaluate(
        {
            str(row): {str(item): float(-place) for place, item in enumerate(items) if item >= 0}
            for row, items in enumerate(listed)
        }
    )
    ours, n = compute_ranking_metrics(listed, wanted, KS), wanted.sum(axis=1)
    for k in KS:
        their = {
            name: np.array([theirs[str(row)][f"{name}_{k}"] for row in range(len(listed))])
            for name in ("ndcg_cut", "recall", "map_cut", "success")
        }
        np.testing.assert_allclose(ours[f"ndcg@{k}"], their["ndcg_cut"], atol=1e-12)
        np.testing.assert_allclose(ours[f"recall@{k}"], their["recall"], atol=1e-12)
        np.testing.assert_allclose(ours[f"map@{k}"] * np.minimum(n, k) / n, their["map_cut"], atol=1e-12)
        np.testing.assert_allclose(ours[f"hit@{k}"], their["success"], atol=1e-12)
    whole = [theirs[str(row)]["recip_rank"] for row in range(len(listed))]
    np.testing.assert_allclose(ours["mrr@20"], whole, atol=1e-12)


def test_by_hand():
    """Places 2 and 4 of five are hits, three things were wanted."""
    found = compute_ranking_metrics(
        np.array([[9, 1, 8, 0, 7]]), np.isin(np.arange(10), [0, 1, 5])[None], (1, 4, 5)
    )
    gained, best = 1 / math.log2(3) + 1 / math.log2(5), 1 + 1 / math.log2(3) + 1 / math.log2(4)
    assert found["ndcg@5"][0] == pytest.approx(gained / best)
    assert found["recall@4"][0] == pytest.approx(2 / 3)
    assert found["mrr@5"][0] == 0.5
    assert found["map@5"][0] == pytest.approx((1 / 2 + 2 / 4) / 3)
    assert [found[f"{metric}@1"][0] for metric in METRICS] == [0.0] * 5
    assert found["hit@4"][0] == 1.0


def test_a_list_shorter_than_the_cut_is_one_with_nothing_more_in_it():
    short, long = np.array([[3, 1]]), np.array([[3, 1, -1, -1]])
    wanted = np.isin(np.arange(5), [1, 2])[None]
    assert compute_ranking_metrics(short, wanted, (4,)) == compute_ranking_metrics(long, wanted, (4,))


def test_no_item_is_a_miss_in_its_place():
    found = compute_ranking_metrics(np.array([[-1, 3]]), np.isin(np.arange(5), [3])[None], (2,))
    assert found["ndcg@2"][0] == pytest.approx(1 / math.log2(3)) and found["mrr@2"][0] == 0.5


def test_who_wants_nothing_has_nought():
    found = compute_ranking_metrics(np.array([[0, 1]]), np.zeros((1, 3), bool), (2,))
    assert all(values[0] == 0 for values in found.values())


@settings(max_examples=60)
@given(st.integers(0, 10_000), st.integers(1, 20))
def test_what_always_holds(seed, k):
    """Shares lie in 0…1; what was wanted first is best; a hit moved up never lowers a figure; more places
    never lose a hit.
    """
    listed, wanted = shop(seed, rows=8, items=25)
    found = compute_ranking_metrics(listed, wanted, (k, k + 1))
    assert all((values >= 0).all() and (values <= 1 + 1e-12).all() for values in found.values())
    best = np.argsort(~wanted, axis=1, kind="stable")[:, :20].astype(np.int32)
    ideal = compute_ranking_metrics(best, wanted, (k,))
    assert ideal[f"ndcg@{k}"] == pytest.approx(1.0) and ideal[f"map@{k}"] == pytest.approx(1.0)
    for metric in ("recall", "hit", "mrr"):
        assert (found[f"{metric}@{k + 1}"] >= found[f"{metric}@{k}"]).all()
    hits = np.take_along_axis(wanted, np.maximum(listed, 0), axis=1) & (listed >= 0)
    row, place = 0, int(hits[0, 1:].argmax()) + 1
    if hits[row, place]:
        moved = listed[:1].copy()
        moved[0, [place - 1, place]] = moved[0, [place, place - 1]]
        better = compute_ranking_metrics(moved, wanted[:1], (k,))
        assert all(better[f"{metric}@{k}"][0] >= found[f"{metric}@{k}"][0] - 1e-12 for metric in METRICS)
