"""A weighted blend: every part's scores brought to 0…1 a customer, then summed by weight."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Self

import numpy as np

from models.base import Recommender
from models.blending.base import Blend
from models.blending.score_scale import normalise_scores
from models.inference import select_top_items
from models.listing.lists import (
    DECIMALS,
    EligibleItems,
    RecommendationLists,
    build_lists_with_sources,
    select_best_items,
)
from models.time_split import build_cell_matrix
from models.training_data import Customers, Training


@dataclass
class WeightedBlend(Blend):
    """Parts and their weights.

    Attributes:
        parts: the recommenders.
        weights: by name of the part, above zero.
        power: what each normalised score is raised to before it is weighted; below 1, what a part has further
            down its list counts for more beside its best (on Beauty .5 is worth .001 of NDCG@10).
    """

    name: ClassVar[str] = "blend"
    parts: list[Recommender] = field(default_factory=list)
    weights: dict[str, float] = field(default_factory=dict)
    power: float = 1.0

    @property
    def order_is_time_invariant(self) -> bool:
        """Whether the normalised scores are the same whenever they are asked for: those of no part change by
        waiting.
        """
        return all(part.order_is_time_invariant for part in self.parts)

    def fit(self, training: Training, seed: int) -> Self:
        for part in self.parts:
            part.fit(training, seed)
        return self

    def score(self, customers: Customers) -> np.ndarray:
        return self.combine({part.name: self.normalise(part.score(customers)) for part in self.parts})

    def normalise(self, scores: np.ndarray) -> np.ndarray:
        """A part's scores as they are weighted: 0…1 a customer, to the power."""
        shares = normalise_scores(scores)
        return shares if self.power == 1.0 else shares ** np.float32(self.power)

    def combine(self, normalised: Mapping[str, np.ndarray]) -> np.ndarray:
        """The weighted sum of the parts' normalised scores; -inf where none has an opinion."""
        total = np.zeros_like(next(iter(normalised.values())))
        for part in self.parts:
            total += np.float32(self.weights[part.name]) * normalised[part.name]
        return np.where(total > 0, total, -np.inf).astype(np.float32)

    def list_items(self, customers: Customers, eligible: EligibleItems, n: int) -> RecommendationLists:
        normalised = {part.name: self.normalise(part.score(customers)) for part in self.parts}
        total = np.round(self.combine(normalised).astype(np.float64), DECIMALS)
        shares = {name: self.weights[name] * scores for name, scores in normalised.items()}
        return build_lists_with_sources(
            select_best_items(total, eligible, n), total, shares, eligible.allowed
        )

    def list_test_items(
        self, customers: Customers, allowed: np.ndarray, consumable: np.ndarray, n: int
    ) -> dict[str, np.ndarray]:
        scores, bought = self.score(customers), build_cell_matrix(customers.behaviour.wanted()).toarray()
        may_be_listed = allowed & ~(bought & ~consumable)
        masks = {"discover": may_be_listed & ~bought, "next": may_be_listed}
        return {task: select_top_items(scores, n, mask)[0] for task, mask in masks.items()}
