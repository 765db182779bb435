"""When predictors are fitted again: by age, by growth, or because customers score otherwise than they did."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from models.daily_measures import compute_psi

REFIT_DAYS = 28
RETRY_DAYS = 7  # where a trait stayed away: its history may be long enough by now
GROWTH = 1.5  # times the customers
MOST_PSI = 0.25  # a common limit: above, a score is spread otherwise than where it was fitted
TENTHS = 10


def hash_features(names: Sequence[str]) -> str:
    """What a fit keeps of the names of its features, 12 hex digits."""
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:12]


def find_refit_reason(
    fitted: Mapping[str, Any] | None,
    features: str,
    until: int,
    n_customers: int,
    drifted: Mapping[str, float],
) -> str | None:
    """Why predictors are due to be fitted, in words; None when they are not.

    Args:
        fitted: of the newest fit, accepted or not: `until`, `n_customers`, `n_away` (traits that stayed
            away), `features`; None before the first. A refused one counts too: asked every night, data that
            are refused would be fitted every night.
        features: this code's, as `hash_features` gives them.
        until: the first day that is not known tonight.
        drifted: by trait, as `measure_score_drift` gives it; nothing where the newest fit is not in use.
    """
    if fitted is None:
        return "nothing has been fitted yet"
    if fitted.get("features") != features:
        return "this code has other features than those that were fitted"
    age = until - fitted["until"]
    limit = RETRY_DAYS if fitted["n_away"] else REFIT_DAYS
    if age >= limit:
        return f"the last fit is {age} days old, {limit} are allowed"
    if n_customers >= GROWTH * fitted["n_customers"]:
        return f"{n_customers:,} customers, {fitted['n_customers']:,} when they were fitted"
    far = {trait: psi for trait, psi in drifted.items() if psi > MOST_PSI}
    # On the night of the fit itself nothing can have drifted.
    if far and age > 0:
        trait = max(far, key=far.get)
        return f"scores of {trait} are spread otherwise than when it was fitted (PSI {far[trait]:.2f})"
    return None


def measure_score_drift(at_fit: np.ndarray, now: np.ndarray) -> float:
    """Population stability index of scores tonight against those at the fit.

    Args:
        at_fit: the nine inner tenths of scores then, as `find_tenths` gives them.
        now: float [customers], scores tonight.
    """
    edges = np.unique(at_fit)
    counts = np.bincount(np.searchsorted(edges, now, side="left"), minlength=len(edges) + 1)
    # Where many share a score several tenths are one: expected is what lay between the edges then.
    below = np.searchsorted(np.sort(at_fit), edges, side="right") / TENTHS
    expected = np.diff(below, prepend=0.0, append=1.0)
    return compute_psi(expected * len(now), counts)


def find_tenths(scores: np.ndarray) -> list[float]:
    """The nine values between tenths of scores."""
    return [
        float(value) for value in np.quantile(scores, np.arange(1, TENTHS) / TENTHS, method="inverted_cdf")
    ]
