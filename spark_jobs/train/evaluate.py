"""Examine a configuration: fitted before the test and measured on it, and fitted on everything, both at once.

Popularity, recent popularity, item-kNN and LightFM are always fitted and measured beside it, so that every
night says what the blend is worth.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from pyspark.sql import SparkSession

from models.artifact import Artifact
from models.base import Recommender
from models.blending.learned import LearnedBlend
from models.blending.weighted import Blend
from models.data_shape import Shape
from models.evaluation import Facts, Measured, silent_recommenders, slices
from models.evaluation.fold_in import FoldIn
from models.fit_limits import fittable, select_fittable
from models.recommenders import make, make_blend
from models.search import memory_of, read_space
from models.time_split import Case, Windows
from spark_jobs.train.blend_fits import BlendRequest, fit_blends
from spark_jobs.train.fold_in import fit_fold_in
from spark_jobs.train.matrices import TrainingMatrices
from spark_jobs.train.offline_tests import (
    FitRequest,
    draw_test_case,
    measure_scores,
    measure_served_lists,
    score_test_case,
)

BASELINES = ("popularity", "recent_popularity", "item_knn", "lightfm")
MOST_TEST_CUSTOMERS = 5000  # asked in a test; a sample by seed where there are more
SERVED = "served"
ACCEPTED_BEFORE = "accepted before"


@dataclass(frozen=True)
class Evaluation:
    """A configuration's model, and the leaderboard it was tested on.

    Attributes:
        artifact: fitted on everything.
        board: by name: `served` is the configuration itself; empty without a test.
        fold_in: what placing customers by fresh events is worth, a row a cohort; empty without a test.
        left_out: by part why it could not be fitted; the configuration's others share its weight.
        warnings: a sentence for each recommender of the board that has nothing to say to nearly everybody.
    """

    artifact: Artifact
    board: dict[str, Measured]
    test: Case | None
    fold_in: list[dict[str, Any]] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def quality(self, name: str = SERVED) -> np.ndarray:
        return self.board[name].quality


def evaluate_configuration(
    spark: SparkSession,
    material: TrainingMatrices,
    cut: Windows | None,
    configuration: Mapping[str, Any],
    seed: int,
    rival: Mapping[str, Any] | None = None,
) -> Evaluation:
    """Fit and measure.

    Args:
        cut: where the test begins; None when history is too short for one.
        configuration: what would be served.
        rival: the accepted configuration, fitted before the test too.
    """
    shape, memory = Shape.of(material.training), memory_of(read_space())
    configuration, left_out = fittable(configuration, shape, memory)
    rival = fittable(rival, shape, memory)[0] if rival else None
    final = BlendRequest(configuration, material.training.behaviour.until)
    if cut is None:
        blends, _ = fit_blends(spark, material, [final], [], seed)
        placing, _ = fit_fold_in(spark, material, None, None, seed)
        return Evaluation(_artifact(material, configuration, blends[0], placing), {}, None, left_out=left_out)
    asks = [final, *[BlendRequest(held, cut.test_from) for held in (configuration, rival) if held]]
    parts = {part.name for part in make_blend(configuration).parts}
    baselines, unfit = select_fittable([make(part) for part in BASELINES if part not in parts], shape, memory)
    beside = [FitRequest(part.name, cut.test_from) for part in baselines]
    (served, early, *rivals), besides = fit_blends(spark, material, asks, beside, seed)
    test = draw_test_case(material, cut.test_from, cut.until, MOST_TEST_CUSTOMERS, seed)

    before = material.training.before(cut.test_from)
    facts, items = Facts.of(test.known_share, before), slices.of_items(before.behaviour)

    def board_row(recommender: Recommender) -> Measured:
        return measure_scores(
            material, score_test_case(material, recommender, test, cut.test_from), test, facts, items
        )

    board = {recommender.name: board_row(recommender) for recommender in [*early.parts, *besides]}
    for name, blend in zip([SERVED, ACCEPTED_BEFORE], [early, *rivals], strict=False):
        board[name] = measure_served_lists(material, blend, test, cut.test_from, facts, items)
    placing, placed = fit_fold_in(spark, material, cut, test, seed)
    artifact = _artifact(material, configuration, served, placing)
    return Evaluation(
        artifact, board, test, placed, {**unfit, **left_out}, silent_recommenders.warnings(board)
    )


def _artifact(
    material: TrainingMatrices, configuration: Mapping[str, Any], blend: Blend | LearnedBlend, placing: FoldIn
) -> Artifact:
    ids = material.item_ids, material.customer_ids
    return Artifact(dict(configuration), blend, *ids, material.customer_vocabulary, placing)
