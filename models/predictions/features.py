"""The features of a customer at a cut: recency, frequency, money, rhythm, breadth, returns and visits.

Nothing here is the same for all customers of a cut, such as its month: with less than two years of history
such a feature names the cut, and a tree would learn how much was bought after it.
"""

from functools import cache

import numpy as np

from models.predictions.history import (
    CART,
    PURCHASE,
    RETURN,
    UNKNOWN_CATEGORY,
    VIEW,
    CustomerHistory,
)
from models.predictions.past_rows import Feature, PastRows, select_past_rows

BOUGHT, RETURNED, SEEN, CARTED = (PURCHASE,), (RETURN,), (VIEW, CART), (CART,)
ANYTHING = (VIEW, CART, PURCHASE, RETURN)
YEAR = 365


def measure_last_age(rows: PastRows) -> np.ndarray:
    """Days since the last row."""
    return measure_age(rows, np.minimum, np.inf)


def measure_first_age(rows: PastRows) -> np.ndarray:
    """Days since the first row."""
    return measure_age(rows, np.maximum, -np.inf)


def measure_age(rows: PastRows, extreme: np.ufunc, start: float) -> np.ndarray:
    """The least or greatest age of each customer's rows; nan without any."""
    ages = np.full(rows.n_customers, start)
    extreme.at(ages, rows.customer, rows.age)
    ages[np.isinf(ages)] = np.nan
    return ages


def count_days(rows: PastRows) -> np.ndarray:
    """Different days with a row."""
    return np.bincount(find_customer_days(rows)[0], minlength=rows.n_customers).astype(float)


def sum_n(rows: PastRows) -> np.ndarray:
    """How many views, carts or lines."""
    return rows.sum_by_customer(rows.column("n"))


def sum_amount(rows: PastRows) -> np.ndarray:
    """What was paid."""
    return rows.sum_by_customer(rows.column("amount"))


def average_amount(rows: PastRows) -> np.ndarray:
    """What was paid a day with a purchase; nan without one."""
    return divide(sum_amount(rows), count_days(rows))


def average_n(rows: PastRows) -> np.ndarray:
    """Lines a day with a purchase; nan without one."""
    return divide(sum_n(rows), count_days(rows))


def average_gap(rows: PastRows) -> np.ndarray:
    """Mean days between two days with a purchase that follow each other; nan with fewer than two."""
    return divide(measure_first_age(rows) - measure_last_age(rows), count_days(rows) - 1)


def measure_overdue(rows: PastRows) -> np.ndarray:
    """Days since the last purchase as a multiple of the mean gap; nan with fewer than two days."""
    return measure_last_age(rows) / average_gap(rows)


def measure_gap_spread(rows: PastRows) -> np.ndarray:
    """Standard deviation of the gaps over their mean; nan with fewer than two gaps."""
    customer, age = find_customer_days(rows)
    same = customer[1:] == customer[:-1]
    of, gap = customer[1:][same], np.diff(age)[same].astype(float)
    n, total, squares = (
        np.bincount(of, weights, minlength=rows.n_customers) for weights in (np.ones(len(of)), gap, gap**2)
    )
    mean = divide(total, n)
    variance = np.maximum(divide(squares, n) - mean**2, 0.0)
    return np.where(n >= 2, np.sqrt(variance) / mean, np.nan)


def measure_latest_gap(rows: PastRows) -> np.ndarray:
    """Days between the last two days with a purchase; nan with fewer than two."""
    customer, age = find_customer_days(rows)
    gaps = np.full(rows.n_customers, np.nan)
    first = np.flatnonzero(np.diff(customer, prepend=-1))  # the newest day of each customer stands first
    first = first[(first + 1 < len(customer)) & (np.append(customer, -1)[first + 1] == customer[first])]
    gaps[customer[first]] = age[first + 1] - age[first]
    return gaps


def count_categories(rows: PastRows) -> np.ndarray:
    """Different categories that were bought of."""
    category = rows.column("category")
    known = category != UNKNOWN_CATEGORY
    pairs = np.unique(np.stack([rows.customer[known], category[known]]), axis=1)
    return np.bincount(pairs[0], minlength=rows.n_customers).astype(float)


def find_customer_days(rows: PastRows) -> tuple[np.ndarray, np.ndarray]:
    """The different days of each customer, as customers and ages, sorted by these."""
    if not len(rows.customer):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    span = np.int64(rows.age.max()) + 1
    return np.divmod(np.unique(rows.customer.astype(np.int64) * span + rows.age), span)


def divide(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """Top over bottom; nan where the bottom is not above 0."""
    return np.divide(top, bottom, out=np.full(len(top), np.nan), where=bottom > 0)


@cache
def list_features() -> tuple[Feature, ...]:
    """Every feature, in the order of the table's columns."""
    day, money, lines = ("day",), ("day", "amount"), ("day", "n")
    features = [
        Feature("recency", "days since the last purchase", BOUGHT, day, None, measure_last_age),
        Feature("tenure", "days since they were first seen", ANYTHING, day, None, measure_first_age),
        Feature("first_purchase", "days since the first purchase", BOUGHT, day, None, measure_first_age),
        Feature("frequency", "days with a purchase", BOUGHT, day, None, count_days),
        Feature("money", "spent so far", BOUGHT, ("amount",), None, sum_amount),
        Feature("money_a_day", "spent a day with a purchase", BOUGHT, money, None, average_amount),
        Feature("lines_a_day", "lines a day with a purchase", BOUGHT, lines, None, average_n),
        Feature("gap", "mean days between purchases", BOUGHT, day, None, average_gap),
        Feature("latest_gap", "days between the last two purchases", BOUGHT, day, None, measure_latest_gap),
        Feature("gap_spread", "how irregular the purchases are", BOUGHT, day, None, measure_gap_spread),
        Feature("overdue", "days since the last purchase, in mean gaps", BOUGHT, day, None, measure_overdue),
        Feature("categories", "categories bought of", BOUGHT, ("category",), None, count_categories),
        Feature("returned", "paid back for returns", RETURNED, ("amount",), None, sum_amount),
        Feature("last_visit", "days since the last view or cart", SEEN, day, None, measure_last_age),
        # The days around the cut a year ago, as far as a month-long horizon sees.
        Feature(
            "a_year_ago",
            "spent in the same season a year ago",
            BOUGHT,
            ("amount",),
            YEAR,
            sum_amount,
            until=YEAR - 42,
        ),
    ]
    for days in (7, 30, 90, YEAR):
        of = f"in the last {days} days"
        features.append(
            Feature(f"days_bought_{days}", f"days with a purchase {of}", BOUGHT, day, days, count_days)
        )
        features.append(Feature(f"money_{days}", f"spent {of}", BOUGHT, ("amount",), days, sum_amount))
    for days in (7, 30, 90):
        of = f"in the last {days} days"
        features.append(Feature(f"views_{days}", f"views and carts {of}", SEEN, ("n",), days, sum_n))
        features.append(Feature(f"days_seen_{days}", f"days with a visit {of}", SEEN, day, days, count_days))
        features.append(
            Feature(f"carts_{days}", f"items put into the cart {of}", CARTED, ("n",), days, sum_n)
        )
    return tuple(features)


def name_features() -> tuple[str, ...]:
    """Names of `list_features`, in their order."""
    return tuple(feature.name for feature in list_features())


def build_features(
    history: CustomerHistory, cut: int, features: tuple[Feature, ...] | None = None
) -> np.ndarray:
    """float32 [customers, features]: what was known of each customer when the day `cut` began."""
    listed = list_features() if features is None else features
    table = np.empty((history.n_customers, len(listed)), np.float32)
    for column, feature in enumerate(listed):
        table[:, column] = feature.compute(select_past_rows(history, feature, cut))
    return table
