"""Recent popularity: what customers wanted in the last days. In a seasonal shop it is far ahead of all-time
popularity.
"""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from models.recommenders.popularity import Popularity, count_customers_per_item
from models.training_data import Training


@dataclass
class RecentPopularity(Popularity):
    """Popularity of the last `days`; items that nobody wanted in them follow by popularity of all time."""

    name: ClassVar[str] = "recent_popularity"
    days: int = 14

    def fit(self, training: Training, seed: int) -> Self:
        behaviour = training.behaviour
        ever = count_customers_per_item(behaviour)
        recent = count_customers_per_item(behaviour.since(behaviour.until - self.days))
        # Below one customer, so that it only breaks ties and fills the tail.
        self.counts = (recent + ever / (ever.max(initial=0) + 1) * np.float32(0.5)).astype(np.float32)
        return self
