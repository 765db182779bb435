"""Trials as Spark tasks: each fits one recipe on one thread and asks it; together they keep to the budget.

Every trial is a Spark job of one task, as many at a time as there are cores, so that what was finished is
held when time is up and the rest can be ended: on a laptop's threads and on a cluster's workers alike.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from threading import Lock

import numpy as np
from pyspark import InheritableThread, SparkContext
from pyspark.broadcast import Broadcast

from models.blending.weighted import unit
from models.recommenders import make
from models.search import Attempt
from spark_jobs.train.budget import SearchBudget, limit_memory, read_peak_memory, reset_peak_memory
from spark_jobs.train.matrices import TrainingMatrices
from spark_jobs.train.offline_tests import draw_test_case, measure_scores, score_test_case

END_AGAIN_SECONDS = 0.2
MOST_REASON_CHARACTERS = 300  # characters of what a trial died of that are kept


@dataclass(frozen=True)
class TrialOutcome:
    """What became of a trial.

    Attributes:
        quality: float [customers asked]; None when it failed, and then `reason` says of what.
        scores: float32 [customers asked, items], brought to 0…1, where they will be weighed.
        seconds, cpu_seconds, peak_bytes: of fitting and asking, in the process that did it.
    """

    attempt: Attempt
    quality: np.ndarray | None
    scores: np.ndarray | None = None
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_bytes: int = 0
    reason: str = ""


def run_trial(attempt: Attempt, material: TrainingMatrices, n_asked: int, memory_bytes: int) -> TrialOutcome:
    """One trial, in the process it is called in. A recipe that fails is an outcome too: its
    neighbours go on.
    """
    began, cpu_began = time.monotonic(), time.process_time()

    def outcome(
        quality: np.ndarray | None, scores: np.ndarray | None = None, reason: str = ""
    ) -> TrialOutcome:
        costs = time.monotonic() - began, time.process_time() - cpu_began, read_peak_memory()
        return TrialOutcome(attempt, quality, scores, *costs, reason)

    reset_peak_memory()
    try:
        with limit_memory(memory_bytes):
            training = material.training.before(attempt.asked_from)
            fitted = make(attempt.recipe.part, attempt.parameters).fit(training, attempt.seed)
            test = draw_test_case(
                material, attempt.asked_from, attempt.asked_until, n_asked, attempt.seed - attempt.seed_number
            )
            scores = score_test_case(material, fitted, test, attempt.asked_from)
            quality = measure_scores(material, scores, test).quality
            return outcome(quality, unit(scores) if attempt.is_weighed else None)
    except MemoryError:
        return outcome(None, reason=f"took more than {memory_bytes >> 20} MiB")
    except Exception as error:
        return outcome(None, reason=f"{type(error).__name__}: {error}"[:MOST_REASON_CHARACTERS])


def broadcast_matrices(context: SparkContext, material: TrainingMatrices) -> Broadcast:
    """The material on every worker, without the ids, which no trial reads."""
    nobody = np.zeros(0, "S1")
    return context.broadcast(replace(material, customer_ids=nobody, item_ids=nobody, customer_vocabulary={}))


def run_trials(
    context: SparkContext,
    shared: Broadcast,
    attempts: Sequence[Attempt],
    n_asked: int,
    budget: SearchBudget,
    group: str,
) -> list[TrialOutcome]:
    """The trials' outcomes in the order given: all of them, or as many from the first on as time allowed.

    A trial that ended behind one that did not is left out: a search that was cut is the beginning of the one
    that was not.
    """
    done: dict[int, TrialOutcome] = {}
    todo, one_at_a_time = iter(enumerate(attempts)), Lock()
    memory_bytes = budget.memory_bytes

    def work_off() -> None:
        context.setJobGroup(group, f"{len(attempts)} trials", interruptOnCancel=True)
        while budget.seconds_left_for_trials:
            with one_at_a_time:
                n, attempt = next(todo, (None, None))
            if attempt is None:
                return
            task = context.parallelize([attempt], 1).map(
                lambda one: run_trial(one, shared.value, n_asked, memory_bytes)
            )
            try:
                done[n] = task.collect()[0]
            except Exception as error:
                if not budget.seconds_left_for_trials:
                    return
                done[n] = TrialOutcome(
                    attempt,
                    None,
                    reason=f"its worker died: {str(error).splitlines()[0]}"[:MOST_REASON_CHARACTERS],
                )

    threads = [
        InheritableThread(target=work_off, daemon=True)
        for _ in range(min(context.defaultParallelism, len(attempts)))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(budget.seconds_left_for_trials)
    while any(thread.is_alive() for thread in threads):
        # Again, as a thread may have been between asking the clock and starting a job.
        context.cancelJobGroup(group)
        threads[-1].join(END_AGAIN_SECONDS)
        threads = [thread for thread in threads if thread.is_alive()] or threads
    return list(_select_leading_outcomes(done))


def _select_leading_outcomes(done: dict[int, TrialOutcome]) -> Iterator[TrialOutcome]:
    """The outcomes from the first on, up to the first that is missing."""
    for n in range(len(done)):
        if n not in done:
            return
        yield done[n]
