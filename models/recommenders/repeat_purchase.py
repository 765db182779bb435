"""Repeat purchase: what a customer had and is due to buy again, by the cadence of the item and of the
customer.

The modified Poisson-Gamma model of Bhagat, Muralidharan, Lobzhanidze, Vishwanath, "Buy It Again: Modeling
Repeat Purchase Recommendations", KDD 2018. A customer buys an item again at a rate with a Gamma prior; after
k repeats over T days and t days since the last one the rate's shape is k + a and its inverse scale b + T + t.
That says a customer is likeliest to buy at the moment of buying, so within twice the usual interval m between
two purchases t gives way to 2 |m - t|: the rate rises until the item is due, and falls behind it. The score
is the item's share of customers who come back for it, times the probability of one purchase or more in the
next `horizon_days`, 1 - (b' / (b' + horizon))^a'.

The prior's mean is the item's rate of repeats times how much more often than others the customer repeats,
where the paper has the item's alone: there are shops' regulars and one-timers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from models.base import Recommender
from models.data_shape import DataShape
from models.recommenders.neighbours import mask_nonpositive_scores
from models.training_data import Behaviour, Customers, Training


@dataclass(frozen=True)
class PurchasePairs:
    """Customers' items, once each: n_days with a purchase, the first and the last of them; positions and
    days, int.
    """

    customer: np.ndarray
    item: np.ndarray
    n_days: np.ndarray
    first: np.ndarray
    last: np.ndarray

    @classmethod
    def from_behaviour(cls, behaviour: Behaviour) -> "PurchasePairs":
        """Of behaviour in its order: customer, item, day, kind."""
        pair = behaviour.customer.astype(np.int64) * behaviour.n_items + behaviour.item
        fresh = np.ones(len(pair), bool)
        # a day's view and cart are one day
        fresh[1:] = (pair[1:] != pair[:-1]) | (behaviour.day[1:] != behaviour.day[:-1])
        pair, day = pair[fresh], behaviour.day[fresh]
        starts = np.flatnonzero(np.diff(pair, prepend=-1))
        ends = np.append(starts, len(pair))[1:]
        customer, item = np.divmod(pair[starts], behaviour.n_items)
        return cls(customer, item, ends - starts, day[starts], day[ends - 1])


@dataclass
class RepeatPurchase(Recommender):
    """Items that are due to be bought again.

    Attributes:
        horizon_days: how far ahead a purchase is asked for.
        prior_repeats: a, the repeats that a prior counts as; the larger, the longer it takes a customer to
            differ from others.
        prior_customers: how many customers of the average item stand beside an item's own.
    """

    name: ClassVar[str] = "repeat_purchase"
    tasks: ClassVar[tuple[str, ...]] = ("next",)
    horizon_days: float = 28.0
    prior_repeats: float = 0.2
    prior_customers: float = 20.0

    def fit(self, training: Training, seed: int) -> Self:
        behaviour, n = training.behaviour, training.behaviour.n_items
        pairs = PurchasePairs.from_behaviour(behaviour.wanted())
        repeats = pairs.n_days - 1
        # from the first purchase on one can be seen to come back
        seen_days = np.maximum(behaviour.until - pairs.first, 1)

        self.share = self._ratio(pairs.item, repeats > 0, np.ones(len(repeats)), n)
        self.rate = self._ratio(pairs.item, repeats, seen_days, n)
        self.interval = self._ratio(pairs.item, pairs.last - pairs.first, repeats, n)
        return self

    def score(self, customers: Customers) -> np.ndarray:
        behaviour = customers.behaviour
        pairs = PurchasePairs.from_behaviour(behaviour.wanted())
        scores = np.zeros((behaviour.n_customers, behaviour.n_items))
        scores[pairs.customer, pairs.item] = self.due(pairs, behaviour.until, behaviour.n_customers)
        return mask_nonpositive_scores(scores)

    def missing_data(self, shape: DataShape) -> str | None:
        return (
            None
            if shape.n_repeats
            else "no customer wanted an item on two days, so nothing is known to be bought again"
        )

    def due(self, pairs: PurchasePairs, until: int, n_customers: int) -> np.ndarray:
        """float64 [pairs]: how likely each is bought within the horizon, asked on the day `until`."""
        repeats, since_first = pairs.n_days - 1, np.maximum(until - pairs.first, 1)
        prior = self.prior_repeats

        def per_customer(values: np.ndarray) -> np.ndarray:
            return np.bincount(pairs.customer, weights=values, minlength=n_customers)

        expected = per_customer(self.rate[pairs.item] * since_first)
        # above 1: repeats more than others with these items
        pace = (per_customer(repeats) + prior) / (expected + prior)
        rate = np.maximum(self.rate[pairs.item] * pace[pairs.customer], 1e-9)
        between = pairs.last - pairs.first
        # the item's own interval counts as one more
        usual = (between + self.interval[pairs.item]) / (repeats + 1)
        since_last = until - pairs.last
        waited = np.where(since_last < 2 * usual, 2 * np.abs(usual - since_last), since_last)
        shape, inverse_scale = repeats + prior, prior / rate + between + waited
        chance = -np.expm1(-shape * np.log1p(self.horizon_days / inverse_scale))
        return self.share[pairs.item] * chance

    def arrays(self) -> dict[str, np.ndarray]:
        return {"share": self.share, "rate": self.rate, "interval": self.interval}

    def restore(self, arrays: Mapping[str, np.ndarray]) -> Self:
        self.share, self.rate, self.interval = arrays["share"], arrays["rate"], arrays["interval"]
        return self

    def _ratio(self, item: np.ndarray, counted: np.ndarray, of: np.ndarray, n_items: int) -> np.ndarray:
        """float64 [items]: counted / of, both given a pair, drawn to the ratio of all by `prior_customers`
        average pairs.
        """
        weight = self.prior_customers * of.mean() if len(of) else 0.0
        overall = counted.sum() / max(of.sum(), 1e-12)
        above, below = (np.bincount(item, weights=values, minlength=n_items) for values in (counted, of))
        return (above + overall * weight) / np.maximum(below + weight, 1e-12)
