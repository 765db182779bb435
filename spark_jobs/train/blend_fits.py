"""Blends fitted on Spark: a task a part and cut; a learned blend's windows one after the other, its trees on
the driver.

What is held at once is one window's scores. While Spark fits the next window's parts, the driver makes the
rows of the last.
"""

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from pyspark.sql import SparkSession

from models.base import Recommender
from models.blending.learned import LearnedBlend
from models.blending.training_rows import Asked, Rows
from models.blending.training_windows import Window
from models.blending.weighted import Blend
from models.recommenders import make, make_blend, parameters_of
from spark_jobs.train.matrices import TrainingMatrices
from spark_jobs.train.offline_tests import FitRequest

COSTLY = (
    "lightfm",
    "history_ridge",
    "ease",
    "transition_ridge",
)  # started first, so that no worker ends alone with one


@dataclass(frozen=True)
class BlendRequest:
    """A configuration to be fitted on what was before a day."""

    configuration: Mapping[str, Any]
    before: int


@dataclass(frozen=True)
class FitResult:
    """What a worker made of a fit.

    Attributes:
        arrays: where the fit is wanted itself.
        scores: float32 [customers of a window, items], where one is asked.
        fitted_until: the first day that is not in what it was fitted on, read from that and not from what was
            asked for.
    """

    arrays: dict[str, np.ndarray] | None
    scores: np.ndarray | None
    fitted_until: int


def fit_blends(
    spark: SparkSession,
    material: TrainingMatrices,
    asks: Sequence[BlendRequest],
    beside: Sequence[FitRequest],
    seed: int,
) -> tuple[list[Blend | LearnedBlend], list[Recommender]]:
    """The blend of every ask, and the recommenders beside them, each in the order given."""
    blends = [make_blend(ask.configuration) for ask in asks]
    needed = [
        [FitRequest(part.name, ask.before, parameters_of(part)) for part in blend.parts]
        for blend, ask in zip(blends, asks, strict=True)
    ]
    wanted = {fit_key(fit): fit for fit in [fit for fits in needed for fit in fits] + list(beside)}
    windows = list_training_windows(material, blends, asks)
    shared = spark.sparkContext.broadcast(material.training)
    kept: dict[str, dict[str, np.ndarray]] = {}
    with ThreadPoolExecutor(1) as aside:
        rows = {}
        for key, (blend, window) in windows.items():
            test = blend.asked(material.training, window, seed)
            fits = [FitRequest(part.name, window.cut, parameters_of(part)) for part in blend.parts]
            scores, fitted_until = {}, []
            for fit, made in zip(fits, run_fits(spark, shared, fits, seed, wanted, test), strict=True):
                scores[fit.part] = made.scores
                fitted_until.append(made.fitted_until)
                if made.arrays is not None:
                    kept[fit_key(fit)] = made.arrays
            rows[key] = aside.submit(blend.rows, material.training, window, test, scores, fitted_until, seed)
        # A day at a time: what Spark brings to the driver in one job may be 1 GB
        # (`spark.driver.maxResultSize`).
        for before in sorted({fit.before for key, fit in wanted.items() if key not in kept}):
            left = [fit for key, fit in wanted.items() if key not in kept and fit.before == before]
            for fit, made in zip(left, run_fits(spark, shared, left, seed, wanted, None), strict=True):
                kept[fit_key(fit)] = made.arrays
        shared.unpersist()
        learned = {key: made.result() for key, made in rows.items()}
    for blend, ask, fits in zip(blends, asks, needed, strict=True):
        blend.parts = [restore_recommender(fit, kept) for fit in fits]
        if isinstance(blend, LearnedBlend):
            past = material.training.before(ask.before)
            own: list[Rows] = [learned[row_key(blend, window)] for window in blend.windows(past)]
            blend.learn(past, own, seed)
    return blends, [restore_recommender(fit, kept) for fit in beside]


def list_training_windows(
    material: TrainingMatrices, blends: Sequence[Blend | LearnedBlend], asks: Sequence[BlendRequest]
) -> dict[str, tuple[LearnedBlend, Window]]:
    """Every window some blend learns from, once: those of tonight's model and of the one that is tested
    overlap.
    """
    return {
        row_key(blend, window): (blend, window)
        for blend, ask in zip(blends, asks, strict=True)
        if isinstance(blend, LearnedBlend)
        for window in blend.windows(material.training.before(ask.before))
    }


def run_fits(
    spark: SparkSession,
    shared: Any,
    fits: Sequence[FitRequest],
    seed: int,
    wanted: Mapping[str, FitRequest],
    test: Asked | None,
) -> list[FitResult]:
    """Every fit, one task each."""
    order = sorted(range(len(fits)), key=lambda n: (fits[n].part not in COSTLY, n))
    kept = {n for n in order if fit_key(fits[n]) in wanted}

    def one(n: int) -> tuple[int, FitResult]:
        past = shared.value.before(fits[n].before)
        fitted = make(fits[n].part, fits[n].parameters).fit(past, seed)
        scores = None if test is None else fitted.score(test.met(past))
        return n, FitResult(fitted.arrays() if n in kept else None, scores, past.behaviour.until)

    found = dict(spark.sparkContext.parallelize(order, max(len(order), 1)).map(one).collect())
    return [found[n] for n in range(len(fits))]


def restore_recommender(fit: FitRequest, kept: Mapping[str, Mapping[str, np.ndarray]]) -> Recommender:
    """A recommender with what a worker fitted."""
    return make(fit.part, fit.parameters).restore(kept[fit_key(fit)])


def fit_key(fit: FitRequest) -> str:
    """Equal for equal fits, whether defaults are spelled out or not."""
    return json.dumps([fit.part, fit.before, parameters_of(make(fit.part, fit.parameters))], sort_keys=True)


def row_key(blend: LearnedBlend, window: Window) -> str:
    """Equal for windows with equal rows."""
    parts = {part.name: parameters_of(part) for part in blend.parts}
    return json.dumps([parts, asdict(blend.settings), window.cut, window.until], sort_keys=True)
