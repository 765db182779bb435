"""Scores of candidates for a visitor folded in by live events: `FactorSpace.fold_in`, solved in as many
unknowns as there are events.

A visitor's vector is (G + λ + XᵀDX)⁻¹ Xᵀ(1 + d), with the factors X of their items and what surer they make
(d, D its diagonal). By the push-through identity that is A⁻¹Xᵀ (1 + D X A⁻¹Xᵀ)⁻¹ (1 + d) with A = G + λ,
whose inverse a snapshot needs once: ten events cost a system of ten, not of 48.
"""

from collections.abc import Sequence

import numpy as np

from models.factor_space import FactorSpace
from models.steering.scoring import FactorScores


class FactorScorer:
    """Folds a visitor in, and scores candidates for them."""

    def __init__(self, space: FactorSpace, trust: Sequence[tuple[int, float]]) -> None:
        """
        Args:
            trust: (most events, weight 0…1), ascending; beyond the last, the last's.
        """
        inverse = np.linalg.inv(space.gram + space.regularisation * np.eye(len(space.gram)))
        self._space, self._trust, self._inverse = space, tuple(trust), inverse.astype(np.float32)

    def fold_in(self, items: np.ndarray, kinds: np.ndarray, days_ago: np.ndarray) -> FactorScores | None:
        """The scores of candidates for a visitor with these events, times the trust in so many.

        Args:
            items: rows of the factors, each once; -1 for an item without a place.

        Returns:
            A function from rows of the factors to float32 scores, nought for -1; None where nothing is
            trusted or no event's item has a place.
        """
        is_placed = items >= 0
        trust = self._trust_in(int(is_placed.sum()))
        if not trust:
            return None
        space = self._space
        own = space.item_factors[items[is_placed]]
        surer = space.confidence * space.weigh_events(kinds[is_placed], days_ago[is_placed])
        towards = own @ self._inverse
        left = surer[:, None] * (towards @ own.T)
        left[np.diag_indices_from(left)] += 1.0
        vector = (np.linalg.solve(left, 1.0 + surer) @ towards).astype(np.float32) * np.float32(trust)

        def score(rows: np.ndarray) -> np.ndarray:
            return np.where(rows >= 0, space.item_factors[rows] @ vector, np.float32(0.0))

        return score

    def _trust_in(self, n_events: int) -> float:
        if not self._trust or n_events < 1:
            return 0.0
        return next((weight for most, weight in self._trust if n_events <= most), self._trust[-1][1])
