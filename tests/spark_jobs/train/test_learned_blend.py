"""A learned blend in the night: chosen only where it is better, fitted on Spark as it is fitted alone, kept
and loaded.
"""

from dataclasses import replace

import numpy as np
import pytest

from models import artifact
from models.artifact import ModelArtifact
from models.blending.blend_lists import build_personal_lists
from models.blending.learned import LearnedBlend
from models.evaluation import evaluate_lists
from models.recommenders import build_blend
from models.time_split import OverlapError
from models.training_data import Customers
from spark_jobs.train import blend_fits, learned_blend
from spark_jobs.train.blend_fits import BlendRequest, FitRequest, fit_blends
from spark_jobs.train.evaluate import SERVED, evaluate_configuration
from spark_jobs.train.gate_inputs import GateReference, find_model_flaws
from spark_jobs.train.offline_tests import measure_scores
from spark_jobs.train.training_run import TrainingRun, read_training_data

LEARNED = {
    "parts": {"item_knn": {}, "own_history": {}},
    "ranker": {"windows": 2, "rounds": 5, "leaves": 7, "customers": 40},
}
WEIGHTED = {"parts": {"item_knn": {}}, "weights": {"item_knn": 1.0}}
POPULAR = {"parts": {"popularity": {}}, "weights": {"popularity": 1.0}}


@pytest.fixture(scope="module")
def training(spark, fill, tmp_path_factory):
    """The small shop, to be trained on with seed 3."""
    lake = fill(tmp_path_factory.mktemp("ranker"), spark).lake
    return TrainingRun(spark, *read_training_data(lake), seed=3)


def test_a_learned_blend_on_spark_equals_one_fitted_alone(training):
    """Also beside others: windows that two models share are fitted once, and every model has its
    own trees.
    """
    matrices, windows = training.matrices, training.windows
    asks = [
        BlendRequest(LEARNED, windows.until),
        BlendRequest(LEARNED, windows.test_from),
        BlendRequest(WEIGHTED, windows.until),
    ]
    blends, beside = fit_blends(training, asks, [FitRequest("popularity", windows.test_from)])
    for ask, one in zip(asks, blends, strict=True):
        alone = build_blend(ask.configuration).fit(matrices.training.before(ask.before), 3)
        assert artifact.pack_arrays(one.arrays()) == artifact.pack_arrays(alone.arrays())
    assert blends[0].trees != blends[1].trees
    assert beside[0].name == "popularity"


def test_a_worker_that_fits_too_late_is_refused(training, monkeypatch):
    """The day is read from the workers' data, not from the request. The test above is the control."""
    honest = blend_fits.run_fits

    def late(fitting, fits, test):
        moved = [replace(fit, before=fit.before + 3) if fit.part == "own_history" else fit for fit in fits]
        return honest(fitting, moved, test)

    monkeypatch.setattr(blend_fits, "run_fits", late)
    with pytest.raises(
        OverlapError, match=r"parts saw days from the cut \d+ on, .*: own_history \(fitted to day \d+\)$"
    ):
        fit_blends(training, [BlendRequest(LEARNED, training.windows.test_from)], [])


def test_a_learned_blend_is_evaluated_and_saved_like_any_blend(training, tmp_path):
    matrices = training.matrices
    evaluation = evaluate_configuration(training, LEARNED, rival=WEIGHTED)
    assert {SERVED, "accepted before", "item_knn", "own_history", "popularity", "lightfm"} <= set(
        evaluation.board
    )
    assert np.nanmean(evaluation.quality()) > np.nanmean(evaluation.quality("popularity"))
    assert not find_model_flaws(training, evaluation, matrices.training.behaviour.until - 1, GateReference())
    kept = ModelArtifact.load(tmp_path, evaluation.artifact.save(tmp_path))
    assert isinstance(kept.blend, LearnedBlend) and kept.configuration == LEARNED
    everyone = Customers.from_training(matrices.training, np.arange(20))
    mine, theirs = (
        build_personal_lists(one.blend, everyone, matrices.allowed, matrices.consumable)
        for one in (evaluation.artifact, kept)
    )
    assert np.array_equal(mine.items, theirs.items) and np.array_equal(mine.scores, theirs.scores)
    assert ((mine.sources > 0) | (mine.items < 0)).all() and mine.names == ("item_knn", "own_history")


def test_the_leaderboard_measures_lists_as_served(training):
    """Variety orders the first ten anew: the gate judges that order, and not that of the scores."""
    matrices, windows = training.matrices, training.windows
    settings = LEARNED["ranker"] | {"diversity": 0.6}
    evaluation = evaluate_configuration(
        training, {"parts": {**LEARNED["parts"], "content": {}}, "ranker": settings}
    )
    past, test = matrices.training.before(windows.test_from), evaluation.test
    blended = build_blend(evaluation.artifact.configuration).fit(past, 3)
    customers = Customers.from_training(past, test.customers)
    for task, again in (("next", matrices.consumable), ("discover", np.zeros_like(matrices.consumable))):
        listed = build_personal_lists(blended, customers, matrices.allowed, again).items[:, :10]
        expected = evaluate_lists({task: listed}, test, int(matrices.allowed.sum()))
        assert np.array_equal(evaluation.board[SERVED].ndcg[task], expected.ndcg[task], equal_nan=True)
    by_score = measure_scores(matrices, blended.score(customers), test)
    assert not np.array_equal(by_score.ndcg["next"], evaluation.board[SERVED].ndcg["next"], equal_nan=True), (
        "the control"
    )


SPACE = {
    "memory_mb": 100,
    "learned": {
        "parts": {
            "own_history": {"most_items": 40, "half_life_days": 60},
            "item_knn": {"most_items": 1000},
            "ease": {"most_items": 5},
            "history_ridge": {"memory_limit_gb": 1e-9},
        },
        "ranker": LEARNED["ranker"] | {"step_days": 14},
    },
}


def test_a_better_learned_blend_is_selected(training, monkeypatch):
    monkeypatch.setattr(learned_blend, "LEAST_CUSTOMERS", 20)
    chosen, [trial], left_out = learned_blend.select_blend(training, POPULAR, SPACE)
    expected = {"own_history": {"half_life_days": 60}, "item_knn": {}, "popularity": {}}
    assert chosen["parts"] == expected, (
        "a catalogue of 40 is too large for ease here, and for the memory of the ridge"
    )
    assert (
        left_out["ease"] == "is not fitted for more than 5 items, there are 40"
        and "0 MiB are granted" in left_out["history_ridge"]
    )
    assert (
        list(left_out) == ["ease", "history_ridge"] and "history_ridge (needs" in trial.parameters["left_out"]
    )
    assert chosen["ranker"] == SPACE["learned"]["ranker"]
    assert trial.metrics["lift"] >= trial.metrics["lift_low"] > 0


def test_a_learned_blend_without_lift_is_not_selected(training, monkeypatch):
    """Negative control: against itself there is no lift."""
    monkeypatch.setattr(learned_blend, "LEAST_CUSTOMERS", 20)
    learned = {
        "parts": {"popularity": {"most_items": 1000}},
        "ranker": SPACE["learned"]["ranker"] | {"rounds": 1},
    }
    chosen, trials, left_out = learned_blend.select_blend(training, WEIGHTED, SPACE | {"learned": learned})
    assert chosen == WEIGHTED and len(trials) == 1 and not left_out


def test_too_few_test_customers_by_memory_train_no_learned_blend(training, monkeypatch):
    """More than 20 customers come in a window, but the scores of three parts and 40 items fit for 19; one
    more would be tried.
    """
    monkeypatch.setattr(learned_blend, "LEAST_CUSTOMERS", 20)
    matrices = training.matrices
    monkeypatch.setattr("models.blending.learned.MOST_CELLS", 0)
    monkeypatch.setattr(
        "models.blending.learned.MOST_BYTES", 19 * 4 * 3 * matrices.training.behaviour.n_items
    )
    chosen, trials, left_out = learned_blend.select_blend(training, POPULAR, SPACE)
    assert (chosen, trials) == (POPULAR, [])
    assert left_out["learned blend"] == "its newest window asks 19 customers, 20 are wanted"


def test_too_few_customers_train_no_learned_blend(training):
    chosen, trials, left_out = learned_blend.select_blend(training, POPULAR, SPACE)
    assert (chosen, trials) == (POPULAR, []) and "200 are wanted" in left_out["learned blend"]


def test_a_part_that_cannot_be_fitted_is_left_out(training):
    """An accepted configuration that has become too large for one of its parts goes on without it, and the
    night says so.
    """
    heavy = {
        "parts": {"ease": {"memory_limit_gb": 1e-9}, "item_knn": {}},
        "weights": {"ease": 0.5, "item_knn": 1.0},
    }
    evaluation = evaluate_configuration(training, heavy)
    assert evaluation.artifact.configuration == {"parts": {"item_knn": {}}, "weights": {"item_knn": 1.5}}
    assert list(evaluation.left_out) == ["ease"] and "ease" not in evaluation.board
    assert not evaluation.warnings, "whoever is on the board has something to say"
