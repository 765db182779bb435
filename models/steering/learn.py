"""The weights of live behaviour, learned from a shop's sessions, and their gate.

The earlier sessions teach, the later ones judge. Lists of their own and popular ones are learned apart,
since a list that knows its reader needs less help. Few cohorts have many moments, so a cohort's weights are
pulled to those of all together. Lists are steered where the later sessions gain by it, the whole interval
above nought; of these, a cohort that does not gain is left as it is.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from models.evaluation.bootstrap import bootstrap_interval
from models.steering.examples import (
    Example,
    SteeringInputs,
    build_examples,
    flatten_weights,
    unflatten_weights,
)
from models.steering.logit import ExampleStack, fit_logit
from models.steering.sessions import Moment
from models.steering.weights import COHORTS, CohortWeights, SteeringWeights

K = 10
DISCOUNT = 1.0 / np.log2(2.0 + np.arange(K))
HALF_LIVES = (1.0, 2.0, 4.0)  # places; that of the lowest loss is taken
HALF_LIFE_MOMENTS = 500  # by which it is chosen
MOMENTS_A_SESSION = 4  # drawn: or a few long sessions would decide
MOST_MOMENTS = 3000  # drawn, of lists of their own and of popular ones each: the night learns in seconds
TEACHING_SHARE = 0.6  # of the sessions, the earliest
MIN_SESSIONS = 30  # that judge: below, an interval says nothing, and nothing is steered
PULL = 20.0  # moments' worth by which a cohort is pulled to the weights of all
DECIMALS = 4
FLOOR = 1e-3  # a smaller weight is none, and its lists need not be read

BaseOf = Callable[[Moment], np.ndarray | None]


class Judgement(NamedTuple):
    """What later sessions say of weights: how much of what they went on to stands in the first ten, how high.

    The figure is NDCG@10 over all sessions: their mean DCG@10 as a share of the highest there is. An item
    that the session went on to buy gains 5, one it carted 3, one it viewed 1: who buys counts more.

    Attributes:
        n_sessions, n_moments: that judged.
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


class SteeringFit(NamedTuple):
    """The weights in force, and what was measured of them.

    Attributes:
        report: by `personal` and `popular`: the verdict with its reason and figures, and of each cohort its
            weights, figures and whether it is steered.
    """

    weights: SteeringWeights
    report: dict[str, dict[str, Any]]


def learn_weights(
    moments: Sequence[Moment], bases: Mapping[bool, BaseOf], inputs: SteeringInputs, seed: int
) -> SteeringFit:
    """The weights that pass their gate.

    Args:
        moments: in the order of their sessions.
        bases: by whether it is the visitor's own, the list that is steered; it gives None for a moment whose
            visitor has none.
        inputs: as they were before the sessions.
    """
    usable = {
        is_personal: draw_moments([one for one in moments if base_of(one) is not None], seed)
        for is_personal, base_of in bases.items()
    }
    halves = {is_personal: split_by_time(own) for is_personal, own in usable.items()}
    half_life = choose_half_life({one: halves[one][0] for one in bases}, bases, inputs)
    cohorts, report = [], {}
    for is_personal, base_of in bases.items():
        teaching, judging = (build_examples(own, base_of, inputs, half_life) for own in halves[is_personal])
        fitted = fit_cohorts(teaching, is_personal)
        steered, rows = judge_cohorts(judging, fitted)
        cohorts += steered
        report["personal" if is_personal else "popular"] = {
            "half_life_places": half_life,
            "n_teaching": len(teaching),
            **rows,
        }
    return SteeringFit(SteeringWeights(half_life, tuple(cohorts)), report)


def draw_moments(moments: Sequence[Moment], seed: int) -> list[Moment]:
    """At most `MOMENTS_A_SESSION` of each session's and `MOST_MOMENTS` in all, in their order."""
    order = np.random.default_rng(seed).permutation(len(moments))
    n_of: dict[int, int] = {}
    kept: list[int] = []
    for row in order.tolist():
        session = moments[row].session
        n_of[session] = n_of.get(session, 0) + 1
        if n_of[session] <= MOMENTS_A_SESSION:
            kept.append(row)
    return [moments[row] for row in sorted(kept[:MOST_MOMENTS])]


def split_by_time(moments: Sequence[Moment]) -> tuple[list[Moment], list[Moment]]:
    """The moments of the earlier sessions, and of the later ones; no session is in both."""
    sessions = np.unique([one.session for one in moments])
    if not len(sessions):
        return [], []
    last = sessions[int(TEACHING_SHARE * (len(sessions) - 1))]
    earlier = [one for one in moments if one.session <= last]
    return earlier, [one for one in moments if one.session > last]


def choose_half_life(
    moments: Mapping[bool, Sequence[Moment]], bases: Mapping[bool, BaseOf], inputs: SteeringInputs
) -> float:
    """The half-life of the lowest loss, over lists of both kinds; each kind's weights are its own."""
    some = {one: own[:: max(1, len(own) // HALF_LIFE_MOMENTS)] for one, own in moments.items()}

    def measure(half_life: float) -> float:
        stacks = [
            ExampleStack.of(build_examples(own, bases[one], inputs, half_life)) for one, own in some.items()
        ]
        return sum(stack.compute_loss(fit_logit(stack))[0] for stack in stacks)

    return min(HALF_LIVES, key=measure)


def fit_cohorts(examples: Sequence[Example], is_personal: bool) -> list[CohortWeights]:
    """The weights of each cohort, pulled to those of all examples."""
    together = fit_logit(ExampleStack.of(examples))
    fitted = []
    for most in COHORTS:
        own = ExampleStack.of([one for one in examples if one.most_events == most])
        flat = fit_logit(own, together, PULL) if len(own) else together
        flat = np.round(np.where(flat < FLOOR, 0.0, flat), DECIMALS)
        fitted.append(unflatten_weights(flat, is_personal, most))
    return fitted


def judge_cohorts(
    examples: Sequence[Example], fitted: Sequence[CohortWeights]
) -> tuple[list[CohortWeights], dict[str, Any]]:
    """The cohorts that are steered, and the report."""
    weights_of = {one.most_events: one for one in fitted}
    overall = judge_examples(examples, weights_of)
    is_accepted = overall is not None and overall.n_sessions >= MIN_SESSIONS and overall.low > 0
    steered, rows = [], []
    for weights in fitted:
        own = judge_examples([one for one in examples if one.most_events == weights.most_events], weights_of)
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
        "reason": explain_verdict(overall),
        **(overall.as_row() if overall else {}),
        "cohorts": rows,
    }


def explain_verdict(overall: Judgement | None) -> str:
    """The gate's reason in words."""
    if overall is None or overall.n_sessions < MIN_SESSIONS:
        n = overall.n_sessions if overall else 0
        return f"only {n} sessions to judge by (fewer than {MIN_SESSIONS}), so lists stay as they are"
    words = (
        f"lift over the list alone {overall.lift:+.4f} [{overall.low:+.4f}, {overall.high:+.4f}] over"
        f" {overall.n_sessions} sessions"
    )
    return words if overall.low > 0 else f"{words}: not above zero, so lists stay as they are"


def judge_examples(examples: Sequence[Example], weights_of: Mapping[int, CohortWeights]) -> Judgement | None:
    """What examples say of the weights of their cohorts; None without any."""
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
    return Judgement(
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
