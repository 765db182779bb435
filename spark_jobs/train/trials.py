"""Trials as Spark tasks: each fits one recipe on one thread and tests it; together they keep to the budget.

Every trial is a Spark job of one task, as many at a time as there are cores, so that when time is up the
finished ones are there and the rest can be ended: on a laptop's threads and on a cluster's workers alike.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from threading import Lock, Thread

import numpy as np
from pyspark.sql import SparkSession

from models.blending.score_scale import normalise_scores
from models.recommenders import build_recommender
from models.search import Trial
from spark_jobs.engine.shared_objects import SharedObject, share_object
from spark_jobs.engine.tasks import run_tasks
from spark_jobs.lake.session import count_cores
from spark_jobs.train.budget import (
    SearchBudget,
    end_process_after,
    limit_memory,
    read_peak_memory,
    reset_peak_memory,
)
from spark_jobs.train.matrices import TrainingMatrices
from spark_jobs.train.offline_tests import draw_test_case, measure_scores, score_test_case

END_AGAIN_SECONDS = 0.2
MOST_REASON_CHARACTERS = 300  # of the error that a trial died of


@dataclass(frozen=True)
class TrialOutcome:
    """The result of a trial.

    Attributes:
        quality: float [test customers]; None when it failed, with the error in `reason`.
        scores: float32 [test customers, items], scaled to 0…1; only where weights will be selected by them.
        seconds, cpu_seconds, peak_bytes: of fitting and scoring, in the process that did it.
    """

    trial: Trial
    quality: np.ndarray | None
    scores: np.ndarray | None = None
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_bytes: int = 0
    reason: str = ""


def run_trial(trial: Trial, matrices: TrainingMatrices, n_customers: int, memory_bytes: int) -> TrialOutcome:
    """Run one trial in this process. A recipe that fails gives an outcome too, and the others go on."""
    started_at, cpu_started_at = time.monotonic(), time.process_time()

    def outcome(
        quality: np.ndarray | None, scores: np.ndarray | None = None, reason: str = ""
    ) -> TrialOutcome:
        costs = time.monotonic() - started_at, time.process_time() - cpu_started_at, read_peak_memory()
        return TrialOutcome(trial, quality, scores, *costs, reason)

    reset_peak_memory()
    try:
        with limit_memory(memory_bytes):
            training = matrices.training.before(trial.asked_from)
            fitted = build_recommender(trial.recipe.part, trial.parameters).fit(training, trial.seed)
            test = draw_test_case(
                matrices,
                trial.asked_from,
                trial.asked_until,
                n_customers,
                trial.seed - trial.seed_number,
            )
            scores = score_test_case(matrices, fitted, test, trial.asked_from)
            quality = measure_scores(matrices, scores, test).quality
            return outcome(quality, normalise_scores(scores) if trial.is_weighed else None)
    except MemoryError:
        return outcome(None, reason=f"took more than {memory_bytes >> 20} MiB")
    except Exception as error:
        return outcome(None, reason=f"{type(error).__name__}: {error}"[:MOST_REASON_CHARACTERS])


def run_trial_in_worker(
    shared: SharedObject[TrainingMatrices],
    n_customers: int,
    memory_bytes: int,
    seconds: float,
    trial: Trial,
) -> TrialOutcome:
    """Run one trial in a Spark worker, which is ended when time is up."""
    with end_process_after(seconds):
        return run_trial(trial, shared.value, n_customers, memory_bytes)


def share_matrices(
    matrices: TrainingMatrices, folder: Path
) -> AbstractContextManager[SharedObject[TrainingMatrices]]:
    """Share the matrices with every worker, without the ids, which no trial reads."""
    no_ids = np.zeros(0, "S1")
    return share_object(
        replace(matrices, customer_ids=no_ids, item_ids=no_ids, customer_vocabulary={}), folder
    )


def run_trials(
    spark: SparkSession,
    shared: SharedObject[TrainingMatrices],
    trials: Sequence[Trial],
    n_customers: int,
    budget: SearchBudget,
    group: str,
) -> list[TrialOutcome]:
    """Run trials; their outcomes in the order given, all or as many from the first on as time allowed.

    An outcome behind a trial that did not end is left out, so that a search that was cut is the beginning of
    the uncut one.

    Args:
        n_customers: of each test.
        group: tag of the Spark jobs, by which they are interrupted when time is up.
    """
    outcomes: dict[int, TrialOutcome] = {}
    remaining, lock = iter(enumerate(trials)), Lock()
    memory_bytes = budget.memory_bytes

    def run_remaining() -> None:
        spark.addTag(group)
        while budget.seconds_left_for_trials:
            with lock:
                n, trial = next(remaining, (None, None))
            if trial is None:
                return
            run = partial(run_trial_in_worker, shared, n_customers, memory_bytes)
            try:
                [outcomes[n]] = run_tasks(spark, partial(run, budget.seconds_left_for_trials), [trial])
            except Exception as error:
                if not budget.seconds_left_for_trials:
                    return
                outcomes[n] = TrialOutcome(
                    trial,
                    None,
                    reason=f"its worker died: {str(error).splitlines()[0]}"[:MOST_REASON_CHARACTERS],
                )

    threads = [Thread(target=run_remaining, daemon=True) for _ in range(min(count_cores(spark), len(trials)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(budget.seconds_left_for_trials)
    while any(thread.is_alive() for thread in threads):
        # Again, as a thread may have been between reading the clock and starting a job.
        spark.interruptTag(group)
        threads[-1].join(END_AGAIN_SECONDS)
        threads = [thread for thread in threads if thread.is_alive()] or threads
    return list(_select_leading_outcomes(outcomes))


def _select_leading_outcomes(outcomes: dict[int, TrialOutcome]) -> Iterator[TrialOutcome]:
    """The outcomes from the first on, up to the first that is missing."""
    for n in range(len(outcomes)):
        if n not in outcomes:
            return
        yield outcomes[n]
