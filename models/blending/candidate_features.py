"""The columns of a candidate: what is known of a customer, an item and the two together when a cut's day
begins.

A column is a function of a `Moment`, which holds nothing later than the cut but `answers`; those no column
may read, and `models.blending.leak_checks` proves it of each. Trees need no scaling, so unknown is nan and
counts are counts.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from models.base import KINDS, PURCHASE, Behaviour, Customers, Training
from models.blending.candidates import Candidates
from models.blending.weighted import ends

LATELY = (7, 14, 28)  # days, for popularity: a week, the shop's usual reorder time, a month
YEARS_BEFORE = -1_000_000


@dataclass(frozen=True)
class Moment:
    """What is known of a block of customers.

    Attributes:
        customers: with their behaviour up to the cut.
        facts: by name, float32 [items]: `item_facts` of the past.
        scores: by part, float32 [rows, items]; every part fitted before the cut.
        answers: bool [rows, items], what was wanted from the cut on; None where that is not known yet.
    """

    customers: Customers
    facts: Mapping[str, np.ndarray]
    scores: Mapping[str, np.ndarray]
    answers: np.ndarray | None = None


Columns = dict[str, np.ndarray]
Group = Callable[[Moment, Candidates], Columns]


def item_facts(past: Training) -> dict[str, np.ndarray]:
    """What is known of items, float32 [items] by name: demand lately and ever, how it moves, age, price,
    category.
    """
    behaviour = past.behaviour.wanted()
    until, n = past.behaviour.until, behaviour.n_items
    pairs, first_day, _, times = wanted_pairs(behaviour)
    customers = np.bincount(pairs % n, minlength=n)

    def buyers(first: int, last: int, of: np.ndarray = behaviour.day) -> np.ndarray:
        kept = (of >= first) & (of < last)
        keys = behaviour.customer[kept].astype(np.int64) * n + behaviour.item[kept]
        active = max(len(np.unique(behaviour.customer[kept])), 1)
        return np.bincount(np.unique(keys) % n, minlength=n) / active

    facts = {f"share_{days}": buyers(until - days, until) for days in LATELY}
    before = buyers(until - 56, until - 28)
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


def wanted_pairs(wanted: Behaviour) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Pairs (customer × n_items + item, ascending), the first and the last day each was wanted, and on how
    many days.
    """
    keys = wanted.customer.astype(np.int64) * wanted.n_items + wanted.item
    pairs, start, times = np.unique(keys, return_index=True, return_counts=True)
    # Sorted by customer, item, day: the first of a pair is its earliest, the one before the next pair its
    # latest.
    return pairs, wanted.day[start], wanted.day[start + times - 1], times


def of_parts(moment: Moment, at: Candidates) -> Columns:
    """Each part's opinion: the score as a share of the customer's best, as it is, and the place in the part's
    list.
    """
    found = {}
    for part, scores in moment.scores.items():
        floor, top = ends(scores)
        own = scores[at.row, at.item]
        held = np.where(np.isfinite(own), own, np.nan)
        with np.errstate(invalid="ignore", divide="ignore"):
            found[f"{part}.share"] = (held - floor[at.row, 0]) / (top - floor)[at.row, 0]
        found[f"{part}.score"] = held
        found[f"{part}.place"] = at.places[part]
    return found


def of_items(moment: Moment, at: Candidates) -> Columns:
    """Demand, its movement and the age of the item."""
    return {f"item.{name}": fact[at.item] for name, fact in moment.facts.items() if name != "category"}


def of_customers(moment: Moment, at: Candidates) -> Columns:
    """Stage and habits of the customer: how often and how lately they came, how much of it was
    new to them.
    """
    wanted, until = moment.customers.behaviour.wanted(), moment.customers.behaviour.until
    n = len(moment.customers)
    customer, day = days_of(wanted)
    n_days = np.bincount(customer, minlength=n)
    first, last = edges(customer, day, n)
    lines = np.bincount(wanted.customer, minlength=n)
    n_items = np.bincount(wanted_pairs(wanted)[0] // max(wanted.n_items, 1), minlength=n)
    came = n_days > 0
    gap = np.where(n_days > 1, (last - first) / np.maximum(n_days - 1, 1), np.nan)
    since = np.where(came, until - last, np.nan)
    columns = {
        "n_days": n_days,
        "n_items": n_items,
        "since": since,
        "tenure": np.where(came, until - first, np.nan),
        "gap": gap,
        "due": since / np.maximum(gap, 1.0),
        "basket": lines / np.maximum(n_days, 1),
        "last_basket": np.bincount(wanted.customer[wanted.day == last[wanted.customer]], minlength=n),
        "days_lately": np.bincount(customer[day >= until - 60], minlength=n),
        "repeats": np.where(came, 1.0 - n_items / np.maximum(lines, 1), np.nan),
        "price": prices(moment)[0],
    }
    return {f"customer.{name}": column[at.row] for name, column in columns.items()}


def of_pairs(moment: Moment, at: Candidates) -> Columns:
    """This customer and this item: how often, how lately, in what rhythm; nan where they never met."""
    wanted, until, n = (
        moment.customers.behaviour.wanted(),
        moment.customers.behaviour.until,
        len(moment.customers),
    )
    count, first, last = meetings(wanted, at)
    met = count > 0
    customer, day = days_of(wanted)
    n_days = np.bincount(customer, minlength=n)
    gap = np.where(count > 1, (last - first) / np.maximum(count - 1, 1), np.nan)
    # Days the customer came after they last had it: passed over so often.
    span = 4_000_000
    came = customer.astype(np.int64) * span + (day - YEARS_BEFORE)
    after = np.searchsorted(
        came,
        at.row.astype(np.int64) * span + (np.where(met, last, 0) - YEARS_BEFORE).astype(np.int64),
        side="right",
    )
    return {
        "pair.times": count,
        "pair.of_days": count / np.maximum(n_days[at.row], 1),
        "pair.since": until - last,
        "pair.since_first": until - first,
        "pair.gap": gap,
        "pair.due": (until - last) / np.maximum(gap, 1.0),
        "pair.passed_over": np.where(met, np.cumsum(n_days)[at.row] - after, np.nan),
    }


def of_browsing(moment: Moment, at: Candidates) -> Columns:
    """On how many days this customer looked at this item, or put it into a cart, and how long ago; nan where
    they never did.

    A shop that knows of purchases alone has the same in every row, and the same trees as without.
    """
    behaviour, found = moment.customers.behaviour, {}
    for kind, name in enumerate(KINDS):
        if kind != PURCHASE:
            times, _, last = meetings(behaviour.where(behaviour.kind == kind), at)
            found |= {f"{name}.times": times, f"{name}.since": behaviour.until - last}
    return found


def of_price_and_category(moment: Moment, at: Candidates) -> Columns:
    """The item's price beside what the customer pays, and how much of what they wanted is of its category."""
    wanted, n = moment.customers.behaviour.wanted(), len(moment.customers)
    mean, spread = prices(moment)
    distance = moment.facts["log_price"][at.item] - mean[at.row]
    category = moment.facts["category"].astype(np.int64)
    n_categories = int(category.max(initial=-1)) + 1
    own = np.zeros((n, n_categories + 1))
    np.add.at(own, (wanted.customer, category[wanted.item]), 1.0)
    total = np.maximum(own.sum(axis=1), 1.0)
    affinity = np.where(category[at.item] >= 0, own[at.row, category[at.item]] / total[at.row], np.nan)
    return {
        "price.distance": distance,
        "price.spreads": distance / np.maximum(spread[at.row], 0.1),
        "category.affinity": affinity,
    }


def of_agreement(moment: Moment, at: Candidates) -> Columns:
    """How many parts proposed the item."""
    return {"agreement.parts": np.bitwise_count(at.sources)}


GROUPS: tuple[Group, ...] = (
    of_parts,
    of_items,
    of_customers,
    of_pairs,
    of_browsing,
    of_price_and_category,
    of_agreement,
)


def columns(
    moment: Moment, at: Candidates, groups: tuple[Group, ...] = GROUPS
) -> tuple[tuple[str, ...], np.ndarray]:
    """Names (`group.column`), and float32 [candidates, columns]."""
    found: Columns = {}
    for group in groups:
        found.update(group(moment, at))
    table = np.empty((len(at), len(found)), np.float32)
    for n, column in enumerate(found.values()):
        table[:, n] = column
    return tuple(found), table


def meetings(behaviour: Behaviour, at: Candidates) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How often each candidate's customer and item met in this behaviour, the first day and the last: nan
    where never.
    """
    pairs, first_day, last_day, times = wanted_pairs(behaviour)
    if not len(pairs):
        return np.zeros(len(at)), *(np.full(len(at), np.nan),) * 2
    key = at.row.astype(np.int64) * behaviour.n_items + at.item
    place = np.minimum(np.searchsorted(pairs, key), len(pairs) - 1)
    met = pairs[place] == key
    return (
        np.where(met, times[place], 0),
        np.where(met, first_day[place], np.nan),
        np.where(met, last_day[place], np.nan),
    )


def days_of(behaviour: Behaviour) -> tuple[np.ndarray, np.ndarray]:
    """Customer and day of every day somebody came, sorted by these."""
    came = np.unique(np.stack([behaviour.customer, behaviour.day]), axis=1)
    return came[0], came[1]


def edges(customer: np.ndarray, day: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """First and last day of each of n customers."""
    first, last = np.full(n, -YEARS_BEFORE), np.full(n, YEARS_BEFORE)
    np.minimum.at(first, customer, day)
    np.maximum.at(last, customer, day)
    return first, last


def prices(moment: Moment) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of the log prices each customer paid; nan without any."""
    wanted, n = moment.customers.behaviour.wanted(), len(moment.customers)
    paid = moment.facts["log_price"][wanted.item].astype(np.float64)
    known = np.isfinite(paid)
    who, paid = wanted.customer[known], paid[known]
    count = np.bincount(who, minlength=n)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(who, weights=paid, minlength=n) / count
        square = np.bincount(who, weights=paid**2, minlength=n) / count
    return mean, np.sqrt(np.maximum(square - mean**2, 0.0))
