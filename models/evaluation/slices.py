"""Slices of customers and items by what was known before the test, never by its result."""

from collections.abc import Mapping

import numpy as np
from scipy import sparse

from models.time_split import HoldoutCase, build_cell_matrix
from models.training_data import Behaviour

COOL_DAYS, WARM_DAYS = 2, 3  # days with a purchase before the test: cold has one
WARM_ITEM = 5  # customers who wanted an item before the test: below, it is cold
ACTIVE_DAYS, LAPSED_DAYS = 28, 84  # since the last purchase
LEAST = 30  # customers of a label; below, an interval says nothing, and they are "other"


def slice_customers(
    before: Behaviour, test: HoldoutCase, labels: Mapping[str, np.ndarray] | None = None
) -> dict[str, np.ndarray]:
    """bool [customers of the test] by name; a grouping in which all are alike is left out.

    * `cold`, `cool`, `warm customers`: one day with a purchase before, two, three or more.
    * `activity: light`, `middle`, `heavy`: thirds by how many items they had.
    * `stage: active`, `cooling`, `lapsed`: by days since their last purchase. Where a shop's segments are
      worked out with days of the test, this is the segment that may be told.
    * `<kind>: <label>`: of the labels given.

    Args:
        before: behaviour before the test; customers numbered as in `test.customers`.
        labels: by kind (`country`), a word for each customer of the behaviour, "" where unknown.
    """
    days = test.n_days_before
    wanted = before.wanted()
    last = np.full(before.n_customers, np.iinfo(np.int32).min)
    np.maximum.at(last, wanted.customer, wanted.day)
    age = before.until - last[test.customers].astype(np.int64)
    groupings = [
        {
            "cold customers": days < COOL_DAYS,
            "cool customers": (days >= COOL_DAYS) & (days < WARM_DAYS),
            "warm customers": days >= WARM_DAYS,
        },
        _thirds(test.seen.getnnz(axis=1)),
        {
            "stage: active": age <= ACTIVE_DAYS,
            "stage: cooling": (age > ACTIVE_DAYS) & (age <= LAPSED_DAYS),
            "stage: lapsed": age > LAPSED_DAYS,
        },
        *[_labelled(kind, words[test.customers]) for kind, words in (labels or {}).items()],
    ]
    filled_groupings = [
        {name: mask for name, mask in grouping.items() if mask.any()} for grouping in groupings
    ]
    return {
        name: mask for grouping in filled_groupings if len(grouping) > 1 for name, mask in grouping.items()
    }


def slice_items(before: Behaviour) -> dict[str, np.ndarray]:
    """bool [items]: `cold items` fewer than five customers wanted before the test, `warm items`
    the others.
    """
    n = build_cell_matrix(before.wanted()).getnnz(axis=0)
    return {"cold items": n < WARM_ITEM, "warm items": n >= WARM_ITEM}


def extract_attribute_values(
    features: sparse.csr_matrix, vocabulary: Mapping[str, int], kind: str
) -> np.ndarray:
    """Each row's word of a kind of token: "Elm" where it has `brand=Elm` and the kind is `brand`; "" where it
    has none.
    """
    words = np.full(features.shape[0], "", object)
    for token, column in vocabulary.items():
        if token.startswith(f"{kind}="):
            words[features[:, column].nonzero()[0]] = token.partition("=")[2]
    return words.astype(str)


def _thirds(n: np.ndarray) -> dict[str, np.ndarray]:
    if not len(n):
        return {}
    low, high = np.quantile(n, [1 / 3, 2 / 3])
    return {
        "activity: light": n <= low,
        "activity: middle": (n > low) & (n <= high),
        "activity: heavy": n > high,
    }


def _labelled(kind: str, words: np.ndarray) -> dict[str, np.ndarray]:
    names, counts = np.unique(words[words != ""], return_counts=True)
    frequent_names = names[counts >= LEAST]
    masks = {f"{kind}: {name}": words == name for name in frequent_names}
    return {**masks, f"{kind}: other": ~np.isin(words, frequent_names)}
