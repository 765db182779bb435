"""Fits blends on Spark: a task per part and cut; a learned blend's training windows one after the other, its
trees on the driver.

Memory holds one window's scores at a time. While Spark fits the next window's parts, the driver builds the
rows of the last; while it fits what is served and tested, the driver grows the trees.
"""

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from pyspark.sql import SparkSession

from models.base import Recommender
from models.blending.base import Blend
from models.blending.training_rows import PartScores, TrainingCase, TrainingRows
from models.blending.training_windows import TrainingWindow
from models.recommenders import build_blend, build_recommender, get_parameters
from spark_jobs.engine.shared_objects import SharedObject, share_object
from spark_jobs.engine.tasks import run_tasks_with_large_results
from spark_jobs.train.training_run import TrainingRun


@dataclass(frozen=True)
class FitRequest:
    """A recommender with its parameters, to be fitted on the days before a day."""

    part: str
    before: int
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class BlendRequest:
    """A configuration to fit on the days before a day."""

    configuration: Mapping[str, Any]
    before: int


@dataclass(frozen=True)
class FitResult:
    """What a worker returns of one fit.

    Attributes:
        arrays: of the fitted recommender, where it is wanted itself.
        scores: float32 [customers of a window, items], where a window is given.
        fitted_until: the first day that is not in the behaviour it was fitted on, read from that behaviour,
            not from the request.
    """

    arrays: dict[str, np.ndarray] | None
    scores: np.ndarray | None
    fitted_until: int


@dataclass(frozen=True)
class _Fitting:
    """What all jobs of `fit_blends` share: the training data, the seed, the keys of the fits whose arrays are
    wanted, and the folder that results are handed over in.
    """

    spark: SparkSession
    folder: Path
    shared: SharedObject
    seed: int
    wanted: Mapping[str, FitRequest]


def fit_blends(
    training: TrainingRun, blend_requests: Sequence[BlendRequest], fit_requests: Sequence[FitRequest]
) -> tuple[list[Blend], list[Recommender]]:
    """The blend of every blend request, and the recommender of every fit request, each in the order given."""
    matrices, seed = training.matrices, training.seed
    blends = [build_blend(request.configuration) for request in blend_requests]
    part_fits = [
        [FitRequest(part.name, request.before, get_parameters(part)) for part in blend.parts]
        for blend, request in zip(blends, blend_requests, strict=True)
    ]
    all_fits = [fit for fits in part_fits for fit in fits] + list(fit_requests)
    distinct_fits = {build_fit_key(fit): fit for fit in all_fits}
    windows = list_training_windows(training, blends, blend_requests)
    arrays: dict[str, dict[str, np.ndarray]] = {}
    rows: dict[str, Future[TrainingRows]] = {}

    def fit_ranker(blend: Blend, request: BlendRequest) -> None:
        past = matrices.training.before(request.before)
        own = [rows[build_window_key(blend, window)].result() for window in blend.select_windows(past)]
        blend.fit_ranker(past, own, seed)

    with (
        ThreadPoolExecutor(1) as driver,
        ThreadPoolExecutor(len(blends)) as growing,
        share_object(matrices.training, training.shared_folder) as shared,
    ):
        fitting = _Fitting(training.spark, training.shared_folder, shared, seed, distinct_fits)
        for key, (blend, window) in windows.items():
            test = blend.draw_case(matrices.training, window, seed)
            fits = [FitRequest(part.name, window.cut, get_parameters(part)) for part in blend.parts]
            scores, fitted_until = {}, []
            for fit, result in zip(fits, run_fits(fitting, fits, test), strict=True):
                scores[fit.part] = result.scores
                fitted_until.append(result.fitted_until)
                if result.arrays is not None:
                    arrays[build_fit_key(fit)] = result.arrays
            parts = PartScores(scores, fitted_until)
            rows[key] = driver.submit(blend.build_rows, matrices.training, window, test, parts, seed)
        rankers = [
            growing.submit(fit_ranker, blend, request)
            for blend, request in zip(blends, blend_requests, strict=True)
        ]
        missing = [fit for key, fit in distinct_fits.items() if key not in arrays]
        for fit, result in zip(missing, run_fits(fitting, missing, None), strict=True):
            arrays[build_fit_key(fit)] = result.arrays
        for ranker in rankers:
            ranker.result()
    for blend, fits in zip(blends, part_fits, strict=True):
        blend.parts = [restore_recommender(fit, arrays) for fit in fits]
    return blends, [restore_recommender(fit, arrays) for fit in fit_requests]


def list_training_windows(
    training: TrainingRun, blends: Sequence[Blend], requests: Sequence[BlendRequest]
) -> dict[str, tuple[Blend, TrainingWindow]]:
    """Every training window of the blends, once: those of tonight's model and of the tested one overlap."""
    return {
        build_window_key(blend, window): (blend, window)
        for blend, request in zip(blends, requests, strict=True)
        for window in blend.select_windows(training.matrices.training.before(request.before))
    }


def run_fits(fitting: _Fitting, fits: Sequence[FitRequest], test: TrainingCase | None) -> list[FitResult]:
    """Run every fit as a Spark task of its own; the results in the order of the fits.

    Args:
        test: the customers of a window to score with each fit; None where only the fits are wanted.
    """
    order = sorted(range(len(fits)), key=lambda n: (not build_recommender(fits[n].part).is_costly, n))
    positions = {n for n in order if build_fit_key(fits[n]) in fitting.wanted}
    shared, seed = fitting.shared, fitting.seed  # a task must not carry the session

    def run_fit(n: int) -> FitResult:
        past = shared.value.before(fits[n].before)
        fitted = build_recommender(fits[n].part, fits[n].parameters).fit(past, seed)
        scores = None if test is None else fitted.score(test.select_customers(past))
        return FitResult(fitted.arrays() if n in positions else None, scores, past.behaviour.until)

    results = run_tasks_with_large_results(fitting.spark, run_fit, order, fitting.folder)
    by_position = dict(zip(order, results, strict=True))
    return [by_position[n] for n in range(len(fits))]


def restore_recommender(fit: FitRequest, arrays: Mapping[str, Mapping[str, np.ndarray]]) -> Recommender:
    """A recommender with the arrays that a worker fitted."""
    return build_recommender(fit.part, fit.parameters).restore(arrays[build_fit_key(fit)])


def build_fit_key(fit: FitRequest) -> str:
    """A text that is equal for equal fits, whether defaults are spelled out or not."""
    return json.dumps(
        [fit.part, fit.before, get_parameters(build_recommender(fit.part, fit.parameters))], sort_keys=True
    )


def build_window_key(blend: Blend, window: TrainingWindow) -> str:
    """A text that is equal for windows with equal rows."""
    parts = {part.name: get_parameters(part) for part in blend.parts}
    return json.dumps([parts, asdict(blend.settings), window.cut, window.until], sort_keys=True)
