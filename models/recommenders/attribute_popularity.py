"""Popularity by attributes: what customers of the same attributes wanted lately, for a customer without a
history.

Naive Bayes over attributes (Maron, JACM 1961): the share of an item in what everybody wanted, times, for each
attribute of the customer, how many times larger its share is among those who have the attribute. A share
among few is drawn to everybody's (a Dirichlet prior), so a country with three orders changes nothing and one
with thousands has a list of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from models.base import Recommender
from models.recommenders.neighbours import sum_columns
from models.training_data import KIND_WEIGHTS, Customers, Training


@dataclass
class AttributePopularity(Recommender):
    """Popularity by attributes; history is not read.

    Attributes:
        half_life_days: how fast what was wanted fades.
        prior: purchases of today that everybody's taste counts as, in each attribute's.
        likeness_power: what a ratio of shares counts.
    """

    name: ClassVar[str] = "attribute_popularity"
    half_life_days: float = 10.0
    prior: float = 300.0
    likeness_power: float = 1.0

    def fit(self, training: Training, seed: int) -> Self:
        wanted = training.behaviour.wanted().matrix(self.half_life_days) / KIND_WEIGHTS.max()
        # A customer's vote on an item counts once, however many days they wanted it: a wholesaler is one
        # customer.
        wanted.data = np.minimum(wanted.data, 1.0)
        everybody = sum_columns(wanted)
        share = everybody / max(everybody.sum(), 1e-12)
        among = (training.customer_features.T @ wanted).toarray()
        wide = (among + self.prior * share) / (among.sum(axis=1, keepdims=True) + self.prior)
        ratio = np.log(np.maximum(wide, 1e-300)) - np.log(np.maximum(share, 1e-300))
        self.ratio = np.where(share > 0, ratio * self.likeness_power, 0.0).astype(np.float32)
        self.share = share.astype(np.float32)
        return self

    def score(self, customers: Customers) -> np.ndarray:
        with np.errstate(divide="ignore"):
            scores = np.exp(
                np.log(self.share.astype(np.float64)) + customers.features @ self.ratio.astype(np.float64)
            )
        return np.where(self.share > 0, scores, -np.inf).astype(np.float32)

    def arrays(self) -> dict[str, np.ndarray]:
        return {"ratio": self.ratio, "share": self.share}

    def restore(self, arrays: Mapping[str, np.ndarray]) -> Self:
        self.ratio, self.share = arrays["ratio"], arrays["share"]
        return self
