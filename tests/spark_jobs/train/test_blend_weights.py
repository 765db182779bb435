"""Weights of a blend: no neighbour is better, a part that adds nothing is left out, the budget ends it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from models.evaluation import evaluate_scores
from models.time_split import HoldoutCase
from spark_jobs.train.blend_weights import ScoredRecipe, select_weights
from spark_jobs.train.budget import SearchBudget
from spark_jobs.train.matrices import TrainingMatrices

N, ITEMS = 30, 25
STEPS = [0.0, 0.5, 1.0]
NOBODY = np.zeros(0, "S1")
EVERYTHING = np.ones(ITEMS, bool)
MATERIAL = TrainingMatrices(None, NOBODY, NOBODY, {}, EVERYTHING, EVERYTHING, 0)


def case_of(wanted):
    nothing = sparse.csr_matrix((N, ITEMS), dtype=bool)
    return HoldoutCase(np.arange(N), nothing, sparse.csr_matrix(wanted), np.ones(N, int), np.full(ITEMS, 0.5))


def a_case(seed):
    """What customers want, and three parts: one that half knows, one that knows the other half, one that
    guesses.
    """
    generator = np.random.default_rng(seed)
    wanted = generator.random((N, ITEMS)) < 0.15
    halves = np.arange(ITEMS) < ITEMS // 2
    noise = generator.random((3, N, ITEMS)).astype(np.float32) * 0.4
    units = [np.where(wanted & halves, 0.8, noise[0]), np.where(wanted & ~halves, 0.6, noise[1]), noise[2]]
    names = ("own_history", "user_knn", "popularity")
    return case_of(wanted), [
        ScoredRecipe(name, {"n": n}, unit.astype(np.float32))
        for n, (name, unit) in enumerate(zip(names, units, strict=True))
    ]


def space(**more):
    return {"start": {"own_history": 0.5}, "steps": STEPS, "least": {}, **more}


def worth(weights, candidates, test):
    total = sum(np.float32(weights.get(one.part, 0.0)) * one.units for one in candidates)
    quality = evaluate_scores(
        np.where(total > 0, total, -np.inf).astype(np.float32), test, EVERYTHING
    ).quality
    return float(np.nanmean(quality))


@settings(max_examples=15)
@given(st.integers(0, 10_000))
def test_no_single_weight_would_be_better(seed):
    test, candidates = a_case(seed)
    found = select_weights(MATERIAL, candidates, test, space(), SearchBudget(100.0, 0))
    *sweeps, last = found.trials
    weights = {name.removeprefix("weight."): weight for name, weight in sweeps[-1].parameters.items()}
    said = sweeps[-1].metrics["quality"]
    assert said == pytest.approx(worth(weights, candidates, test), abs=1e-9)
    if len(sweeps) > 1 and sweeps[-1].parameters == sweeps[-2].parameters:  # the sweeps came to rest
        for one in candidates:
            for step in STEPS:
                other = {**weights, one.part: step}
                assert not any(other.values()) or worth(other, candidates, test) <= said + 1e-9
    kept = found.configuration["weights"]
    assert kept.items() <= weights.items(), "pruning takes parts away and leaves the others as they are"
    assert last.metrics["quality"] == pytest.approx(worth(kept, candidates, test), abs=1e-9)
    for part in weights.keys() - kept.keys():
        assert last.metrics[f"adds.{part}.low"] <= 0


def test_complementary_parts_are_both_selected_with_their_parameters():
    test, candidates = a_case(1)
    found = select_weights(MATERIAL, candidates, test, space(), SearchBudget(100.0, 0)).configuration
    assert found["parts"] == {"own_history": {"n": 0}, "user_knn": {"n": 1}}


def test_a_redundant_part_is_left_out():
    test, candidates = a_case(2)
    twin = ScoredRecipe("item_knn", {}, candidates[0].units)
    start = {"own_history": 1.0, "item_knn": 0.5}
    found = select_weights(MATERIAL, [candidates[0], twin], test, space(start=start), SearchBudget(100.0, 0))
    assert set(found.configuration["weights"]) == {"own_history"}, "the lighter of the two is asked first"
    held = select_weights(
        MATERIAL,
        [candidates[0], twin],
        test,
        space(start=start, least={"item_knn": 0.5}),
        SearchBudget(100.0, 0),
    )
    assert held.configuration["weights"]["item_knn"] >= 0.5, "what must be in a blend is"


def test_an_exhausted_budget_ends_the_selection():
    test, candidates = a_case(3)
    now = iter(range(1000))
    found = select_weights(
        MATERIAL, candidates, test, space(), SearchBudget(3.5, 0, clock=lambda: float(next(now)))
    )
    assert found.was_cut and len(found.trials) == 2
    whole = select_weights(MATERIAL, candidates, test, space(), SearchBudget(1e9, 0))
    assert not whole.was_cut
    assert found.trials[-1].metrics["quality"] <= whole.trials[-1].metrics["quality"]


def test_parts_without_a_start_weight_begin_equal():
    test, candidates = a_case(4)
    found = select_weights(MATERIAL, candidates[1:2], test, space(), SearchBudget(100.0, 0))
    assert set(found.configuration["weights"]) == {"user_knn"}
