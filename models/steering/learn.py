"""The weights of live behaviour, learned from a shop's sessions.

The weights are fitted to the earlier sessions and tested on the later ones (`gate.py`). Lists of their own
and popular ones are learned apart, since a list that knows its reader needs less help. Few cohorts have many
moments, so a cohort's weights are pulled to those of all together.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from models.steering.examples import (
    Example,
    SteeringInputs,
    build_examples,
    unflatten_weights,
)
from models.steering.gate import evaluate_steering_gate
from models.steering.logit import ExampleStack, fit_logit
from models.steering.sessions import Moment
from models.steering.weights import COHORTS, CohortWeights, SteeringWeights

HALF_LIVES = (1.0, 2.0, 4.0)  # places; that of the lowest loss is taken
HALF_LIFE_MOMENTS = 500  # by which it is selected
MOMENTS_A_SESSION = 4  # drawn: or a few long sessions would decide
MOST_MOMENTS = 3000  # drawn, of lists of their own and of popular ones each: the night learns in seconds
FIT_SHARE = 0.6  # of the sessions, the earliest
PULL = 20.0  # moments' worth by which a cohort is pulled to the weights of all
DECIMALS = 4
FLOOR = 1e-3  # a smaller weight is none, and its lists need not be read

BaseOf = Callable[[Moment], np.ndarray | None]


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
    half_life = select_half_life({one: halves[one][0] for one in bases}, bases, inputs)
    cohorts, report = [], {}
    for is_personal, base_of in bases.items():
        fit_examples, test_examples = (
            build_examples(own, base_of, inputs, half_life) for own in halves[is_personal]
        )
        fitted = fit_cohorts(fit_examples, is_personal)
        steered, rows = evaluate_steering_gate(test_examples, fitted)
        cohorts += steered
        report["personal" if is_personal else "popular"] = {
            "half_life_places": half_life,
            "n_teaching": len(fit_examples),
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
    last = sessions[int(FIT_SHARE * (len(sessions) - 1))]
    earlier = [one for one in moments if one.session <= last]
    return earlier, [one for one in moments if one.session > last]


def select_half_life(
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
