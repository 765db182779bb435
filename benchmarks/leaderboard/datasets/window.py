"""What every loader gives."""

from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from models.time_split import HoldoutCase
from models.training_data import Customers, Training


@dataclass(frozen=True)
class TestWindow:
    """One test, and what may be known before it.

    Attributes:
        training: what a recommender may be fitted on. Prices, categories, titles and attributes are read up
            to its end.
        asked: who is asked and what they then wanted.
        history: what is known of the customers when they are asked; more than `training` where published
            models are fitted earlier than they are asked (Beauty: the item before the last is known and was
            not fitted).
        titles: of each item, as last known before the window; empty where there are none.
    """

    training: Training
    asked: HoldoutCase
    history: Training
    titles: tuple[str, ...] = ()

    def customers(self, places: np.ndarray) -> Customers:
        """A block of those asked, by their places in the test."""
        return Customers.from_training(self.history, self.asked.customers[places])


@dataclass(frozen=True)
class Dataset:
    """A data set.

    Attributes:
        protocol: how it is split and asked, in a sentence or two; printed above the table.
        test: what is reported.
        validation: the window before it, where parameters and blends are chosen; nothing of the test is in
            it.
        tasks, ks: what is measured; the first cut is the one for choices.
        columns: what the table shows, as (task, figure).
        labels: by name of a slice (`country`), a word for each customer of the behaviour, "" where unknown.
    """

    name: str
    protocol: str
    test: TestWindow
    validation: TestWindow
    tasks: tuple[str, ...]
    ks: tuple[int, ...]
    columns: tuple[tuple[str, str], ...]
    customer_ids: np.ndarray
    item_ids: np.ndarray
    labels: dict[str, np.ndarray] = field(default_factory=dict)


def build_empty_features(n: int) -> sparse.csr_matrix:
    """Features of n rows that have none."""
    return sparse.csr_matrix((n, 0), dtype=np.float32)
