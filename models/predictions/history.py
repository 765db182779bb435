"""A shop's history as predictions read it: what each customer did on each day, as arrays."""

from dataclasses import dataclass, replace

import numpy as np

KINDS = ("view", "cart", "purchase", "return")
VIEW, CART, PURCHASE, RETURN = range(len(KINDS))
UNKNOWN_CATEGORY = -1
# What a feature may read. A further column is a further way for the days after a cut to get in, so there is
# none that was worked out over the whole history.
COLUMNS = ("day", "n", "amount", "category")


@dataclass(frozen=True)
class CustomerHistory:
    """What customers did: one row per customer, day, kind and category.

    Attributes:
        n_customers: customers are numbered from 0.
        customer, day: int32; days since 1970-01-01 on the shop's clock.
        kind: int8, position in `KINDS`.
        n: int32, how many views, carts or lines.
        amount: float64, what was paid, or paid back for a return; never negative; 0 for views and carts.
        category: int32, the category's number, `UNKNOWN_CATEGORY` where the shop names none.
        until: the first day that is not in it.
    """

    n_customers: int
    customer: np.ndarray
    day: np.ndarray
    kind: np.ndarray
    n: np.ndarray
    amount: np.ndarray
    category: np.ndarray
    until: int

    def __len__(self) -> int:
        return len(self.customer)

    def where(self, mask: np.ndarray) -> "CustomerHistory":
        """The rows that the boolean mask keeps."""
        columns = ("customer", "kind", *COLUMNS)
        return replace(self, **{name: getattr(self, name)[mask] for name in columns})

    def before(self, cut: int) -> "CustomerHistory":
        """What was known when this day began."""
        return replace(self.where(self.day < cut), until=min(cut, self.until))

    def sample_customers(self, most: int, seed: int) -> "CustomerHistory":
        """The history of so many customers at most, drawn by the seed and numbered anew in their order."""
        if self.n_customers <= most:
            return self
        drawn = np.sort(np.random.default_rng(seed).choice(self.n_customers, most, replace=False))
        place = np.full(self.n_customers, -1, np.int32)
        place[drawn] = np.arange(most, dtype=np.int32)
        kept = self.where(place[self.customer] >= 0)
        return replace(kept, n_customers=most, customer=place[kept.customer])


def find_known_customers(history: CustomerHistory, cut: int) -> np.ndarray:
    """int32 [n], ascending: customers who did anything before the cut."""
    return np.unique(history.customer[history.day < cut])


def sum_spend(history: CustomerHistory, start: int, end: int) -> np.ndarray:
    """float64 [customers]: purchases minus returns on days from `start` until before `end`, not below 0."""
    inside = (history.day >= start) & (history.day < end)
    sign = np.select([history.kind == PURCHASE, history.kind == RETURN], [1.0, -1.0], 0.0)
    spent = np.bincount(
        history.customer[inside], (sign * history.amount)[inside], minlength=history.n_customers
    )
    return np.maximum(spent, 0.0)


def find_buyers(history: CustomerHistory, start: int, end: int) -> np.ndarray:
    """bool [customers]: whether they bought anything on days from `start` until before `end`."""
    inside = (history.kind == PURCHASE) & (history.day >= start) & (history.day < end)
    return np.bincount(history.customer[inside], minlength=history.n_customers) > 0
