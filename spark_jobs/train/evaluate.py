"""Evaluate a configuration: fitted before the test and measured on it, and fitted on everything, at once.

Popularity, recent popularity, item-kNN and LightFM are always fitted and measured beside it, so that every
night's report compares the blend with them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from models.artifact import ModelArtifact
from models.base import Recommender
from models.blending.base import Blend
from models.data_shape import DataShape
from models.evaluation import ItemFacts, MetricResults, silent_recommenders, slices
from models.evaluation.fold_in import FoldInModel
from models.fit_limits import drop_unfittable_parts, select_fittable_parts
from models.recommenders import build_blend, build_recommender
from models.search import get_memory_limit, read_search_space
from models.steering.learn import SteeringFit
from models.steering.weights import SteeringWeights
from models.time_split import HoldoutCase
from spark_jobs.train.blend_fits import BlendRequest, FitRequest, fit_blends
from spark_jobs.train.configuration_search import FALLBACK
from spark_jobs.train.fold_in import fit_fold_in_factors
from spark_jobs.train.matrices import TrainingMatrices
from spark_jobs.train.offline_tests import (
    AT_ONCE,
    draw_test_case,
    measure_scores,
    measure_served_lists,
    run_threads,
    score_test_case,
)
from spark_jobs.train.steering import NOTHING_LEARNED, WindowStart, learn_steering
from spark_jobs.train.training_run import TrainingRun

BASELINES = ("popularity", "recent_popularity", "item_knn", "lightfm")
MOST_TEST_CUSTOMERS = 5000  # in a test; a sample by seed where there are more
SERVED = "served"
ACCEPTED_BEFORE = "accepted before"
SEARCHED = "found"  # the row of a configuration that a search found and the gate refused


@dataclass(frozen=True)
class Evaluation:
    """A configuration's model, and the leaderboard it was tested on.

    Attributes:
        artifact: fitted on everything.
        board: by name: `served` is the configuration itself; empty without a test.
        fold_in: the quality of fold-in against a refit, a row per cohort; empty without a test.
        left_out: by part why it could not be fitted; the configuration's others share its weight.
        warnings: a sentence for each recommender of the board that scores nothing for nearly all customers.
        steering: what live behaviour weighs, with its gate's figures.
    """

    artifact: ModelArtifact
    board: dict[str, MetricResults]
    test: HoldoutCase | None
    fold_in: list[dict[str, Any]] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    steering: SteeringFit = NOTHING_LEARNED

    def quality(self, name: str = SERVED) -> np.ndarray:
        return self.board[name].quality


def evaluate_configuration(
    training: TrainingRun, configuration: Mapping[str, Any], rival: Mapping[str, Any] | None = None
) -> Evaluation:
    """Fit a configuration on everything and, where history is long enough, before the test; measure that one.

    Args:
        configuration: what would be served.
        rival: the accepted configuration, fitted before the test too.
    """
    matrices, windows = training.matrices, training.windows
    shape, memory = DataShape.from_training(matrices.training), get_memory_limit(read_search_space())
    configuration, left_out = drop_unfittable_parts(configuration, shape, memory)
    rival = drop_unfittable_parts(rival, shape, memory)[0] if rival else None
    final = BlendRequest(configuration, matrices.training.behaviour.until)
    if windows is None:
        blends, _ = fit_blends(training, [final], [])
        fold_in = fit_fold_in_factors(training, None).model
        artifact = _build_artifact(matrices, configuration, blends[0], fold_in, NOTHING_LEARNED)
        return Evaluation(artifact, {}, None, left_out=left_out)
    tested = [BlendRequest(each, windows.test_from) for each in (configuration, rival) if each]
    parts = {part.name for part in build_blend(configuration).parts}
    baselines, unfit = select_fittable_parts(
        [build_recommender(part) for part in BASELINES if part not in parts], shape, memory
    )
    baseline_fits = [FitRequest(part.name, windows.test_from) for part in baselines]
    (served, early, *rivals), fitted_baselines = fit_blends(training, [final, *tested], baseline_fits)
    test = draw_test_case(matrices, windows.test_from, windows.until, MOST_TEST_CUSTOMERS, training.seed)

    before = matrices.training.before(windows.test_from)
    facts, items = ItemFacts.build(test.known_share, before), slices.slice_items(before.behaviour)

    def measure_alone(recommender: Recommender) -> MetricResults:
        scores = score_test_case(matrices, recommender, test, windows.test_from)
        return measure_scores(matrices, scores, test, facts, items)

    alone = [*early.parts, *fitted_baselines]
    with run_threads(AT_ONCE) as threads:
        board = dict(zip([each.name for each in alone], threads.map(measure_alone, alone), strict=True))
    for name, blend in zip([SERVED, ACCEPTED_BEFORE], [early, *rivals], strict=False):
        board[name] = measure_served_lists(matrices, blend, test, windows.test_from, facts, items)
    fold_in = fit_fold_in_factors(training, test)
    steering = learn_steering(training, WindowStart(early, fold_in.early))
    artifact = _build_artifact(matrices, configuration, served, fold_in.model, steering)
    warnings = silent_recommenders.warn_of_empty_lists(board)
    return Evaluation(artifact, board, test, fold_in.cohorts, {**unfit, **left_out}, warnings, steering)


def replace_by_popularity(training: TrainingRun, evaluation: Evaluation) -> Evaluation:
    """Popularity as the model that is served, beside the leaderboard of the refused evaluation.

    The row `served` becomes popularity's and the refused model's row moves to `SEARCHED`. The fold-in factors
    stay the evaluation's: the same factors, with the trust that only a test can measure. So do the weights by
    which popular lists are steered; those of the refused model's own lists go with it.
    """
    plain = evaluate_configuration(replace(training, windows=None), FALLBACK)
    board = {
        **evaluation.board,
        SERVED: evaluation.board["popularity"],
        SEARCHED: evaluation.board[SERVED],
    }
    half_life, cohorts = evaluation.artifact.steering
    popular = tuple(cohort for cohort in cohorts if not cohort.is_personal)
    artifact = replace(
        plain.artifact,
        fold_in=evaluation.artifact.fold_in,
        steering=SteeringWeights(half_life, popular),
    )
    return replace(evaluation, artifact=artifact, board=board)


def _build_artifact(
    matrices: TrainingMatrices,
    configuration: Mapping[str, Any],
    blend: Blend,
    fold_in: FoldInModel,
    steering: SteeringFit,
) -> ModelArtifact:
    ids = matrices.item_ids, matrices.customer_ids
    vocabulary = matrices.customer_vocabulary
    return ModelArtifact(dict(configuration), blend, *ids, vocabulary, fold_in, steering.weights)
