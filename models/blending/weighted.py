"""A weighted blend: every component's scores brought to 0…1 a customer, then added up; `learned.py` has the
learned one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Self

import numpy as np

from models.base import Customers, Recommender, Training

# Items bought together are alike in the sense a shop means; what other parts say of likeness (factors, words)
# counts less, and speaks where nothing was bought together.
LIKENESS = {"item_knn": 1.0}
LIKENESS_OF_OTHERS = 0.3


@dataclass
class Blend:
    """Components and what each one's opinion counts.

    Attributes:
        parts: the recommenders.
        weights: by name of the part, above zero.
        power: what each opinion is raised to before it is weighed; below 1, what a part has further down its
            list counts for more beside its best (on Beauty .5 is worth .001 of NDCG@10).
    """

    name: ClassVar[str] = "blend"
    parts: list[Recommender] = field(default_factory=list)
    weights: dict[str, float] = field(default_factory=dict)
    power: float = 1.0

    @property
    def fades_evenly(self) -> bool:
        """Whether scores, brought to 0…1, are the same whenever they are asked for: no part's say changes by
        waiting.
        """
        return all(getattr(part, "fades_evenly", False) for part in self.parts)

    def fit(self, training: Training, seed: int) -> Self:
        for part in self.parts:
            part.fit(training, seed)
        return self

    def score(self, customers: Customers) -> np.ndarray:
        return self.combine({part.name: self.brought(part.score(customers)) for part in self.parts})

    def brought(self, scores: np.ndarray) -> np.ndarray:
        """A part's scores as they are weighed: 0…1 a customer, to the power."""
        shares = unit(scores)
        return shares if self.power == 1.0 else shares ** np.float32(self.power)

    def combine(self, units: Mapping[str, np.ndarray]) -> np.ndarray:
        """The blend of what `brought` made of each part; -inf where none has an opinion."""
        total = np.zeros_like(next(iter(units.values())))
        for part in self.parts:
            total += np.float32(self.weights[part.name]) * units[part.name]
        return np.where(total > 0, total, -np.inf).astype(np.float32)

    def similar(self, items: np.ndarray) -> np.ndarray | None:
        units = self.likeness(items)
        if not units:
            return None
        total = np.sum(list(units.values()), axis=0, dtype=np.float32)
        return np.where(total > 0, total, -np.inf).astype(np.float32)

    def likeness(self, items: np.ndarray) -> dict[str, np.ndarray]:
        """By part that compares items: float32 [given items, items], 0 up to what its say on
        likeness counts.
        """
        said = {part.name: part.similar(items) for part in self.parts}
        return {
            name: np.float32(LIKENESS.get(name, LIKENESS_OF_OTHERS)) * unit(scores)
            for name, scores in said.items()
            if scores is not None
        }

    def arrays(self) -> dict[str, np.ndarray]:
        return {f"{part.name}/{name}": array for part in self.parts for name, array in part.arrays().items()}

    def restore(self, arrays: Mapping[str, np.ndarray]) -> Self:
        for part in self.parts:
            prefix = f"{part.name}/"
            part.restore(
                {
                    name.removeprefix(prefix): array
                    for name, array in arrays.items()
                    if name.startswith(prefix)
                }
            )
        return self


def unit(scores: np.ndarray) -> np.ndarray:
    """Scores brought to 0…1 row by row: the best is 1, no opinion is 0.

    Zero stays zero for scores that count something. Scores with a sign (factors) have no zero of their own:
    there the row's mean is 0, and what lies below it says nothing.
    """
    floor, top = ends(scores)
    floor = floor.astype(scores.dtype)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = (scores - floor) / (top - floor)
    return np.where(np.isfinite(scores) & (shares > 0), shares, 0.0).astype(np.float32)


def ends(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What is 0 and what is 1 in each row of `unit`: float64 and the scores' type [rows, 1]."""
    finite = np.isfinite(scores)
    # Reductions with `where=` are three times slower than filling first.
    top = np.where(finite, scores, -np.inf).max(axis=1, initial=-np.inf, keepdims=True)
    low = np.where(finite, scores, np.inf).min(axis=1, initial=np.inf, keepdims=True)
    floor = np.zeros(top.shape)
    signed = np.flatnonzero(low[:, 0] < 0)
    if len(signed):
        n = finite[signed].sum(axis=1, keepdims=True)
        floor[signed] = (
            np.where(finite[signed], scores[signed], 0.0).sum(axis=1, keepdims=True, dtype=np.float64) / n
        )
    return floor, top
