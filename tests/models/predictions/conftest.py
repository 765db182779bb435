"""Small shops whose customers buy by a known rule."""

import numpy as np
import pytest

from models.predictions.history import PURCHASE, VIEW, CustomerHistory


def build_history(rows, n_customers, until):
    """A history of rows (customer, day, kind, n, amount, category)."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * 6
    types = (np.int32, np.int32, np.int8, np.int32, np.float64, np.int32)
    customer, day, kind, n, amount, category = (
        np.array(column, kind) for column, kind in zip(columns, types, strict=True)
    )
    return CustomerHistory(n_customers, customer, day, kind, n, amount, category, until)


def draw_history(seed, n_customers=1500, n_days=120):
    """Customers with a daily chance of buying of their own, of whom some stop for good on some day."""
    generator = np.random.default_rng(seed)
    rate = generator.gamma(0.8, 0.05, n_customers)
    end = np.where(generator.random(n_customers) < 0.4, generator.integers(20, n_days, n_customers), n_days)
    worth = generator.gamma(4, 10, n_customers)
    rows = []
    for customer in range(n_customers):
        days = np.flatnonzero(generator.random(end[customer]) < min(rate[customer], 0.9))
        for day in days:
            rows.append((customer, day, PURCHASE, 1, worth[customer] * generator.uniform(0.5, 1.5), 0))
            if generator.random() < 0.5:
                rows.append((customer, max(day - 1, 0), VIEW, 2, 0.0, 0))
    return build_history(rows, n_customers, n_days)


@pytest.fixture(scope="session")
def shop():
    return draw_history(1)
