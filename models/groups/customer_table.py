"""What a lookalike's model knows of a customer: habits, categories, attributes, and taste by what is bought
together.
"""

from collections.abc import Sequence

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import svds

from models.predictions.features import build_features
from models.predictions.history import PURCHASE, UNKNOWN_CATEGORY, CustomerHistory

TASTES = 32  # dimensions: of 16, buyers of a rarer item of Online Retail are found worse, by .04 of the area
MOST_CATEGORIES = 30  # the commonest
MOST_VALUES = 20  # of an attribute, the commonest
MOST_CUSTOMERS = 20_000  # by whom tastes are found; all are placed among them
DECIMALS = 4  # of a taste: its last digits depend on how many threads multiply


def build_customer_table(
    history: CustomerHistory,
    items: sparse.csr_matrix,
    attributes: Sequence[Sequence[str | None]],
    seed: int,
) -> np.ndarray:
    """float32 [customers, features].

    Args:
        items: [customers, items]: above 0 where a customer viewed, carted or bought an item.
        attributes: of each the customers' values: country, channel …
    """
    return np.hstack(
        [
            build_features(history, history.until),
            sum_category_shares(history),
            *(mark_values(values) for values in attributes),
            place_by_taste(items, seed),
        ]
    )


def sum_category_shares(history: CustomerHistory) -> np.ndarray:
    """float32 [customers, categories × 2]: which share of what a customer bought was of a category, and of
    what they looked at.
    """
    known = history.category != UNKNOWN_CATEGORY
    n_categories = int(history.category.max(initial=-1)) + 1
    commonest = np.argsort(
        -np.bincount(history.category[known], history.n[known], minlength=n_categories), kind="stable"
    )[:MOST_CATEGORIES]
    column = np.full(n_categories, -1)
    column[commonest] = np.arange(len(commonest))
    shares = []
    for is_asked in (history.kind == PURCHASE, history.kind < PURCHASE):
        rows = known & is_asked
        at = column[history.category[rows]]
        counts = np.zeros((history.n_customers, len(commonest)), np.float32)
        np.add.at(counts, (history.customer[rows][at >= 0], at[at >= 0]), history.n[rows][at >= 0])
        shares.append(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0))
    return np.hstack(shares)


def mark_values(values: Sequence[str | None]) -> np.ndarray:
    """float32 [customers, values]: 1 for whom the attribute is the column's, the commonest values first."""
    known, counts = np.unique([value for value in values if value], return_counts=True)
    commonest = known[np.argsort(-counts, kind="stable")[:MOST_VALUES]]
    listed = np.array([value or "" for value in values], dtype=object)
    marks = np.zeros((len(listed), len(commonest)), np.float32)
    for column, value in enumerate(commonest):
        marks[:, column] = listed == value
    return marks


def place_by_taste(items: sparse.csr_matrix, seed: int) -> np.ndarray:
    """float32 [customers, tastes]: where a customer stands among the directions in which baskets differ most.

    A truncated singular value decomposition of what each did with which item, rare items weighing more.
    """
    n_customers = items.shape[0]
    wanted = (items > 0).astype(float)
    n_wanted = np.maximum(np.asarray(wanted.sum(axis=0))[0], 1.0)
    weighted = sparse.csr_matrix(wanted @ sparse.diags_array(np.log1p(n_customers / n_wanted)))
    length = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1))[:, 0])
    weighted = sparse.csr_matrix(sparse.diags_array(1.0 / np.maximum(length, 1e-12)) @ weighted)
    generator = np.random.default_rng(seed)
    sample = weighted
    if n_customers > MOST_CUSTOMERS:
        sample = weighted[np.sort(generator.choice(n_customers, MOST_CUSTOMERS, replace=False))]
    n = min(TASTES, min(sample.shape) - 1)
    if n < 1 or sample.nnz == 0:
        return np.zeros((n_customers, 0), np.float32)
    _, _, directions = svds(sample, n, v0=generator.normal(size=min(sample.shape)))
    strongest = np.abs(directions).argmax(axis=1)
    directions *= np.sign(directions[np.arange(n), strongest])[:, None]  # which way is up is arbitrary
    return np.round(weighted @ directions.T, DECIMALS).astype(np.float32)
