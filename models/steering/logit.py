"""The conditional logit: weights under which a session's choices among candidates are likeliest.

Of the candidates of a moment, the one that the session went on to is chosen with a chance by its score
(McFadden 1974). The loss is convex and no weight may fall below nought, so there is one answer, whatever the
start.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from models.steering.examples import N_FEATURES, Example

SHRINKAGE = 1e-3  # keeps a weight that no example asks for near nought


@dataclass(frozen=True)
class ExampleStack:
    """Examples in one array, those without a wanted candidate left out: they say nothing of weights.

    Attributes:
        features: float64 [candidates, `N_FEATURES`].
        gains: float64 [candidates].
        starts: int [examples], where each one's candidates begin.
    """

    features: np.ndarray
    gains: np.ndarray
    starts: np.ndarray

    @classmethod
    def of(cls, examples: Sequence[Example]) -> "ExampleStack":
        telling = [one for one in examples if one.gains.any()]
        return cls(
            np.concatenate([np.zeros((0, N_FEATURES)), *[one.features for one in telling]]),
            np.concatenate([np.zeros(0), *[one.gains for one in telling]]),
            np.cumsum([0, *[len(one.gains) for one in telling]])[:-1].astype(np.int64),
        )

    def __len__(self) -> int:
        return len(self.starts)

    def compute_loss(self, weights: np.ndarray) -> tuple[float, np.ndarray]:
        """The sum of the choices' log losses, each by its gain, and its gradient."""
        if not len(self):
            return 0.0, np.zeros(N_FEATURES)
        lengths = np.diff(self.starts, append=len(self.gains))
        scores = self.features @ weights
        scores -= np.repeat(np.maximum.reduceat(scores, self.starts), lengths)
        chance = np.exp(scores)
        total, gained = np.add.reduceat(chance, self.starts), np.add.reduceat(self.gains, self.starts)
        loss = gained @ np.log(total) - self.gains @ scores
        expected = chance * np.repeat(gained / total, lengths)
        return float(loss), self.features.T @ (expected - self.gains)


def fit_logit(stack: ExampleStack, towards: np.ndarray | None = None, pull: float = SHRINKAGE) -> np.ndarray:
    """float64 [`N_FEATURES`], none below nought: the weights of the lowest loss; what no example holds is as
    it is pulled to be.

    Args:
        towards: what they are pulled to; None for nought.
        pull: by how many examples' worth.
    """
    centre = np.zeros(N_FEATURES) if towards is None else towards

    def penalised(weights: np.ndarray) -> tuple[float, np.ndarray]:
        loss, gradient = stack.compute_loss(weights)
        off = weights - centre
        return loss + 0.5 * pull * (off @ off), gradient + pull * off

    start = np.where(stack.features.any(axis=0), np.maximum(centre, 0.1), centre)
    bounds = [(0.0, None)] * N_FEATURES
    return minimize(penalised, start, jac=True, method="L-BFGS-B", bounds=bounds).x
