"""History cut into training, validation and test windows, and the test case behind a cut. No model gets a day
it is tested on.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from models.training_data import Behaviour

LONGEST_WINDOW = 28


class OverlapError(ValueError):
    """Training and test share days, so the score would be of memory."""


@dataclass(frozen=True)
class HoldoutWindows:
    """Days (since 1970-01-01) on which history is cut: fitted to `validate_from`, to `test_from`, or to
    `until`; never across.
    """

    validate_from: int
    test_from: int
    until: int


def split_into_windows(first: int, until: int) -> HoldoutWindows | None:
    """The rule, said once: a window is a sixth of the history, at most 28 days; None below six days of
    history.

    The last window tests; the one before it is where parameters and weights are chosen. 45 days have windows
    of 7 days.
    """
    days = min(LONGEST_WINDOW, (until - first) // 6)
    return HoldoutWindows(until - 2 * days, until - days, until) if days >= 1 else None


@dataclass(frozen=True)
class HoldoutCase:
    """One test: the customers asked, what they had before, what they then wanted. Sparse: dense, Gowalla's
    would be 1.2 GB each.

    Attributes:
        customers: int [n], rows in the behaviour's numbering, ascending.
        seen, wanted: csr bool [n, items].
        n_days_before: int [n], days with a purchase before the cut.
        known_share: float [items], share of customers who had the item before the cut, at least half of one.
    """

    customers: np.ndarray
    seen: sparse.csr_matrix
    wanted: sparse.csr_matrix
    n_days_before: np.ndarray
    known_share: np.ndarray

    def __len__(self) -> int:
        return len(self.customers)

    @property
    def n_items(self) -> int:
        return self.wanted.shape[1]

    @property
    def fresh(self) -> sparse.csr_matrix:
        """csr bool [n, items]: what was wanted and not had before."""
        return (self.wanted > self.seen).tocsr()

    def rows(self, places: np.ndarray) -> "HoldoutCase":
        """The test of these of its customers, by their places in it."""
        return replace(
            self,
            customers=self.customers[places],
            seen=self.seen[places],
            wanted=self.wanted[places],
            n_days_before=self.n_days_before[places],
        )


def build_holdout_case(
    train: Behaviour, test: Behaviour, allowed: np.ndarray, most: int | None = 5000, seed: int = 0
) -> HoldoutCase:
    """The test of customers who wanted something both before and after the cut.

    Args:
        allowed: bool [items]: what may be recommended at all; nothing else is asked for.
        most: a sample of this size, drawn by the seed, where there are more customers; None asks everybody.

    Raises:
        OverlapError: a day of the test is not after all of the training.
    """
    if len(test) and len(train) and test.day.min() <= train.day.max():
        raise OverlapError(
            f"the test begins on day {test.day.min()}, the training ends on day {train.day.max()}"
        )
    before, after = train.wanted(), test.wanted()
    after = after.where(allowed[after.item])
    customers = np.intersect1d(before.customer, after.customer)
    if most is not None and len(customers) > most:
        customers = np.sort(np.random.default_rng(seed).choice(customers, most, replace=False))
    days = np.unique(np.stack([before.customer, before.day]), axis=1)[0]
    had = np.unique(np.stack([before.customer, before.item]), axis=1)[1]
    n_had = np.bincount(had, minlength=train.n_items)
    return HoldoutCase(
        customers,
        build_cell_matrix(before.select_customers(customers)),
        build_cell_matrix(after.select_customers(customers)),
        np.bincount(days, minlength=train.n_customers)[customers],
        np.maximum(n_had, 0.5) / max(len(np.unique(before.customer)), 1),
    )


def build_cell_matrix(behaviour: Behaviour) -> sparse.csr_matrix:
    """csr bool [customers, items]: who did anything with what."""
    ones = np.ones(len(behaviour), bool)  # the constructor adds equal cells up: True stays True
    shape = (behaviour.n_customers, behaviour.n_items)
    cells = sparse.csr_matrix((ones, (behaviour.customer, behaviour.item)), shape=shape)
    cells.sort_indices()
    return cells
