"""A search on Spark keeps to its seconds and its memory, and reports the trials that were not made."""

import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from scipy import sparse

from models.evaluation import EvaluationOptions, evaluate_scores
from models.recommenders import build_recommender
from models.time_split import build_holdout_case
from models.training_data import Customers
from spark_jobs.train import configuration_search, learned_blend
from spark_jobs.train.configuration_search import search_weighted_blend
from spark_jobs.train.training_run import TrainingRun, read_training_data

ROOT = Path(__file__).resolve().parents[3]
WEIGHTS = {"start": {"own_history": 0.5, "recent_popularity": 0.5}, "steps": [0.0, 0.5, 1.0], "least": {}}
PARTS = {"recent_popularity": [{"days": 7}], "own_history": [{"half_life_days": 60}, {"half_life_days": 5}]}


def space(seconds=100.0, memory_mb=1000, rungs=({},), parts=PARTS):
    effort = {"seconds": seconds, "rungs": list(rungs)}
    return {
        "memory_mb": memory_mb,
        "efforts": {"first_night": effort},
        "keep": 0.5,
        "finalists": 1,
        "parts": parts,
        "weights": WEIGHTS,
    }


@pytest.fixture(scope="module")
def training(spark, trained):
    return TrainingRun(spark, *read_training_data(trained.lake), seed=5)


@pytest.fixture(scope="module")
def halved(training):
    """A search of two rungs that time does not cut."""
    parts = {**PARTS, "lightfm": [{"components": 4, "epochs": 3}, {"components": 8, "epochs": 3}]}
    return search_weighted_blend(training, space(rungs=({"epochs_share": 0.34}, {"windows": 2}), parts=parts))


def test_a_trial_equals_the_recipe_fitted_alone(halved, training):
    """Every trial equals the same recipe fitted and tested here, by the definition of a window alone."""
    matrices, windows = training.matrices, training.windows
    days = windows.test_from - windows.validate_from
    made = [trial for trial in halved.trials if not trial.name.startswith("blend")]
    assert [
        (trial.name, trial.parameters["rung"], trial.parameters["asked_from"] - windows.validate_from)
        for trial in made
    ] == [
        *[(part, 1, 0) for part in ("recent_popularity", "own_history", "lightfm", "own_history", "lightfm")],
        # The next rung gives epochs to the better LightFM, and a second window to all that are left; the rest
        # is known already.
        ("lightfm", 2, 0),
        *[(part, 2, -days) for part in ("recent_popularity", "own_history", "lightfm")],
    ]
    for trial in made:
        given = dict(trial.parameters)
        part, begins = given.pop("part"), given.pop("asked_from")
        seed = given.pop("seed")
        del given["rung"]
        behaviour = matrices.training.behaviour
        fitted = build_recommender(part, given).fit(matrices.training.before(begins), seed)
        test = build_holdout_case(
            behaviour.before(begins),
            behaviour.before(begins + days).since(begins),
            matrices.allowed,
            1000,
            seed,
        )
        scores = fitted.score(Customers.from_training(matrices.training.before(begins), test.customers))
        expected = evaluate_scores(
            scores,
            test,
            matrices.allowed,
            EvaluationOptions(excluded=sparse.csr_matrix(test.seen.toarray() & ~matrices.consumable)),
        ).quality
        assert trial.metrics["quality"] == pytest.approx(np.nanmean(expected), abs=1e-12)
        assert trial.metrics["seconds"] > 0 and 20 < trial.metrics["peak_memory_mb"] < 1000


def test_a_search_within_its_budget_is_not_cut(halved):
    assert (halved.report["was_cut"], halved.report["not_made"], halved.report["refused"]) == (False, [], {})
    assert halved.report["n_trials"] == 9
    epochs = [trial.parameters["epochs"] for trial in halved.trials if trial.name == "lightfm"]
    assert epochs == [1, 1, 3, 3]
    assert set(halved.configuration["parts"]) == set(halved.configuration["weights"]) <= {*PARTS, "lightfm"}


# Over 10 s: seconds are its subject; a fit that would take hours has to be cut.
def test_the_budget_of_seconds_holds_and_missing_trials_are_named(training):
    """LightFM for a million epochs would take hours, inside a library that looks at no clock."""
    endless = {**PARTS, "lightfm": [{"components": 32, "epochs": 1_000_000}]}
    began = time.monotonic()
    cut_short = search_weighted_blend(training, space(seconds=16.0, parts=endless))
    assert time.monotonic() - began < 16.0
    assert cut_short.report["was_cut"] and cut_short.report["seconds"] < 16.0
    assert [line.split(": ")[1].split(" ")[0] for line in cut_short.report["not_made"]] == [
        "lightfm",
        "own_history",
    ]
    made = [trial.name for trial in cut_short.trials if not trial.name.startswith("blend")]
    assert made == ["recent_popularity", "own_history"], "the beginning of the search, in its order"
    whole = search_weighted_blend(
        training,
        space(
            parts={"recent_popularity": PARTS["recent_popularity"], "own_history": PARTS["own_history"][:1]}
        ),
    )
    assert cut_short.configuration == whole.configuration
    busy = [
        one
        for one in psutil.Process().children(recursive=True)
        if one.cpu_percent(0.1) > 50 and "python" in one.name()
    ]
    assert not busy, "the trial was ended, not left behind"


def test_recipes_beyond_the_memory_are_refused_or_stopped(training, monkeypatch):
    refused = search_weighted_blend(training, space(memory_mb=0))
    assert refused.configuration == {"parts": {"popularity": {}}, "weights": {"popularity": 1.0}}
    assert refused.trials == [] and len(refused.report["refused"]) == 3
    assert all("would take" in reason for reason in refused.report["refused"].values())
    # 20,000 components take 10 MB an array, and there are six of them: here nobody expects it.
    monkeypatch.setattr(configuration_search, "estimate_trial_bytes", lambda *_: 0)
    monkeypatch.setattr(configuration_search, "explain_unfittable", lambda *_: None)
    large = {"recent_popularity": [{"days": 7}], "lightfm": [{"components": 20_000, "epochs": 1}]}
    stopped = search_weighted_blend(training, space(memory_mb=24, parts=large))
    assert list(stopped.report["refused"].values()) == ["took more than 24 MiB"]
    assert set(stopped.configuration["parts"]) == {"recent_popularity"}
    control = search_weighted_blend(training, space(memory_mb=1000, parts=large))
    assert control.report["refused"] == {} and "quality" in control.trials[1].metrics


@pytest.mark.parametrize(
    ("was_cut", "asked"), [pytest.param(True, [], id="cut"), pytest.param(False, [1], id="the control")]
)
def test_a_cut_search_tries_no_learned_blend(monkeypatch, was_cut, asked):
    weighted, learned, times = {"parts": {}, "weights": {"popularity": 1.0}}, {"parts": {}, "ranker": {}}, []
    monkeypatch.setattr(
        configuration_search,
        "search_weighted_blend",
        lambda *_: configuration_search.SearchResult(weighted, [], {"was_cut": was_cut}),
    )
    monkeypatch.setattr(learned_blend, "select_blend", lambda *_: (times.append(1), (learned, [], {}))[1])
    found = learned_blend.search_configuration(None, {"learned": {}})
    assert (found.configuration, times) == (learned if asked else weighted, asked)
