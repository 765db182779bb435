"""Fold-in: a customer's vector in fixed factors by what they did. Numpy alone, so that the service may import
it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class FactorSpace:
    """The factors of items with the parameters that fold-in needs; nothing of known customers.

    Attributes:
        item_factors: float [items, k], rows of nought for items without a place.
        gram: float64 [k, k], the item factors' products with each other over all items.
        confidence: how much surer one unit of behaviour is than none.
        regularisation: what pulls a vector to nought.
        half_life_days: how fast behaviour fades.
        kind_weights: float [kinds], what a view, a cart and a purchase weigh.
    """

    item_factors: np.ndarray
    gram: np.ndarray
    confidence: float
    regularisation: float
    half_life_days: float
    kind_weights: np.ndarray

    @classmethod
    def read(
        cls,
        factors: bytes,
        gram: bytes,
        confidence: float,
        regularisation: float,
        half_life_days: float,
        kind_weights: Sequence[float],
    ) -> "FactorSpace":
        """The space from a snapshot's bytes: factors little-endian float16, the gram matrix float64."""
        n_components = math.isqrt(len(gram) // 8)
        return cls(
            np.frombuffer(factors, "<f2").astype(np.float32).reshape(-1, n_components),
            np.frombuffer(gram, "<f8").reshape(n_components, n_components),
            confidence,
            regularisation,
            half_life_days,
            np.array(kind_weights),
        )

    def score(self, vector: np.ndarray) -> np.ndarray:
        """float32 [items]: the scores of a customer with this vector."""
        return self.item_factors @ vector.astype(np.float32)

    def weigh_events(self, kinds: np.ndarray, days_ago: np.ndarray) -> np.ndarray:
        """float64 [events]: the weight of each event, in units of a purchase today."""
        return self.kind_weights[kinds] / self.kind_weights.max() * 0.5 ** (days_ago / self.half_life_days)

    def fold_in(self, items: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """A customer's vector by these events (`fold_in_customer`); an item that came twice counts twice."""
        unique_items, which = np.unique(items, return_inverse=True)
        return fold_in_customer(
            self.item_factors[unique_items],
            np.bincount(which, weights=weights, minlength=len(unique_items)),
            self.gram,
            self.confidence,
            self.regularisation,
        )


def fold_in_customer(
    factors: np.ndarray, weights: np.ndarray, gram: np.ndarray, confidence: float, regularisation: float
) -> np.ndarray:
    """A customer's vector in the factor space: the exact answer, given the items', of implicit least squares.

    Minimises sum over all items of c (p - x·y)² + regularisation |x|², where p is 1 and c is 1 + confidence ×
    weight for the customer's items, 0 and 1 for all others (Hu, Koren and Volinsky, ICDM 2008, equation 4).
    What all others add is in the gram matrix, so the cost is that of the customer's own items.

    Args:
        factors: float [items of the customer, k], each item once.
        weights: float [items of the customer], >= 0.
        gram: float64 [k, k].

    Returns:
        float64 [k]; noughts for somebody without events.
    """
    own = factors.astype(np.float64)
    surer = confidence * weights
    left = gram + (own.T * surer) @ own
    left[np.diag_indices_from(left)] += regularisation
    return np.linalg.solve(left, own.T @ (1.0 + surer))
