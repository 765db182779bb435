"""Examine a configuration: fitted before the test and measured on it, and fitted on everything, both at once.

Popularity, recent popularity, item-kNN and LightFM are always fitted and measured beside it, so that every night says what the
blend is worth.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pyspark.sql import SparkSession

from models.artifact import Artifact
from models.base import Recommender
from models.blend import Blend
from models.evaluation import Facts, Measured, slices
from models.recommenders import make_blend
from models.split import Case, Windows
from spark_jobs.train.fits import Fit, fit_all, measured, score, test_case
from spark_jobs.train.matrices import Material

BASELINES = ("popularity", "recent_popularity", "item_knn", "lightfm")
CUSTOMERS = 5000  # asked in a test; a sample by seed where there are more
SERVED = "served"
ACCEPTED_BEFORE = "accepted before"


@dataclass(frozen=True)
class Examined:
    """A configuration's model, and the leaderboard it was tested on.

    Attributes:
        artifact: fitted on everything.
        board: by name: `served` is the configuration itself; empty without a test.
    """

    artifact: Artifact
    board: dict[str, Measured]
    test: Case | None

    def quality(self, name: str = SERVED) -> np.ndarray:
        return self.board[name].quality


def examine(
    spark: SparkSession, material: Material, cut: Windows | None, configuration: Mapping[str, Any], seed: int,
    rival: Mapping[str, Any] | None = None,
) -> Examined:  # fmt: skip
    """Fit and measure.

    Args:
        cut: where the test begins; None when history is too short for one.
        configuration: what would be served.
        rival: the accepted configuration, fitted before the test too.
    """
    until = material.training.behaviour.until
    fits = {part: Fit(part, until, configuration["parts"].get(part, {})) for part in _parts(configuration)}
    final = list(fits.values())
    if cut is None:
        return Examined(_artifact(material, configuration, fit_all(spark, material, final, seed)), {}, None)
    early = [Fit(fit.part, cut.test_from, fit.parameters) for fit in final]
    beside = [Fit(part, cut.test_from) for part in BASELINES if part not in fits]
    theirs = [Fit(part, cut.test_from, rival["parts"].get(part, {})) for part in _parts(rival)] if rival else []
    fitted = fit_all(spark, material, [*final, *early, *beside, *theirs], seed)
    finals, rest = fitted[: len(final)], fitted[len(final) :]
    earlies, besides, rivals = rest[: len(early)], rest[len(early) : len(early) + len(beside)], rest[len(early) + len(beside) :]
    test = test_case(material, cut.test_from, cut.until, CUSTOMERS, seed)

    before = material.training.before(cut.test_from)
    facts, items = Facts.of(test.known_share, before), slices.of_items(before.behaviour)

    def board_row(recommender: Recommender) -> Measured:
        return measured(material, score(material, recommender, test, cut.test_from), test, facts, items)

    board = {recommender.name: board_row(recommender) for recommender in [*earlies, *besides]}
    board[SERVED] = board_row(_blend(configuration, earlies))
    if rival:
        board[ACCEPTED_BEFORE] = board_row(_blend(rival, rivals))
    return Examined(_artifact(material, configuration, finals), board, test)


def _parts(configuration: Mapping[str, Any]) -> list[str]:
    return [part.name for part in make_blend(configuration).parts]


def _blend(configuration: Mapping[str, Any], fitted: Sequence[Recommender]) -> Blend:
    return Blend(list(fitted), make_blend(configuration).weights)


def _artifact(material: Material, configuration: Mapping[str, Any], fitted: Sequence[Recommender]) -> Artifact:
    return Artifact(
        dict(configuration), _blend(configuration, fitted), material.item_ids, material.customer_ids, material.customer_vocabulary
    )  # fmt: skip
