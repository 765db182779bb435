"""Small shops for recommenders."""

import numpy as np
import pytest
from scipy import sparse

from models.training_data import PURCHASE, Behaviour, Training


def behaviour(rows, n_customers, n_items, until=None, **more):
    """Behaviour of rows (customer, item, day[, kind]); a kind left out is a purchase."""
    full = sorted((*row, PURCHASE) if len(row) == 3 else row for row in rows)
    customer, item, day, kind = (np.array([row[n] for row in full], np.int32) for n in range(4))
    return Behaviour(
        n_customers,
        n_items,
        customer,
        item,
        day,
        kind.astype(np.int8),
        until or int(day.max(initial=0)) + 1,
        **more,
    )


def identity_features(n):
    """One attribute a row: its number modulo two."""
    return sparse.csr_matrix((np.ones(n, np.float32), (np.arange(n), np.arange(n) % 2)), shape=(n, 2))


@pytest.fixture(scope="session")
def checkerboard():
    """40 customers × 20 items: even customers bought nine in ten of the even items, odd ones of the odd."""
    rows = [
        (customer, item, (customer * 7 + item * 3) % 30)
        for customer in range(40)
        for item in range(20)
        if customer % 2 == item % 2 and (customer + item // 2) % 10 != 0
    ]
    return Training(behaviour(rows, 40, 20, until=30), identity_features(40), identity_features(20))


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
