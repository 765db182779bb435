"""Lists of a model that is factors alone: products with what may be shown, and no matrix of customers ×
items.

The blend brings every part's scores to 0…1 over all items, which takes several passes over such a matrix.
Where there is one part and it scores by products, the order of the products is the order of the list, and
only what is listed need be brought to 0…1.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from models.base import Recommender
from models.inference import rank_entries, select_top_items_by_vectors
from models.listing.lists import DECIMALS, LENGTH, MOST_REPEATS, RecommendationLists
from models.listing.retrieval import ItemIndex
from models.training_data import Customers


@dataclass(frozen=True)
class VectorListBuilder:
    """Builds lists of a model that scores by vectors.

    Attributes:
        name: of the recommender.
        shown: int32, ascending: positions of the items that may be shown.
        item_vectors: float32 [shown, d]; empty where an index holds them.
        centre: float32 [d], the mean of all items: a customer's product with it is what they think of an
            average item.
        index: finds nearly the best where comparing with all takes too long; None to compare with all.
    """

    name: str
    shown: np.ndarray
    item_vectors: np.ndarray
    centre: np.ndarray
    index: ItemIndex | None = None

    @classmethod
    def from_recommender(
        cls, part: Recommender, allowed: np.ndarray, index: ItemIndex | None = None
    ) -> "VectorListBuilder":
        """
        Args:
            part: fitted; one that `scores_by_vectors`.
            allowed: bool [items].
        """
        shown = np.flatnonzero(allowed).astype(np.int32)
        item_vectors = part.item_vectors[shown if index is None else shown[:0]]
        vectors = np.ascontiguousarray(item_vectors, np.float32)
        return cls(
            part.name,
            shown,
            vectors,
            part.item_vectors.mean(axis=0, dtype=np.float64).astype(np.float32),
            index,
        )

    @cached_property
    def place(self) -> np.ndarray:
        """int32 [items up to the last that is shown]: place among those shown, -1 for others."""
        place = np.full(int(self.shown.max(initial=-1)) + 1, -1, np.int32)
        place[self.shown] = np.arange(len(self.shown), dtype=np.int32)
        return place

    def lists(
        self, vectors: np.ndarray, customers: Customers, consumable: np.ndarray, n: int = LENGTH
    ) -> RecommendationLists:
        """The block's lists by the rules of `blend_lists.build_personal_lists`, scores being shares of the
        way from an average item to the best.

        Args:
            vectors: float32 [customers, d].
            consumable: bool [items], what may be shown to somebody who bought it.
        """
        rows, bought = self.bought(customers)
        find = select_top_items_by_vectors if self.index is None else self.index.best
        fresh, fresh_score, bought_score = find(vectors, self.item_vectors, n, (rows, bought))
        again = consumable[self.shown[bought]]
        most = min(MOST_REPEATS, n // 2)
        repeated, repeated_score = rank_entries(
            rows[again], bought[again], bought_score[again], len(customers), most
        )
        items, raw = (
            np.concatenate([fresh, repeated], axis=1),
            np.concatenate([fresh_score, repeated_score], axis=1),
        )
        floor = (vectors * self.centre).sum(axis=1, dtype=np.float64)[:, None]
        top = fresh_score.max(axis=1, initial=-np.inf, keepdims=True).astype(np.float64)
        np.maximum.at(top[:, 0], rows, bought_score)
        with np.errstate(invalid="ignore", divide="ignore"):
            scores = np.round((raw.astype(np.float64) - floor) / (top - floor), DECIMALS)
        scores = np.where((items >= 0) & (scores > 0), scores, -np.inf)
        items = np.where(np.isfinite(scores), items, -1)
        order = np.lexsort((items, -scores), axis=1)[:, :n]
        items, scores = np.take_along_axis(items, order, axis=1), np.take_along_axis(scores, order, axis=1)
        catalogue_items = np.where(items >= 0, self.shown[items], -1) if len(self.shown) else items
        return RecommendationLists(
            catalogue_items.astype(np.int32), scores, np.ones(items.shape, np.uint32), (self.name,)
        )

    def bought(self, customers: Customers) -> tuple[np.ndarray, np.ndarray]:
        """Each customer and item (place among those shown) they wanted before, once; rows ascending."""
        wanted = customers.behaviour.wanted()
        inside = wanted.item < len(self.place)
        row, item = wanted.customer[inside], self.place[wanted.item[inside]]
        pairs = np.unique(row[item >= 0].astype(np.int64) * max(len(self.shown), 1) + item[item >= 0])
        return tuple(np.divmod(pairs, max(len(self.shown), 1)))
