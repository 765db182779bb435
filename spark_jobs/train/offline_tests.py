"""Offline tests: draw a test case from a window, score it, measure the lists."""

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
from threadpoolctl import threadpool_limits

from models.base import Recommender, compute_block_size
from models.blending.base import Blend
from models.evaluation import (
    TASKS,
    EvaluationOptions,
    ItemFacts,
    MetricResults,
    evaluate_lists,
    evaluate_scores,
)
from models.evaluation.comparison import K
from models.time_split import HoldoutCase, build_holdout_case
from models.training_data import Customers
from spark_jobs.train.matrices import TrainingMatrices

MOST_CELLS = 50_000_000  # customers × items in memory at once: 200 MB a recommender
AT_ONCE = min(2, os.cpu_count() or 1)  # recommenders, or blocks that all parts score: 200 MB each


@contextmanager
def run_threads(n: int) -> Iterator[ThreadPoolExecutor]:
    """Threads within each of which arithmetic has one thread: shared among more, a matrix product has other
    last bits, and all of them would wait for each other.
    """
    with threadpool_limits(1), ThreadPoolExecutor(n) as threads:
        yield threads


def draw_test_case(matrices: TrainingMatrices, first: int, until: int, most: int, seed: int) -> HoldoutCase:
    """The test on the days from `first` up to `until`, of customers who were there before.

    Args:
        most: customers; a sample by seed where there are more.
    """
    behaviour = matrices.training.behaviour
    most = max(1, min(most, MOST_CELLS // behaviour.n_items))
    return build_holdout_case(
        behaviour.before(first), behaviour.before(until).since(first), matrices.allowed, most, seed
    )


def score_test_case(
    matrices: TrainingMatrices, recommender: Recommender, test: HoldoutCase, before: int
) -> np.ndarray:
    """float32 [customers of the test, items]: their scores by behaviour before the day."""
    return recommender.score(Customers.from_training(matrices.training.before(before), test.customers))


def measure_scores(
    matrices: TrainingMatrices,
    scores: np.ndarray,
    test: HoldoutCase,
    facts: ItemFacts | None = None,
    item_slices: Mapping[str, np.ndarray] | None = None,
) -> MetricResults:
    """Measure lists in the order of scores; what a customer bought is left out unless it is consumable."""
    excluded = test.seen.multiply(~matrices.consumable).tocsr()
    return evaluate_scores(
        scores,
        test,
        matrices.allowed,
        EvaluationOptions(excluded=excluded, facts=facts, item_slices=item_slices),
    )


def measure_served_lists(
    matrices: TrainingMatrices,
    blend: Blend,
    test: HoldoutCase,
    before: int,
    facts: ItemFacts | None = None,
    item_slices: Mapping[str, np.ndarray] | None = None,
) -> MetricResults:
    """Measure a blend's lists as they would be served: a learned blend's are diversified and proposed from
    items that may be shown alone.
    """
    customers = Customers.from_training(matrices.training.before(before), test.customers)
    listed = {task: [np.full((0, K), -1, np.int32)] for task in TASKS}

    def list_items(block: Customers) -> dict[str, np.ndarray]:
        return blend.list_test_items(block, matrices.allowed, matrices.consumable, K)

    blocks = [block for _, block in customers.split_into_blocks(compute_block_size(test.n_items))]
    with run_threads(AT_ONCE) as threads:
        for block_lists in threads.map(list_items, blocks):
            for task, items in block_lists.items():
                listed[task].append(np.pad(items, ((0, 0), (0, K - items.shape[1])), constant_values=-1))
    lists = {task: np.concatenate(blocks) for task, blocks in listed.items()}
    return evaluate_lists(lists, test, int(matrices.allowed.sum()), facts, item_slices)
