"""EASE: every item as a weighted sum of all others, in closed form; with time decay.

Steck: Embarrassingly Shallow Autoencoders for Sparse Data, WWW 2019. With X the customers' decayed behaviour
(a purchase of today is 1) and P = (XᵀX + ridge · I)⁻¹, the weights are B[i, j] = -P[i, j] / P[j, j] off the
diagonal and 0 on it; a customer's scores are x B. The inverse is dense: a catalogue that does not fit the
memory granted is refused before anything is allocated.
"""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from scipy import sparse

from models.recommenders.dense import DenseWeights, invert_in_place
from models.recommenders.neighbours import compute_row_lengths, scale_matrix
from models.training_data import KIND_WEIGHTS, PURCHASE, Behaviour, Customers, Training


@dataclass
class EASE(DenseWeights):
    """Weights between all pairs of the items that anybody touched.

    Attributes:
        half_life_days: how fast the past fades, in training and in a customer's profile; None: never.
        profile_half_life_days: how fast it fades in a customer's profile alone; None: as in training.
        ridge: what is added to the diagonal; the larger, the less rare items are trusted.
        length_power: how much a history pays for being long (1: all have length 1; 0: as they are, which is
            the paper's).
        memory_limit_gb: what the dense matrices of fitting may take.
    """

    name: ClassVar[str] = "ease"
    order_is_time_invariant: ClassVar[bool] = True
    is_costly: ClassVar[bool] = True
    dense_copies: ClassVar[float] = 1.5  # the inverse, and the weights as float32
    half_life_days: float | None = 90.0
    ridge: float = 10.0
    length_power: float = 0.5
    memory_limit_gb: float = 2.0
    profile_half_life_days: float | None = None

    def fit(self, training: Training, seed: int) -> Self:
        self._touched(training.behaviour)
        warm = self._profiles(training.behaviour, self.half_life_days)[:, self.items]
        gram = (warm.T @ warm).toarray()
        gram[np.diag_indices_from(gram)] += self.ridge
        inverse = invert_in_place(gram)
        inverse /= -np.diag(inverse).copy()
        np.fill_diagonal(inverse, 0.0)
        self.weights = inverse.astype(np.float32)
        return self

    def score(self, customers: Customers) -> np.ndarray:
        half_life = self.profile_half_life_days or self.half_life_days
        return self._weighed(self._profiles(customers.behaviour, half_life))

    def _profiles(self, behaviour: Behaviour, half_life_days: float | None) -> sparse.csr_matrix:
        past = behaviour.matrix(half_life_days) / KIND_WEIGHTS[PURCHASE]
        return scale_matrix(past, rows=compute_row_lengths(past) ** -self.length_power)
