"""Directed item transitions: what customers wanted in the baskets that followed one with this item.

First-order Markov chains over items with decay over the distance, the sequential rules of Ludewig and
Jannach, "Evaluation of session-based recommendation algorithms" (UMUAI 2018), with both directions, baskets
for single items, and popularity discounted.
"""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from scipy import sparse

from models.recommenders.neighbours import Similarity, best_per_row, column_sums, scaled
from models.recommenders.sequences import baskets, fading, pairs_of_items, profiles, shared_out
from models.training_data import Customers, Training


@dataclass
class Transitions(Similarity):
    """Items by what follows them.

    Attributes:
        half_life_places: how fast a pair's weight falls with the baskets between the two.
        reach: pairs further apart than this many baskets are not counted.
        backward_weight: what a pair says in the other direction, beside 1 in its own.
        same_weight: what two items of one basket say of each other.
        size_power: how much a basket pays for being large (1: each weighs the same).
        row_power: how much an item's followers pay for its being had by many (1: shares of a whole).
        popularity_power: how much an item pays for being had by many as a follower.
        profile_half_life_places: how fast a customer's past fades, in baskets counted from the last.
        half_life_days: how fast it fades in days, and how far back the trend looks; None for neither.
        trend_power: how much a follower gains from being wanted lately rather than long ago.
        neighbours: followers kept per item.
    """

    name: ClassVar[str] = "transitions"
    order_is_time_invariant: ClassVar[bool] = True
    explanation_rank: ClassVar[int | None] = 2
    half_life_places: float = 1.0
    reach: int = 5
    backward_weight: float = 0.15
    same_weight: float = 1.0
    size_power: float = 0.8
    row_power: float = 0.3
    popularity_power: float = 0.4
    profile_half_life_places: float = 3.0
    half_life_days: float | None = 30.0
    trend_power: float = 0.5
    neighbours: int = 300

    def fit(self, training: Training, seed: int) -> Self:
        of = baskets(training.behaviour)
        held = shared_out(of.held, self.size_power)
        demand = np.maximum(column_sums(of.held), 1e-12)
        gain = demand**-self.popularity_power
        if self.half_life_days:
            lately = scaled(of.held, rows=fading(training.behaviour.until - 1 - of.day, self.half_life_days))
            gain *= (column_sums(lately) / demand) ** self.trend_power
        weights = fading(np.arange(self.reach), self.half_life_places)
        blocks = [
            best_per_row(scaled(found, rows=demand[rows] ** -self.row_power, columns=gain), self.neighbours)
            for rows, found in pairs_of_items(of, held, weights, self.backward_weight, self.same_weight)
        ]
        self.similarity = sparse.vstack(blocks).tocsr().astype(np.float32)
        return self

    def score(self, customers: Customers) -> np.ndarray:
        of = baskets(customers.behaviour)
        weight = fading(of.from_end, self.profile_half_life_places)
        if self.half_life_days:
            weight = weight * fading(customers.behaviour.until - 1 - of.day, self.half_life_days)
        return self._reached(profiles(of, weight, shared_out(of.held, self.size_power)))
