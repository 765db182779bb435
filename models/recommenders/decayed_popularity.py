"""Decayed popularity: customers per item, each counting less the longer ago they last wanted it."""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from models.recommenders.popularity import Popularity
from models.training_data import Behaviour, Training


def select_last_day_per_pair(behaviour: Behaviour) -> Behaviour:
    """Each customer and item once: the entry of the latest day (the last of its kinds)."""
    pair = behaviour.customer.astype(np.int64) * behaviour.n_items + behaviour.item
    latest = np.ones(len(behaviour), bool)
    latest[:-1] = pair[1:] != pair[:-1]
    return behaviour.where(latest)


@dataclass
class DecayedPopularity(Popularity):
    """Popularity without an edge: recent_popularity forgets an item on one day, this halves a vote every
    `half_life_days`.
    """

    name: ClassVar[str] = "decayed_popularity"
    half_life_days: float = 10.0

    def fit(self, training: Training, seed: int) -> Self:
        last = select_last_day_per_pair(training.behaviour.wanted())
        weight = 0.5 ** ((last.until - 1 - last.day) / self.half_life_days)
        self.counts = np.bincount(last.item, weights=weight, minlength=last.n_items).astype(np.float32)
        return self
