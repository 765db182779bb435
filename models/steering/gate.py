"""The gate of steering: lists are steered where later sessions gain by it.

The whole interval of the gain must lie above nought; of the cohorts, one that does not gain by itself is left
as it is. Lists of their own must gain more: sessions are asked about lists that are up to a window old, as no
served one is, and look past what is bought again at the start of a visit. On the sample shop's truth own
lists that gained 6 % [−1, 13] by sessions had lost 3 % of the purchases truly to be expected.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from models.evaluation.bootstrap import bootstrap_interval
from models.steering.examples import Example, flatten_weights
from models.steering.weights import CohortWeights

K = 10
DISCOUNT = 1.0 / np.log2(2.0 + np.arange(K))
MIN_SESSIONS = 30  # of the test: below, an interval says nothing, and nothing is steered
OWN_MARGIN = 0.05  # of what lists of their own hold: what they must gain at least


class SteeringLift(NamedTuple):
    """What steering adds in later sessions: how much of what they went on to stands in the first ten, how
    high.

    The figure is NDCG@10 over all sessions: their mean DCG@10 as a share of the highest there is. An item
    that the session went on to buy gains 5, one it carted 3, one it viewed 1: who buys counts more.

    Attributes:
        n_sessions, n_moments: that measured.
        hits_unsteered, hits_steered: share of the moments with a wanted item among the first ten.
        unsteered, steered: the figure of the list as it was, and steered.
        lift, low, high: what steering adds, paired, and its interval.
    """

    n_sessions: int
    n_moments: int
    hits_unsteered: float
    hits_steered: float
    unsteered: float
    steered: float
    lift: float
    low: float
    high: float

    def as_row(self) -> dict[str, Any]:
        """The figures, rounded for a report."""
        return {name: round(value, 5) for name, value in self._asdict().items()}


def evaluate_steering_gate(
    examples: Sequence[Example], fitted: Sequence[CohortWeights]
) -> tuple[list[CohortWeights], dict[str, Any]]:
    """The cohorts that are steered, and the report."""
    weights_of = {one.most_events: one for one in fitted}
    overall = measure_steering_lift(examples, weights_of)
    least = compute_least_lift(overall, fitted)
    is_accepted = overall is not None and overall.n_sessions >= MIN_SESSIONS and overall.low > least
    steered, rows = [], []
    for weights in fitted:
        own = measure_steering_lift(
            [one for one in examples if one.most_events == weights.most_events], weights_of
        )
        gains = own is not None and own.lift > 0
        if is_accepted and gains:
            steered.append(weights)
        rows.append(
            {
                "most_events": weights.most_events,
                "is_steered": is_accepted and gains,
                "weights": [round(value, 4) for value in flatten_weights(weights).tolist()],
                **(own.as_row() if own else {}),
            }
        )
    return steered, {
        "verdict": "accepted" if is_accepted else "refused",
        "reason": explain_verdict(overall, least),
        **(overall.as_row() if overall else {}),
        "cohorts": rows,
    }


def compute_least_lift(overall: SteeringLift | None, fitted: Sequence[CohortWeights]) -> float:
    """What the interval of the lift must lie above: nought, and for lists of their own a share of what they
    hold.
    """
    is_personal = any(weights.is_personal for weights in fitted)
    return OWN_MARGIN * overall.unsteered if overall is not None and is_personal else 0.0


def explain_verdict(overall: SteeringLift | None, least: float) -> str:
    """The gate's reason in words."""
    if overall is None or overall.n_sessions < MIN_SESSIONS:
        n = overall.n_sessions if overall else 0
        return f"only {n} sessions to test on (fewer than {MIN_SESSIONS}), so lists stay as they are"
    words = (
        f"lift over the list alone {overall.lift:+.4f} [{overall.low:+.4f}, {overall.high:+.4f}] over"
        f" {overall.n_sessions} sessions"
    )
    if overall.low > least:
        return words
    limit = f"{least:.4f}, {OWN_MARGIN:.0%} of what the list holds" if least else "zero"
    return f"{words}: not above {limit}, so lists stay as they are"


def measure_steering_lift(
    examples: Sequence[Example], weights_of: Mapping[int, CohortWeights]
) -> SteeringLift | None:
    """What the weights of their cohorts add by these examples; None without any."""
    if not examples:
        return None
    scores = [one.features @ flatten_weights(weights_of[one.most_events]) for one in examples]
    orders = [(one.unsteered, own) for one, own in zip(examples, scores, strict=True)]
    sums = np.array(
        [
            [*(measure_gain(one, order) for order in both), measure_best_gain(one)]
            for one, both in zip(examples, orders, strict=True)
        ]
    )
    hits = np.array(
        [[has_hit(one, order) for order in both] for one, both in zip(examples, orders, strict=True)]
    )
    sessions, which = np.unique([one.session for one in examples], return_inverse=True)
    of_session = np.stack([np.bincount(which, column) for column in sums.T], axis=1)
    of_session /= np.bincount(which)[:, None]
    of_session = of_session[:, :2] / of_session[:, 2].mean()
    interval = bootstrap_interval(of_session[:, 1] - of_session[:, 0])
    return SteeringLift(
        len(sessions),
        len(examples),
        *map(float, hits.mean(axis=0)),
        *map(float, of_session.mean(axis=0)),
        *interval,
    )


def measure_gain(example: Example, scores: np.ndarray, k: int = K) -> float:
    """DCG@k of what the session went on to, by these scores of the candidates."""
    listed = example.gains[example.order_candidates(scores)[:k]]
    return float(listed @ DISCOUNT[: len(listed)])


def measure_best_gain(example: Example, k: int = K) -> float:
    """The highest DCG@k there is."""
    best = example.best_gains[:k]
    return float(best @ DISCOUNT[: len(best)])


def has_hit(example: Example, scores: np.ndarray, k: int = K) -> bool:
    """Whether something wanted is among the first k by these scores."""
    return bool(example.gains[example.order_candidates(scores)[:k]].any())
