"""The acceptance gates of fitted models: one for a nightly refit, one for a new configuration; each gives a
verdict with its reason.

A refit of the accepted configuration must not be worse than that configuration scored before, by a stated
margin, and must beat popularity. A new configuration must beat the accepted one, both fitted before the test,
the interval of the lift above zero, and must not fall in any guarded slice of customers. Neither may have a
flaw (`models/model_flaws.py`). Refusal is an outcome, not a failure: the accepted model goes on being served.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.evaluation import bootstrap_interval

# of the former score; windows of neighbouring nights share most of their days, so more is not chance
MARGIN = 0.15
SLICE_MARGIN = (
    0.05  # of what the accepted configuration scores in the slice: what a gain elsewhere may cost somebody
)
REMEMBERED = 7  # nights: a lower level that lasts half of them is a season, not an accident
MIN_CUSTOMERS = 30  # below, an interval says nothing
DRAWS = 2000  # a slice's interval is cut far out in the tail


@dataclass(frozen=True)
class GateVerdict:
    """Accepted or not, and why."""

    accepted: bool
    reason: str

    @property
    def word(self) -> str:
        return "accepted" if self.accepted else "refused"


@dataclass(frozen=True)
class SliceComparison:
    """One group of customers under two configurations.

    Attributes:
        n: customers of it that count.
        accepted: mean quality under the accepted configuration.
        lift, low, high: the new one's mean quality minus that, and its interval.
    """

    name: str
    n: int
    accepted: float
    lift: float
    low: float
    high: float

    @property
    def has_fallen(self) -> bool:
        """Whether the fall is beyond the margin and beyond chance: the mean below one, the whole interval
        below zero.
        """
        return self.high < 0 and self.lift < -SLICE_MARGIN * self.accepted

    def __str__(self) -> str:
        return (
            f"{self.name} {self.lift:+.4f} [{self.low:+.4f}, {self.high:+.4f}] from {self.accepted:.4f} over"
            f" {self.n} customers"
        )


def check_beats_popularity(
    quality: np.ndarray, popularity: np.ndarray, flaws: Sequence[str] = ()
) -> GateVerdict:
    """Quality against popularity's, customer by customer, each float [customers].

    Args:
        flaws: what is wrong with the model whatever its quality; any refuses it.
    """
    if flaws:
        return GateVerdict(False, "; ".join(flaws))
    n = int((~np.isnan(quality)).sum())
    if n < MIN_CUSTOMERS:
        return GateVerdict(
            True, f"only {n} customers to test on (fewer than {MIN_CUSTOMERS}), so nothing speaks against it"
        )
    lift, low, high = bootstrap_interval(quality - popularity)
    words = f"lift over popularity {lift:+.4f} [{low:+.4f}, {high:+.4f}] over {n} customers"
    return GateVerdict(low > 0, words if low > 0 else f"{words}: not above zero")


def compute_usual_quality(accepted_qualities: Sequence[float]) -> float | None:
    """The quality to expect of a configuration: the median of its last accepted refits; None when it had
    none.

    Not the last one alone: it would become the bar of the next, and three falls of 14 % in a row would each
    pass.
    """
    return float(np.median(accepted_qualities[-REMEMBERED:])) if accepted_qualities else None


def evaluate_refit_gate(
    quality: np.ndarray, popularity: np.ndarray, usual_quality: float | None, flaws: Sequence[str] = ()
) -> GateVerdict:
    """The gate of a nightly refit.

    Args:
        usual_quality: the usual mean quality of the same configuration, as `compute_usual_quality` gives it;
            None when it was never accepted.
        flaws: as in `check_beats_popularity`.
    """
    beaten = check_beats_popularity(quality, popularity, flaws)
    if not beaten.accepted or usual_quality is None or np.isnan(usual_quality):
        return beaten
    now = float(np.nanmean(quality)) if (~np.isnan(quality)).any() else float("nan")
    floor = usual_quality * (1 - MARGIN)
    words = (
        f"quality {now:.4f}, before {usual_quality:.4f}, at least {floor:.4f} asked (margin {MARGIN:.0%});"
        f" {beaten.reason}"
    )
    if (~np.isnan(quality)).sum() < MIN_CUSTOMERS or now >= floor:
        return GateVerdict(True, words)
    return GateVerdict(False, f"inferior to the same configuration before: {words}")


def evaluate_new_configuration_gate(
    quality: np.ndarray,
    champion: np.ndarray,
    popularity: np.ndarray,
    slices: Mapping[str, np.ndarray] | None = None,
    flaws: Sequence[str] = (),
) -> GateVerdict:
    """The gate of a new configuration against the accepted one on the same customers.

    Args:
        slices: by name, bool [customers]: groups none of which may pay for the others' gain.
        flaws: as in `check_beats_popularity`.
    """
    beaten = check_beats_popularity(quality, popularity, flaws)
    if not beaten.accepted:
        return beaten
    lift, low, high = bootstrap_interval(quality - champion)
    words = f"lift over the accepted configuration {lift:+.4f} [{low:+.4f}, {high:+.4f}]"
    if not low > 0:
        return GateVerdict(False, f"{words}: not above zero; {beaten.reason}")
    compared = compare_slices(quality, champion, slices or {})
    fallen = [one for one in compared if one.has_fallen]
    if fallen:
        worst = "; ".join(map(str, fallen))
        return GateVerdict(
            False, f"a guarded slice falls by more than {SLICE_MARGIN:.0%}: {worst}; over all, {words}"
        )
    guarded = (
        f"none of {len(compared)} guarded slices falls by more than {SLICE_MARGIN:.0%}; " if compared else ""
    )
    return GateVerdict(True, f"{words}; {guarded}{beaten.reason}")


def compare_slices(
    quality: np.ndarray, champion: np.ndarray, slices: Mapping[str, np.ndarray]
) -> list[SliceComparison]:
    """Each slice with enough customers, under both configurations.

    The level is Bonferroni's, 1 − .05 / slices: ten slices raise together no more false alarms than one.
    """
    lifts, comparisons = quality - champion, []
    masks = {
        name: has_lift
        for name, mask in slices.items()
        if (has_lift := mask & ~np.isnan(lifts)).sum() >= MIN_CUSTOMERS
    }
    for name, has_lift in masks.items():
        lift, low, high = bootstrap_interval(lifts[has_lift], draws=DRAWS, level=1 - 0.05 / len(masks))
        comparisons.append(
            SliceComparison(name, int(has_lift.sum()), float(champion[has_lift].mean()), lift, low, high)
        )
    return comparisons
