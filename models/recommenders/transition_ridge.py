"""Ridge on transitions: which weights of what came before tell best what came after, within each customer's
own sequence.

SLIT, the half of SLIST that learns order: Choi, Kim, Lee, Shim, Lee, "Session-aware Linear Item-Item Models
for Session-based Recommendation" (WWW 2021). Every customer's days are cut at each day; X holds what stood
before the cut, Y what stood after it, both fading with the distance from the cut, and B = (XᵀWX + ridge ·
I)⁻¹ XᵀWY with W the cut's own weight. Counting transitions trusts each item of a past by itself; here items
that come together share what follows between them. The inverse is dense: a catalogue that does not fit the
memory granted is refused before anything is allocated.
"""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from scipy import sparse

from models.data_shape import KEPT, DataShape
from models.recommenders.dense import DenseWeights, invert_in_place
from models.recommenders.neighbours import compute_row_lengths, scale_matrix
from models.recommenders.sequences import (
    build_baskets,
    build_profiles,
    decay_by_half_life,
    divide_by_basket_size,
    link_later_baskets,
)
from models.training_data import Behaviour, Customers, Training

BLOCK = 1024  # rows of weights made at once


@dataclass
class TransitionRidge(DenseWeights):
    """Weights from each item of a past to each item that came after it.

    Attributes:
        profile_half_life_places: how fast a past fades, in baskets before the cut, in training and in a
            customer's profile.
        half_life_places: how fast what came after fades with the baskets between.
        reach: baskets further than this from the cut are left out of training.
        half_life_days: how fast a cut's say fades with its age; None for not at all.
        size_power: how much a basket pays for being large.
        length_power: how much a past pays for being long (1: all have length 1; 0: as they are).
        ridge: what is added to the diagonal; the larger, the less rare items are trusted.
        memory_limit_gb: what the dense matrices of fitting may take.
    """

    name: ClassVar[str] = "transition_ridge"
    order_is_time_invariant: ClassVar[bool] = True
    is_costly: ClassVar[bool] = True
    dense_copies: ClassVar[float] = 1.5  # the inverse, and the weights as float32
    profile_half_life_places: float = 5.0
    half_life_places: float = 1.0
    reach: int = 10
    half_life_days: float | None = 60.0
    size_power: float = 0.5
    length_power: float = 1.0
    ridge: float = 5.0
    memory_limit_gb: float = 2.0

    def fit(self, training: Training, seed: int) -> Self:
        n = self._touched(training.behaviour)
        past, after = self._cuts(training.behaviour)
        answer = (past.T @ after).tocsr()
        gram = (past.T @ past).toarray()
        gram[np.diag_indices(n)] += self.ridge
        inverse, turned = invert_in_place(gram), answer.T.tocsr()
        self.weights = np.empty((n, n), np.float32)
        for start in range(0, n, BLOCK):
            self.weights[start : start + BLOCK] = (turned @ inverse[:, start : start + BLOCK]).T
        return self

    def estimate_bytes(self, shape: DataShape) -> int:
        """What fitting holds at its peak: the dense matrices, and pairs of items within reach, twice as
        sparse matrices.
        """
        pairs = shape.n_entries * self.reach * shape.n_entries / max(shape.n_visits, 1)
        return super().estimate_bytes(shape) + round(2 * KEPT * min(pairs, shape.n_touched**2))

    def missing_data(self, shape: DataShape) -> str | None:
        return None if shape.n_returning else "no customer came on two days, so nothing followed anything"

    def score(self, customers: Customers) -> np.ndarray:
        of = build_baskets(customers.behaviour)
        weight = decay_by_half_life(of.from_end, self.profile_half_life_places)
        return self._weighed(
            self._level(build_profiles(of, weight, divide_by_basket_size(of.held, self.size_power)))
        )

    def _cuts(self, behaviour: Behaviour) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
        """What stood before each cut and what after it, both times the root of the cut's weight: csr [cuts,
        items fitted].
        """
        of = build_baskets(behaviour)
        contents = divide_by_basket_size(of.held, self.size_power)[:, self.items]
        before = link_later_baskets(
            of, decay_by_half_life(np.arange(1, self.reach), self.profile_half_life_places)
        ).T
        past = self._level((before + sparse.identity(len(of))) @ contents)
        after = (
            link_later_baskets(of, decay_by_half_life(np.arange(self.reach), self.half_life_places))
            @ contents
        )
        root = np.ones(len(of))
        if self.half_life_days:
            root = decay_by_half_life(behaviour.until - 1 - of.day, 2 * self.half_life_days)
        cut = np.flatnonzero(of.from_end > 0)
        return scale_matrix(past, rows=root).tocsr()[cut], scale_matrix(after, rows=root).tocsr()[cut]

    def _level(self, past: sparse.csr_matrix) -> sparse.csr_matrix:
        """Pasts divided by their length to a power."""
        past = past.tocsr()
        return scale_matrix(past, rows=compute_row_lengths(past) ** -self.length_power)
