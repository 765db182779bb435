"""Whether a trait may be stored: better than the RFM rule on days kept out, and calibrated; else it stays
away, and says why.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from models.gate import GateVerdict
from models.predictions.traits import Trait

LEAST_OF_EACH = 30  # tested customers of each outcome; below, an interval says nothing
MOST_ECE = 0.05
TOTAL_BETWEEN = (0.75, 4 / 3)  # predicted spend of all together over what was spent
Figures = Mapping[str, Mapping[str, Sequence[float]]]


def refuse_few_outcomes(outcomes: np.ndarray) -> GateVerdict | None:
    """The refusal of a test with too few outcomes of one kind; None where there are enough."""
    n_came = int((outcomes > 0).sum())
    if min(n_came, len(outcomes) - n_came) >= LEAST_OF_EACH:
        return None
    return GateVerdict(
        False,
        f"{n_came} of {len(outcomes)} tested customers: at least {LEAST_OF_EACH} of each outcome are asked to"
        " test on",
    )


def judge_trait(trait: Trait, figures: Figures, outcomes: np.ndarray) -> GateVerdict:
    """The verdict on a tested trait.

    Args:
        figures: as `measure_with_intervals` gives them, of `model` and `rfm`.
        outcomes: float [n], of the tested customers.
    """
    refusal = refuse_few_outcomes(outcomes)
    if refusal:
        return refusal
    key, sign = ("auc", 1) if trait.is_probability else ("deviance", -1)
    lift, *interval = (sign * value for value in figures["over rfm"][key])
    low, high = sorted(interval)
    words = (
        f"{key} {figures['model'][key][0]:.4f}, the RFM rule's {figures['rfm'][key][0]:.4f}, better by"
        f" {lift:.4f} [{low:.4f}, {high:.4f}] over {len(outcomes)} customers"
    )
    if not low > 0:
        return GateVerdict(False, f"{words}: not above zero")
    if trait.is_probability:
        ece = figures["model"]["ece"][0]
        fits = ece <= MOST_ECE
        calibrated = f"calibration error {ece:.4f}, at most {MOST_ECE}"
    else:
        total = figures["model"]["total"][0]
        fits = TOTAL_BETWEEN[0] <= total <= TOTAL_BETWEEN[1]
        calibrated = (
            f"predicted in all {total:.2f} times what was spent, {TOTAL_BETWEEN[0]:.2f} to"
            f" {TOTAL_BETWEEN[1]:.2f} asked"
        )
    return GateVerdict(fits, f"{words}; {calibrated}" if fits else f"not calibrated: {calibrated}; {words}")
