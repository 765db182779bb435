"""Order of behaviour, which recommenders of sequences share: a customer's days as baskets, one after the
other.

`Behaviour` knows nothing finer than the day, so a basket (a session) is a customer's day. Data that know an
order alone are given a day a position.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from models.training_data import KIND_WEIGHTS, PURCHASE, Behaviour, Customers

BLOCK = 1024  # items followed at once
SEVERAL = 0.1  # of the days that hold more than one item: enough that a day is a session


@dataclass(frozen=True)
class Baskets:
    """Customers' days in order: sorted by customer, then day.

    Attributes:
        held: csr float64 [baskets, items]: the kinds' weights of the day, a purchase being 1.
        customer: int32 [baskets].
        day: int32 [baskets].
        place: int32 [baskets]: 0 for a customer's first day, 1 for the second, …
        from_end: int32 [baskets]: 0 for a customer's last day, 1 for the one before, …
        n_customers: how many customers there are, with and without a basket.
    """

    held: sparse.csr_matrix
    customer: np.ndarray
    day: np.ndarray
    place: np.ndarray
    from_end: np.ndarray
    n_customers: int

    def __len__(self) -> int:
        return len(self.customer)


def build_baskets(behaviour: Behaviour) -> Baskets:
    """The baskets of all customers: what each did, day by day."""
    first = int(behaviour.day.min(initial=0))
    span = int(behaviour.day.max(initial=0)) - first + 1
    key = behaviour.customer.astype(np.int64) * span + (behaviour.day - first)
    days, basket = np.unique(key, return_inverse=True)
    weight = KIND_WEIGHTS[behaviour.kind] / KIND_WEIGHTS[PURCHASE]
    contents = sparse.csr_matrix((weight, (basket, behaviour.item)), shape=(len(days), behaviour.n_items))
    customer = (days // span).astype(np.int32)
    n_days = np.bincount(customer, minlength=behaviour.n_customers)
    place = np.arange(len(days)) - (np.cumsum(n_days) - n_days)[customer]
    from_end = n_days[customer] - 1 - place
    return Baskets(
        contents,
        customer,
        (days % span + first).astype(np.int32),
        place.astype(np.int32),
        from_end.astype(np.int32),
        behaviour.n_customers,
    )


def compute_usual_gap_days(baskets: Baskets) -> int:
    """Days that may lie between two baskets of one session, by the customers' own rhythm.

    0, a session a day, where days hold several items often enough to be compared. Where nearly every day
    holds one item it says nothing by itself, and days follow in one session that are no further apart than a
    customer's days usually are (the median).
    """
    if not len(baskets) or (baskets.held.getnnz(axis=1) > 1).mean() >= SEVERAL:
        return 0
    gaps = np.diff(baskets.day)[np.diff(baskets.customer) == 0]
    return int(np.median(gaps)) if len(gaps) else 0


def decay_by_half_life(ages: np.ndarray, half_life: float) -> np.ndarray:
    """float64: 1 at age nought, halved every half-life."""
    return 0.5 ** (ages / half_life)


def divide_by_basket_size(contents: sparse.csr_matrix, power: float) -> sparse.csr_matrix:
    """Each basket divided by its size to a power: 0 leaves it, 1 makes every basket weigh the same."""
    size = np.maximum(np.asarray(contents.sum(axis=1)).ravel(), 1e-12)
    return (sparse.diags(size**-power) @ contents).tocsr()


def build_profiles(baskets: Baskets, weight: np.ndarray, contents: sparse.csr_matrix) -> sparse.csr_matrix:
    """Customers × items: each one's baskets added up by these weights (float64 [baskets])."""
    adding = sparse.csr_matrix(
        (weight, (baskets.customer, np.arange(len(baskets)))), shape=(baskets.n_customers, len(baskets))
    )
    return (adding @ contents).tocsr()


def link_later_baskets(baskets: Baskets, weights: Sequence[float]) -> sparse.csr_matrix:
    """Baskets × baskets: entry (b, c) is `weights[g - 1]` where c is the same customer's basket g places
    after b.
    """
    rows, columns, values = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], [np.zeros(0)]
    for gap, weight in enumerate(weights, start=1):
        # sorted by customer and day: the one g later stands g rows below
        row = np.flatnonzero(baskets.from_end >= gap)
        rows.append(row)
        columns.append(row + gap)
        values.append(np.full(len(row), weight))
    data = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
    return sparse.csr_matrix(data, shape=(len(baskets), len(baskets)))


def iterate_item_pairs(
    baskets: Baskets,
    contents: sparse.csr_matrix,
    weights: Sequence[float],
    backward_weight: float,
    same_weight: float,
) -> Iterator[tuple[slice, sparse.csr_matrix]]:
    """How much each item was followed by each other one: blocks of rows, and csr float64 [rows, items].

    Args:
        contents: csr [baskets, items], what each basket gives to its items.
        weights: of a pair one basket apart, two apart, …
        backward_weight: what a pair says in the other direction, beside 1 in its own.
        same_weight: what two items of one basket say of each other.
    """
    after = link_later_baskets(baskets, weights)
    beside = after + backward_weight * after.T + same_weight * sparse.identity(len(baskets))
    followers, by_item = (beside @ contents).tocsr(), contents.T.tocsr()
    for start in range(0, contents.shape[1], BLOCK):
        rows = slice(start, min(start + BLOCK, contents.shape[1]))
        yield rows, (by_item[rows] @ followers).tocsr()


def build_anonymous_customer(
    items: Sequence[int], n_items: int, n_attributes: int, kind: int = 0
) -> Customers:
    """A stranger who touched these items one after the other, to be scored like any customer.

    Each click stands on a day of its own, so that the latest counts most; an item clicked twice keeps its
    latest place.

    Args:
        items: positions, earliest first; those outside 0 … n_items - 1 (new since the model was fitted) are
            passed over.
        n_attributes: width of the customer attributes the model was fitted with.
    """
    latest = {item: place for place, item in enumerate(items) if 0 <= item < n_items}
    item = np.array(sorted(latest), np.int32)
    behaviour = Behaviour(
        1,
        n_items,
        np.zeros(len(item), np.int32),
        item,
        np.array([latest[i] for i in item.tolist()], np.int32),
        np.full(len(item), kind, np.int8),
        until=len(items),
    )
    return Customers(
        np.array([-1], np.int32), behaviour, sparse.csr_matrix((1, n_attributes), dtype=np.float32)
    )
