"""A shop where what is bought next is learnable: two tastes, each customer comes every third day."""

import numpy as np
import pytest
from scipy import sparse

from models.base import PURCHASE, Behaviour, Training

DAYS, N_CUSTOMERS, N_ITEMS = 60, 60, 30


def training(rows, n_customers=N_CUSTOMERS, n_items=N_ITEMS, until=None, **more):
    """Training of purchases (customer, item, day)."""
    cells = np.array(sorted(set(rows)), np.int32).reshape(-1, 3)
    kind = np.full(len(cells), PURCHASE, np.int8)
    until = until or int(cells[:, 2].max(initial=-1)) + 1
    behaviour = Behaviour(n_customers, n_items, *cells.T, kind, until)
    ones = [
        sparse.csr_matrix((np.ones(n), (np.arange(n), np.arange(n) % 2)), shape=(n, 2))
        for n in (n_customers, n_items)
    ]
    return Training(behaviour, *ones, **more)


@pytest.fixture(scope="session")
def shop():
    """Customers of even number buy even items, the others odd ones: three a visit, drawn; every third day a
    visit.
    """
    generator = np.random.default_rng(5)
    rows = [
        (customer, int(item) * 2 + customer % 2, day)
        for customer in range(N_CUSTOMERS)
        for day in range(customer % 3, DAYS, 3)
        for item in generator.choice(N_ITEMS // 2, 3, replace=False)
    ]
    price = np.linspace(1, 9, N_ITEMS).astype(np.float32)
    return training(rows, price=price, category=(np.arange(N_ITEMS) % 2).astype(np.int32))
