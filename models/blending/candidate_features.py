"""The features of a candidate item: what is known of a customer, an item and the two together when a cut's
day begins.

A feature is a function of `FeatureInputs`, which hold nothing later than the cut but `answers`; those no
feature may read, and `models.blending.leak_checks` checks it of each. Trees need no scaling, so unknown is
nan and counts are counts.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from models.blending.candidates import CandidateItems
from models.blending.item_facts import YEARS_BEFORE, summarise_wanted_pairs
from models.blending.score_scale import find_score_range
from models.training_data import KINDS, PURCHASE, Behaviour, Customers


@dataclass(frozen=True)
class FeatureInputs:
    """A block of customers with everything that features are computed from.

    Attributes:
        customers: with their behaviour up to the cut.
        facts: by name, float32 [items]: `compute_item_facts` of the past.
        scores: by part, float32 [rows, items]; every part fitted before the cut.
        answers: bool [rows, items], what was wanted from the cut on; None where that is not known yet.
    """

    customers: Customers
    facts: Mapping[str, np.ndarray]
    scores: Mapping[str, np.ndarray]
    answers: np.ndarray | None = None


Features = dict[str, np.ndarray]
FeatureGroup = Callable[[FeatureInputs, CandidateItems], Features]


def compute_part_features(inputs: FeatureInputs, candidates: CandidateItems) -> Features:
    """Of each part, the score as a share of the customer's best, the score as it is, and the rank in the
    part's list.
    """
    features = {}
    for part, scores in inputs.scores.items():
        floor, top = find_score_range(scores)
        own = scores[candidates.row, candidates.item]
        finite_scores = np.where(np.isfinite(own), own, np.nan)
        with np.errstate(invalid="ignore", divide="ignore"):
            features[f"{part}.share"] = (finite_scores - floor[candidates.row, 0]) / (top - floor)[
                candidates.row, 0
            ]
        features[f"{part}.score"] = finite_scores
        features[f"{part}.place"] = candidates.ranks[part]
    return features


def compute_item_features(inputs: FeatureInputs, candidates: CandidateItems) -> Features:
    """Demand, its movement and the age of the item."""
    return {
        f"item.{name}": fact[candidates.item] for name, fact in inputs.facts.items() if name != "category"
    }


def compute_customer_features(inputs: FeatureInputs, candidates: CandidateItems) -> Features:
    """Stage and habits of the customer: how often and how lately they came, how much of it was
    new to them.
    """
    wanted, until = inputs.customers.behaviour.wanted(), inputs.customers.behaviour.until
    n = len(inputs.customers)
    customer, day = list_visit_days(wanted)
    n_days = np.bincount(customer, minlength=n)
    first, last = find_first_and_last_day(customer, day, n)
    lines = np.bincount(wanted.customer, minlength=n)
    n_items = np.bincount(summarise_wanted_pairs(wanted)[0] // max(wanted.n_items, 1), minlength=n)
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
        "price": summarise_paid_prices(inputs)[0],
    }
    return {f"customer.{name}": column[candidates.row] for name, column in columns.items()}


def compute_pair_features(inputs: FeatureInputs, candidates: CandidateItems) -> Features:
    """This customer and this item: how often, how lately, in what rhythm; nan where they never met."""
    wanted, until, n = (
        inputs.customers.behaviour.wanted(),
        inputs.customers.behaviour.until,
        len(inputs.customers),
    )
    count, first, last = find_candidate_history(wanted, candidates)
    met = count > 0
    customer, day = list_visit_days(wanted)
    n_days = np.bincount(customer, minlength=n)
    gap = np.where(count > 1, (last - first) / np.maximum(count - 1, 1), np.nan)
    # Days the customer came after they last had it: passed over so often.
    span = 4_000_000
    came = customer.astype(np.int64) * span + (day - YEARS_BEFORE)
    after = np.searchsorted(
        came,
        candidates.row.astype(np.int64) * span + (np.where(met, last, 0) - YEARS_BEFORE).astype(np.int64),
        side="right",
    )
    return {
        "pair.times": count,
        "pair.of_days": count / np.maximum(n_days[candidates.row], 1),
        "pair.since": until - last,
        "pair.since_first": until - first,
        "pair.gap": gap,
        "pair.due": (until - last) / np.maximum(gap, 1.0),
        "pair.passed_over": np.where(met, np.cumsum(n_days)[candidates.row] - after, np.nan),
    }


def compute_browsing_features(inputs: FeatureInputs, candidates: CandidateItems) -> Features:
    """On how many days this customer looked at this item, or put it into a cart, and how long ago; nan where
    they never did.

    A shop that knows of purchases alone has the same in every row, and the same trees as without.
    """
    behaviour, features = inputs.customers.behaviour, {}
    for kind, name in enumerate(KINDS):
        if kind != PURCHASE:
            times, _, last = find_candidate_history(behaviour.where(behaviour.kind == kind), candidates)
            features |= {f"{name}.times": times, f"{name}.since": behaviour.until - last}
    return features


def compute_price_and_category_features(inputs: FeatureInputs, candidates: CandidateItems) -> Features:
    """The item's price relative to what the customer pays, and the share of the customer's items in its
    category.
    """
    wanted, n = inputs.customers.behaviour.wanted(), len(inputs.customers)
    mean, spread = summarise_paid_prices(inputs)
    distance = inputs.facts["log_price"][candidates.item] - mean[candidates.row]
    category = inputs.facts["category"].astype(np.int64)
    n_categories = int(category.max(initial=-1)) + 1
    own = np.zeros((n, n_categories + 1))
    np.add.at(own, (wanted.customer, category[wanted.item]), 1.0)
    total = np.maximum(own.sum(axis=1), 1.0)
    affinity = np.where(
        category[candidates.item] >= 0,
        own[candidates.row, category[candidates.item]] / total[candidates.row],
        np.nan,
    )
    return {
        "price.distance": distance,
        "price.spreads": distance / np.maximum(spread[candidates.row], 0.1),
        "category.affinity": affinity,
    }


def count_proposing_parts(inputs: FeatureInputs, candidates: CandidateItems) -> Features:
    """How many parts proposed the item."""
    return {"agreement.parts": np.bitwise_count(candidates.sources)}


FEATURE_GROUPS: tuple[FeatureGroup, ...] = (
    compute_part_features,
    compute_item_features,
    compute_customer_features,
    compute_pair_features,
    compute_browsing_features,
    compute_price_and_category_features,
    count_proposing_parts,
)


def build_feature_table(
    inputs: FeatureInputs, candidates: CandidateItems, groups: tuple[FeatureGroup, ...] = FEATURE_GROUPS
) -> tuple[tuple[str, ...], np.ndarray]:
    """Names (`group.feature`), and float32 [candidates, features]."""
    features: Features = {}
    for group in groups:
        features.update(group(inputs, candidates))
    table = np.empty((len(candidates), len(features)), np.float32)
    for n, column in enumerate(features.values()):
        table[:, n] = column
    return tuple(features), table


def find_candidate_history(
    behaviour: Behaviour, candidates: CandidateItems
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How often each candidate's customer and item met in this behaviour, the first day and the last: nan
    where never.
    """
    pairs, first_day, last_day, times = summarise_wanted_pairs(behaviour)
    if not len(pairs):
        return np.zeros(len(candidates)), *(np.full(len(candidates), np.nan),) * 2
    key = candidates.row.astype(np.int64) * behaviour.n_items + candidates.item
    place = np.minimum(np.searchsorted(pairs, key), len(pairs) - 1)
    met = pairs[place] == key
    return (
        np.where(met, times[place], 0),
        np.where(met, first_day[place], np.nan),
        np.where(met, last_day[place], np.nan),
    )


def list_visit_days(behaviour: Behaviour) -> tuple[np.ndarray, np.ndarray]:
    """Customer and day of every day somebody came, sorted by these."""
    came = np.unique(np.stack([behaviour.customer, behaviour.day]), axis=1)
    return came[0], came[1]


def find_first_and_last_day(customer: np.ndarray, day: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """First and last day of each of n customers."""
    first, last = np.full(n, -YEARS_BEFORE), np.full(n, YEARS_BEFORE)
    np.minimum.at(first, customer, day)
    np.maximum.at(last, customer, day)
    return first, last


def summarise_paid_prices(inputs: FeatureInputs) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of the log prices each customer paid; nan without any."""
    wanted, n = inputs.customers.behaviour.wanted(), len(inputs.customers)
    paid = inputs.facts["log_price"][wanted.item].astype(np.float64)
    known = np.isfinite(paid)
    who, paid = wanted.customer[known], paid[known]
    count = np.bincount(who, minlength=n)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(who, weights=paid, minlength=n) / count
        square = np.bincount(who, weights=paid**2, minlength=n) / count
    return mean, np.sqrt(np.maximum(square - mean**2, 0.0))
