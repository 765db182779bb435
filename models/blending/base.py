"""The protocol of weighted and learned blends: a blend is a recommender of recommenders, its parts.

`fit` of a blend fits everything in one process. A nightly run spreads the same fits over its workers instead:
it asks `select_windows`, fits the parts for each window, hands their scores to `build_rows` and all rows to
`fit_ranker`. A blend without a ranker has no windows, so the same steps do nothing.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np

from models.base import Recommender
from models.blending.ranker import RankerSettings
from models.blending.score_scale import normalise_scores
from models.blending.training_rows import PartScores, TrainingCase, TrainingRows
from models.blending.training_windows import TrainingWindow
from models.listing.lists import EligibleItems, RecommendationLists
from models.training_data import Customers, Training


class Blend(Recommender):
    """Several recommenders as one.

    Attributes:
        parts: the recommenders.
        settings: of its ranker; None for a blend without one.
    """

    parts: list[Recommender]
    settings: RankerSettings | None = None

    def select_windows(self, training: Training) -> list[TrainingWindow]:
        """The windows of the past its ranker is fitted on, newest first; none for a blend without
        a ranker.
        """
        return []

    def draw_case(self, training: Training, window: TrainingWindow, seed: int) -> TrainingCase:
        """The customers asked in one of its windows."""
        raise NotImplementedError(f"{self.name} has no ranker")

    def build_rows(
        self, training: Training, window: TrainingWindow, case: TrainingCase, scores: PartScores, seed: int
    ) -> TrainingRows:
        """The rows of one of its windows."""
        raise NotImplementedError(f"{self.name} has no ranker")

    def fit_ranker(self, training: Training, rows: Sequence[TrainingRows], seed: int) -> Self:
        """Fit the ranker on the rows of its windows; the parts are fitted elsewhere."""
        return self

    @abstractmethod
    def list_items(self, customers: Customers, eligible: EligibleItems, n: int) -> RecommendationLists:
        """The n best eligible items of each customer, as they are served."""

    @abstractmethod
    def list_test_items(
        self, customers: Customers, allowed: np.ndarray, consumable: np.ndarray, n: int
    ) -> dict[str, np.ndarray]:
        """The n best items by task of a test, int32 [customers, at most n], -1 for none: `next` as they are
        served, `discover` without what was bought.

        Args:
            allowed: bool [items], what may be listed for anybody.
            consumable: bool [items], what may be listed for somebody who bought it.
        """

    def score_similar_items(self, items: np.ndarray) -> np.ndarray | None:
        likeness = self.compare_items(items)
        if not likeness:
            return None
        total = np.sum(list(likeness.values()), axis=0, dtype=np.float32)
        return np.where(total > 0, total, -np.inf).astype(np.float32)

    def compare_items(self, items: np.ndarray) -> dict[str, np.ndarray]:
        """By part that compares items: float32 [items asked, items], from 0 to the weight of the part's
        likeness.

        It is the same for every blend of the same parts: what was wanted together is alike, for whomever.
        """
        likeness = [(part, part.score_similar_items(items)) for part in self.parts]
        return {
            part.name: np.float32(get_likeness_weight(part)) * normalise_scores(scores)
            for part, scores in likeness
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


def get_likeness_weight(part: Recommender) -> float:
    """The weight of a part's likeness; of a twin the default, whatever its class declares.

    A twin judges by the same evidence as the part of the plain name, which has spoken with its full weight.
    """
    return Recommender.likeness_weight if part.is_twin else part.likeness_weight
