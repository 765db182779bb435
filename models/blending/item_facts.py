"""Facts of items before a cut, as numbers: demand lately and ever, its trend, age, price, category."""

import numpy as np

from models.training_data import Behaviour, Training

LATELY = (7, 14, 28)  # days, for popularity: a week, the shop's usual reorder time, a month
YEARS_BEFORE = -1_000_000


def compute_item_facts(past: Training) -> dict[str, np.ndarray]:
    """Facts of items, float32 [items] by name: demand lately and ever, its trend, age, price, category."""
    behaviour = past.behaviour.wanted()
    until, n = past.behaviour.until, behaviour.n_items
    pairs, first_day, _, times = summarise_wanted_pairs(behaviour)
    customers = np.bincount(pairs % n, minlength=n)

    def buyer_share(first: int, last: int, of: np.ndarray = behaviour.day) -> np.ndarray:
        in_window = (of >= first) & (of < last)
        keys = behaviour.customer[in_window].astype(np.int64) * n + behaviour.item[in_window]
        active = max(len(np.unique(behaviour.customer[in_window])), 1)
        return np.bincount(np.unique(keys) % n, minlength=n) / active

    facts = {f"share_{days}": buyer_share(until - days, until) for days in LATELY}
    before = buyer_share(until - 56, until - 28)
    few = 1.0 / max(behaviour.n_customers, 1)
    facts["trend_28"] = (facts["share_28"] + few) / (before + few)
    facts["trend_14"] = (facts["share_14"] + few) / (facts["share_28"] + few)
    facts["customers"] = customers
    facts["lately_of_all"] = (facts["share_28"] + few) / (customers / max(behaviour.n_customers, 1) + few)
    for days in (14, 28):  # who wanted it for the first time: what `discover` asks for
        fresh = np.bincount((pairs % n)[first_day >= until - days], minlength=n)
        facts[f"newcomers_{days}"] = fresh / max(
            len(np.unique(behaviour.customer[behaviour.day >= until - days])), 1
        )
    facts["repeat_share"] = (np.bincount(pairs % n, weights=times > 1, minlength=n) + 0.5) / (customers + 5.0)
    newest, oldest = np.full(n, YEARS_BEFORE), np.full(n, -YEARS_BEFORE)
    np.maximum.at(newest, behaviour.item, behaviour.day)
    np.minimum.at(oldest, behaviour.item, behaviour.day)
    facts["age"] = np.where(customers > 0, until - oldest, np.nan)
    facts["idle"] = np.where(customers > 0, until - newest, np.nan)
    facts["log_price"] = np.full(n, np.nan)
    if past.price is not None:
        facts["log_price"] = np.log(np.where(past.price > 0, past.price, np.nan))
    facts["category"] = np.full(n, -1) if past.category is None else past.category
    return {name: np.asarray(facts[name], np.float32) for name in sorted(facts)}  # the order they are kept in


def summarise_wanted_pairs(wanted: Behaviour) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Pairs (customer × n_items + item, ascending), the first and the last day each was wanted, and on how
    many days.
    """
    keys = wanted.customer.astype(np.int64) * wanted.n_items + wanted.item
    pairs, start, times = np.unique(keys, return_index=True, return_counts=True)
    # Sorted by customer, item, day: the first of a pair is its earliest, the one before the next pair its
    # latest.
    return pairs, wanted.day[start], wanted.day[start + times - 1], times
