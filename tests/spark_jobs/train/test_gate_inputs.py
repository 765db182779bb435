"""Six bad models are each refused for their own flaw; the good model they derive from passes."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from models import model_flaws
from models.evaluation import evaluate_scores
from models.gate import evaluate_refit_gate
from models.recommenders import build_blend
from spark_jobs.train import leaderboard
from spark_jobs.train.evaluate import SERVED, evaluate_configuration
from spark_jobs.train.gate_inputs import (
    GateReference,
    build_gate_reference,
    compute_mean_quality,
    find_model_flaws,
    find_refused_refits,
    read_catalogue_coverage,
)
from spark_jobs.train.provenance import date_to_day
from spark_jobs.train.training_run import TrainingRun, read_training_data

CONFIGURATION = {
    "parts": {"item_knn": {}, "lightfm": {"components": 8}},
    "weights": {"item_knn": 0.6, "lightfm": 0.3},
}


class Same:
    """A model that shows everybody what the first customer would see, under any name."""

    def __init__(self, blend):
        self.blend, self.parts, self.arrays = blend, blend.parts, blend.arrays
        self.nullable_arrays = blend.nullable_arrays

    def score(self, customers):
        scores = self.blend.score(customers)
        return np.tile(scores[:1], (len(scores), 1))


class Shuffled(Same):
    """A model whose factors stand at other items."""

    def score(self, customers):
        scores = self.blend.score(customers)
        return scores[:, np.random.default_rng(1).permutation(scores.shape[1])]


@pytest.fixture(scope="module")
def good(trained):
    """The small shop to be trained on, and a good model of it."""
    training = TrainingRun(trained.lake.spark, *read_training_data(trained.lake), seed=11)
    return training, evaluate_configuration(training, CONFIGURATION)


def evaluate_gate(good, night, evaluation=None, training=None, reference=None):
    """The verdict on a refit, as the gate of a run reaches it."""
    trained, fine = good
    evaluation, training = evaluation or fine, training or trained
    reference = reference or GateReference(
        compute_mean_quality(fine),
        read_catalogue_coverage(fine),
        trained.matrices.training.behaviour.n_customers,
        trained.windows.until,
    )
    flaws = find_model_flaws(training, evaluation, date_to_day(night.days.last), reference)
    return evaluate_refit_gate(
        evaluation.quality(), evaluation.quality("popularity"), reference.quality, flaws
    )


def with_blend(evaluation, blend):
    return replace(evaluation, artifact=replace(evaluation.artifact, blend=blend))


def test_the_good_model_passes(good, trained):
    assert evaluate_gate(good, trained.night("n")).accepted


def test_factors_with_holes(good, trained):
    fine = good[1]
    arrays = {name: array.copy() for name, array in fine.artifact.blend.arrays().items()}
    name = next(
        name for name, array in arrays.items() if name.startswith("lightfm") and array.dtype.kind == "f"
    )
    arrays[name].flat[3] = np.nan
    spoiled = with_blend(fine, build_blend(CONFIGURATION).restore(arrays))
    verdict = evaluate_gate(good, trained.night("n"), spoiled)
    assert not verdict.accepted and verdict.reason.startswith("factors that are not numbers: lightfm/")


def test_popularity_under_another_name(good, trained):
    verdict = evaluate_gate(good, trained.night("n"), with_blend(good[1], Same(good[1].artifact.blend)))
    assert not verdict.accepted and "popularity under another name" in verdict.reason


@pytest.mark.parametrize("how", ["its factors", "its names"])
def test_items_shuffled(good, trained, how):
    fine = good[1]
    ids = np.random.default_rng(1).permutation(fine.artifact.item_ids)
    spoiled = {
        "its factors": with_blend(fine, Shuffled(fine.artifact.blend)),
        "its names": replace(fine, artifact=replace(fine.artifact, item_ids=ids)),
    }[how]
    verdict = evaluate_gate(good, trained.night("n"), spoiled)
    assert not verdict.accepted and verdict.reason.startswith("items are not where they were learned")


def test_labels_leaked(good, trained):
    training, fine = good
    knows = fine.test.wanted.toarray().astype(np.float32)
    leaky = replace(
        fine, board=fine.board | {SERVED: evaluate_scores(knows, fine.test, training.matrices.allowed)}
    )
    verdict = evaluate_gate(good, trained.night("n"), leaky)
    assert not verdict.accepted and "too good to be true" in verdict.reason
    first = evaluate_gate(good, trained.night("n"), leaky, reference=GateReference())
    assert not first.accepted and "too good to be true" in first.reason, "also before anything was accepted"


def test_a_third_of_the_coverage_gone(good, trained):
    training, fine = good
    served = fine.board[SERVED]
    lists = {task: {**held, "coverage": 0.7 * held["coverage"]} for task, held in served.lists.items()}
    narrow = replace(served, lists=lists)
    verdict = evaluate_gate(good, trained.night("n"), replace(fine, board=fine.board | {SERVED: narrow}))
    assert (
        not verdict.accepted
        and "the share of items that anybody is shown first fell by 30%" in verdict.reason
    )
    reference = GateReference(
        compute_mean_quality(fine),
        read_catalogue_coverage(fine),
        round(training.matrices.training.behaviour.n_customers / 0.7),
        training.windows.until,
    )
    verdict = evaluate_gate(good, trained.night("n"), reference=reference)
    assert not verdict.accepted and "the number of customers learned from fell by 30%" in verdict.reason


def test_stale(good, trained):
    training, fine = good
    matrices, days = training.matrices, training.matrices.training.behaviour
    shortened = replace(matrices.training, behaviour=days.before(days.until - 6))
    old = replace(training, matrices=replace(matrices, training=shortened))
    verdict = evaluate_gate(
        good, trained.night("n"), fine, old, reference=GateReference(until=days.until - 6)
    )
    assert not verdict.accepted and verdict.reason.startswith("stale: the newest behaviour is of 2026-02-03")


def test_a_lasting_lower_level_becomes_the_reference(good):
    """Seven refused nights in a row: the eighth is compared with them, and no more with better days."""
    from models.model_version import ModelVersion

    tags = {
        "qualities": "[0.4, 0.5]",
        "coverages": "[0.8]",
        "n_customers": "90",
        "until": "100",
        "config_hash": "c0f1",
    }
    champion = ModelVersion(3, "r", tags)
    refused = [ModelVersion(4 + n, "r", {"qualities": f"[0.4, 0.5, 0.{n + 10}]"}) for n in range(7)]
    assert build_gate_reference(champion, refused[:6], "c0f1") == GateReference(0.45, 0.8, 90, 100)
    assert build_gate_reference(champion, refused, "c0f1") == GateReference(0.13, 0.8, 90, 100)
    assert build_gate_reference(champion, [], "other settings") == GateReference(0.45, None, None, 100)
    small = {"coverages": "[0.8, 0.5]", "n_customers": "60"}
    shrunk = [replace(each, tags=each.tags | small | {"config_hash": "c0f1"}) for each in refused]
    assert build_gate_reference(champion, shrunk, "c0f1") == GateReference(0.13, 0.5, 60, 100)
    elsewhere = [replace(each, tags=each.tags | {"config_hash": "other"}) for each in shrunk]
    assert build_gate_reference(champion, elsewhere, "c0f1") == GateReference(0.13, 0.8, 90, 100), (
        "customers of another window of days"
    )


def test_labels_that_leak_every_night_never_become_the_reference(good):
    from models.model_version import ModelVersion

    _, fine = good
    usual = compute_mean_quality(fine)
    champion = ModelVersion(
        3, "r", {"qualities": f"[{usual}]", "coverages": "[0.5]", "n_customers": "90", "config_hash": "c0f1"}
    )
    leaked = {
        "qualities": f"[{usual}, {3 * usual}]",
        "coverages": "[0.5, 0.9]",
        "n_customers": "900",
        "config_hash": "c0f1",
    }
    before = build_gate_reference(champion, [ModelVersion(4 + n, "r", leaked) for n in range(7)], "c0f1")
    assert before == GateReference(usual, 0.5, 90, None)
    said = model_flaws.find_implausible_quality(3 * fine.quality(), before.quality, {})
    assert said.startswith("too good to be true") and "3.0 times what was accepted" in said


def test_only_refused_refits_of_the_same_configuration_are_a_level():
    """After a rollback to concierge/1: what was accepted later, searches and other configurations say nothing
    of it.
    """
    from models.model_version import ModelVersion

    def version(number, **said):
        return ModelVersion(
            number, "r", {"kind": "refit", "verdict": "refused", "configuration": "mine"} | said
        )

    champion = version(1, verdict="accepted")
    others = [
        version(2, verdict="accepted"),
        version(3, configuration="another"),
        version(4, kind="search"),
        version(5),
    ]
    registry = SimpleNamespace(list_versions_after=lambda _: others)
    assert [each.number for each in find_refused_refits(registry, champion, "mine")] == [5]


def test_slices_of_test_customers(good):
    training, fine = good
    slices = leaderboard.slice_test_customers(training.matrices, fine.test, training.windows)
    assert {"activity: light", "activity: heavy", "country: Spain", "country: other"} <= set(slices)
    countries = sum(mask.astype(int) for name, mask in slices.items() if name.startswith("country"))
    assert countries.tolist() == [1] * len(fine.test), "everybody is in one country, or in the others"
