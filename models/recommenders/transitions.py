"""Directed item transitions: what customers wanted in the baskets that followed one with this item.

First-order Markov chains over items with decay over the distance, the sequential rules of Ludewig and
Jannach, "Evaluation of session-based recommendation algorithms" (UMUAI 2018), with both directions, baskets
for single items, and popularity discounted.
"""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from scipy import sparse

from models.recommenders.neighbours import SparseSimilarity, scale_matrix, select_best_per_row, sum_columns
from models.recommenders.sequences import (
    build_baskets,
    build_profiles,
    decay_by_half_life,
    divide_by_basket_size,
    iterate_item_pairs,
)
from models.training_data import Customers, Training


@dataclass
class Transitions(SparseSimilarity):
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
        of = build_baskets(training.behaviour)
        contents = divide_by_basket_size(of.held, self.size_power)
        demand = np.maximum(sum_columns(of.held), 1e-12)
        gain = demand**-self.popularity_power
        if self.half_life_days:
            lately = scale_matrix(
                of.held, rows=decay_by_half_life(training.behaviour.until - 1 - of.day, self.half_life_days)
            )
            gain *= (sum_columns(lately) / demand) ** self.trend_power
        weights = decay_by_half_life(np.arange(self.reach), self.half_life_places)
        blocks = [
            select_best_per_row(
                scale_matrix(pair_counts, rows=demand[rows] ** -self.row_power, columns=gain), self.neighbours
            )
            for rows, pair_counts in iterate_item_pairs(
                of, contents, weights, self.backward_weight, self.same_weight
            )
        ]
        self.similarity = sparse.vstack(blocks).tocsr().astype(np.float32)
        return self

    def score(self, customers: Customers) -> np.ndarray:
        of = build_baskets(customers.behaviour)
        weight = decay_by_half_life(of.from_end, self.profile_half_life_places)
        if self.half_life_days:
            weight = weight * decay_by_half_life(customers.behaviour.until - 1 - of.day, self.half_life_days)
        return self._reached(build_profiles(of, weight, divide_by_basket_size(of.held, self.size_power)))
