"""Ridge from past to future: what was bought next by customers whose history looked like this one, rolled
over the whole past.

A multi-target ridge regression (Hoerl, Kennard 1970). History is cut every `horizon_days`; at each cut the
customers' decayed histories are the rows of X and what each bought in the days after it the rows of Y, and W
= (XᵀX + ridge · I)⁻¹ XᵀY. Unlike EASE it is fitted on what it is asked for, the days ahead, so it learns what
is bought again (its diagonal) and what the season brings. A row of X has length 1 and a row of Y is divided
by the root of its items, or wholesalers decide everything.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from scipy import sparse

from models.data_shape import DataShape
from models.recommenders.dense import DenseWeights, invert_in_place
from models.recommenders.neighbours import compute_row_lengths, scale_matrix
from models.training_data import Behaviour, Customers, Training


@dataclass
class HistoryRidge(DenseWeights):
    """Weights from each item of a history to each item bought after it.

    Attributes:
        half_life_days: how fast the past fades in a history.
        horizon_days: how far ahead a cut looks, at most; a sixth of the history where that is shorter.
        ridge: what is added to the diagonal; the larger, the less rare items are trusted.
        cut_half_life_days: how fast a cut's say fades with its age: the shop's season is that of the newest
            cut.
        memory_limit_gb: what the dense matrices of fitting may take.
    """

    name: ClassVar[str] = "history_ridge"
    order_is_time_invariant: ClassVar[bool] = True
    is_costly: ClassVar[bool] = True
    dense_copies: ClassVar[float] = 3  # XᵀX and XᵀY while one of them is copied or multiplied
    half_life_days: float = 180.0
    horizon_days: int = 28
    ridge: float = 5.0
    cut_half_life_days: float = 30.0
    memory_limit_gb: float = 2.0

    def fit(self, training: Training, seed: int) -> Self:
        behaviour, n = training.behaviour, self._touched(training.behaviour)
        gram, answer = np.zeros((n, n)), np.zeros((n, n))
        for history, bought, weight in self._cuts(behaviour):
            add_sparse(gram, (history.T @ history) * weight)
            add_sparse(answer, (history.T @ bought) * weight)
        gram[np.diag_indices(n)] += self.ridge
        self.weights = (invert_in_place(gram) @ answer).astype(np.float32)
        return self

    def missing_data(self, shape: DataShape) -> str | None:
        return (
            None
            if shape.n_returning
            else "no customer came on two days, so nothing is known to follow a history"
        )

    def score(self, customers: Customers) -> np.ndarray:
        return self._weighed(self._histories(customers.behaviour))

    def _histories(self, behaviour: Behaviour) -> sparse.csr_matrix:
        """Decayed histories of length 1."""
        past = behaviour.matrix(self.half_life_days)
        return scale_matrix(past, rows=1.0 / compute_row_lengths(past))

    def _cuts(self, behaviour: Behaviour) -> Iterator[tuple[sparse.csr_matrix, sparse.csr_matrix, float]]:
        """Histories, what was wanted after them, and the cut's weight; newest cut first, each with a horizon
        of past at least.
        """
        first = int(behaviour.day.min(initial=behaviour.until))
        horizon = max(min(self.horizon_days, (behaviour.until - first) // 6), 1)
        for cut in range(behaviour.until - horizon, first + horizon - 1, -horizon):
            after = behaviour.since(cut).wanted()
            bought = after.where(after.day < cut + horizon).matrix()[:, self.items]
            bought.data[:] = 1.0
            history = self._histories(behaviour.before(cut))[:, self.items]
            has_both = (bought.getnnz(axis=1) > 0) & (history.getnnz(axis=1) > 0)
            bought = scale_matrix(bought, rows=np.maximum(bought.getnnz(axis=1), 1.0) ** -0.5)
            yield (
                history[has_both],
                bought[has_both],
                0.5 ** ((behaviour.until - horizon - cut) / self.cut_half_life_days),
            )


def add_sparse(total: np.ndarray, part: sparse.csr_matrix) -> None:
    """A sparse matrix onto a dense one, in its memory."""
    part = part.tocoo()
    total[part.row, part.col] += part.data
