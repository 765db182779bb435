"""Item numbers in an order drawn by a seed, so that a tie between two items is decided by the draw.

Files number their items as they come: Beauty's in order of first appearance, a shop's by the date of the
first sale. A tie that goes to the lower number then goes to the older item, which tells what was there before
the test. With Beauty's own numbers `content` scores a tenth more than with any drawn ones.
"""

from dataclasses import replace

import numpy as np
from scipy import sparse

from benchmarks.leaderboard.datasets.window import Dataset, TestWindow
from models.time_split import HoldoutCase
from models.training_data import Behaviour, Training


def shuffle_items(data: Dataset, seed: int) -> Dataset:
    """The same data, its items numbered in an order drawn by the seed."""
    order = np.random.default_rng(seed).permutation(len(data.item_ids))
    return renumber_items(data, order)


def renumber_items(data: Dataset, order: np.ndarray) -> Dataset:
    """The same data, its items numbered in this order.

    Args:
        order: int [items], a permutation: item `order[n]` gets the number n.
    """
    return replace(
        data,
        test=renumber_window(data.test, order),
        validation=renumber_window(data.validation, order),
        item_ids=data.item_ids[order],
    )


def renumber_window(window: TestWindow, order: np.ndarray) -> TestWindow:
    titles = tuple(window.titles[n] for n in order) if window.titles else ()
    training = renumber_training(window.training, order)
    history = training if window.history is window.training else renumber_training(window.history, order)
    return TestWindow(training, renumber_test_case(window.asked, order), history, titles)


def renumber_training(training: Training, order: np.ndarray) -> Training:
    def rows(values):
        return None if values is None else values[order]

    return replace(
        training,
        behaviour=renumber_behaviour(training.behaviour, order),
        item_features=training.item_features[order],
        price=rows(training.price),
        category=rows(training.category),
        item_content=rows(training.item_content),
        item_letters=rows(training.item_letters),
    )


def renumber_behaviour(behaviour: Behaviour, order: np.ndarray) -> Behaviour:
    item = np.argsort(order).astype(np.int32)[behaviour.item]
    by = np.lexsort((behaviour.kind, behaviour.day, item, behaviour.customer))
    return replace(
        behaviour,
        customer=behaviour.customer[by],
        item=item[by],
        day=behaviour.day[by],
        kind=behaviour.kind[by],
    )


def renumber_test_case(case: HoldoutCase, order: np.ndarray) -> HoldoutCase:
    return replace(
        case,
        seen=permute_columns(case.seen, order),
        wanted=permute_columns(case.wanted, order),
        known_share=case.known_share[order],
    )


def permute_columns(matrix: sparse.csr_matrix, order: np.ndarray) -> sparse.csr_matrix:
    moved = matrix[:, order].tocsr()
    moved.sort_indices()
    return moved
