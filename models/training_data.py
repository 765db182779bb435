"""Training data as arrays: behaviour, attributes, and blocks of customers to score."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

KINDS = ("view", "cart", "purchase")
PURCHASE = KINDS.index("purchase")
# What one day's behaviour of each kind says about taste, relative to the others. Only the ratios matter.
KIND_WEIGHTS = np.array([1.0, 3.0, 5.0])


def encode_ids(ids: Iterable[str]) -> np.ndarray:
    """Ids as a bytes array, in UTF-8: numpy alone would take ASCII and stop at the first other letter."""
    return np.array([each.encode() for each in ids], dtype=bytes)


@dataclass(frozen=True)
class Behaviour:
    """Behaviour of customers with items, at most one entry per customer, item, day and kind, sorted by these.

    Attributes:
        n_customers, n_items: size of the matrix.
        customer, item: int32 positions.
        day: int32, days since 1970-01-01 UTC.
        kind: int8, position in `KINDS`.
        until: the first day that is not in it; ages are counted back from it.
        has_purchases: whether the shop knows of purchases at all.
    """

    n_customers: int
    n_items: int
    customer: np.ndarray
    item: np.ndarray
    day: np.ndarray
    kind: np.ndarray
    until: int
    has_purchases: bool = True

    def __len__(self) -> int:
        return len(self.item)

    def where(self, mask: np.ndarray) -> "Behaviour":
        """The entries that the boolean mask keeps."""
        return replace(
            self, customer=self.customer[mask], item=self.item[mask], day=self.day[mask], kind=self.kind[mask]
        )

    def before(self, day: int) -> "Behaviour":
        """What was known when this day began."""
        return replace(self.where(self.day < day), until=min(day, self.until))

    def since(self, day: int) -> "Behaviour":
        """What happened on this day and later."""
        return self.where(self.day >= day)

    def wanted(self) -> "Behaviour":
        """Purchases; everything where the shop knows of no purchase."""
        return self.where(self.kind == PURCHASE) if self.has_purchases else self

    def select_customers(self, customers: np.ndarray) -> "Behaviour":
        """The entries of these customers, renumbered in the order given."""
        place = np.full(self.n_customers, -1, np.int32)
        place[customers] = np.arange(len(customers), dtype=np.int32)
        entries = self.where(place[self.customer] >= 0)
        moved = place[entries.customer]
        order = np.argsort(moved, kind="stable")
        entries = replace(entries, n_customers=len(customers), customer=moved)
        return replace(
            entries,
            customer=moved[order],
            item=entries.item[order],
            day=entries.day[order],
            kind=entries.kind[order],
        )

    def matrix(self, half_life_days: float | None = None) -> sparse.csr_matrix:
        """Customers × items, float64: kinds weighted, each day's weight halved every `half_life_days`."""
        weight = KIND_WEIGHTS[self.kind]
        if half_life_days:
            weight = weight * 0.5 ** ((self.until - 1 - self.day) / half_life_days)
        return sparse.csr_matrix((weight, (self.customer, self.item)), shape=(self.n_customers, self.n_items))


@dataclass(frozen=True)
class Training:
    """The behaviour and the attributes that a recommender is fitted on.

    Attributes:
        behaviour: who did what.
        customer_features: csr float32, customers × attributes, 1 where the attribute holds.
        item_features: csr float32, items × attributes.
        price: float32 [items] in the shop's currency, nan where unknown; None where the shop names none.
        category: int32 [items], the category's number, -1 where unknown; None where the shop names none.
        item_content: csr float32, items × tokens: the attributes and every word of the title that two items
            share. More to a row than factors are learned from; what content neighbours read. None where there
            is no more than `item_features`.
        item_letters: csr float32, items × runs of letters in titles (`features.extract_letter_runs`); None
            where there are no titles.
    """

    behaviour: Behaviour
    customer_features: sparse.csr_matrix
    item_features: sparse.csr_matrix
    price: np.ndarray | None = None
    category: np.ndarray | None = None
    item_content: sparse.csr_matrix | None = None
    item_letters: sparse.csr_matrix | None = None

    @property
    def content(self) -> sparse.csr_matrix:
        """The most there is of items' attributes."""
        return self.item_features if self.item_content is None else self.item_content

    def before(self, day: int) -> "Training":
        """What could have been fitted when this day began."""
        return replace(self, behaviour=self.behaviour.before(day))


@dataclass(frozen=True)
class Customers:
    """A block of customers to score.

    Attributes:
        known: int32, each one's row in what was fitted; -1 for somebody the model never saw.
        behaviour: theirs up to now, rows numbered as in this block, items as in what was fitted.
        features: csr, block × attributes of the fitted vocabulary.
    """

    known: np.ndarray
    behaviour: Behaviour
    features: sparse.csr_matrix

    def __len__(self) -> int:
        return len(self.known)

    @classmethod
    def from_training(cls, training: Training, rows: np.ndarray) -> "Customers":
        """Customers the model was fitted on, by their rows."""
        return cls(
            rows.astype(np.int32), training.behaviour.select_customers(rows), training.customer_features[rows]
        )

    def select_rows(self, rows: np.ndarray) -> "Customers":
        """These of the block, by their places in it, in the order given."""
        return Customers(self.known[rows], self.behaviour.select_customers(rows), self.features[rows])

    def split_into_blocks(self, n: int) -> Iterator[tuple[slice, "Customers"]]:
        """The block in blocks of at most n, each with its place in this one."""
        for start in range(0, len(self), n):
            place = slice(start, min(start + n, len(self)))
            yield place, self.select_rows(np.arange(place.start, place.stop))
