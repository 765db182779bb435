"""Whether a fitted model may be served: the rule of the house in two functions, each ending in a sentence.

A refit of the accepted configuration must not be worse than that configuration scored before, by a stated margin, and must
beat popularity. A new configuration must beat the accepted one, both fitted before the test, the interval of the lift above zero.
Refusal is an outcome, not a failure: the accepted model goes on being served.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.evaluation import interval

MARGIN = 0.15  # of the former score; windows of neighbouring nights share most of their days, so more is not chance
REMEMBERED = 7  # nights: a lower level that lasts half of them is a season, not an accident
MIN_CUSTOMERS = 30  # below, an interval says nothing


@dataclass(frozen=True)
class Verdict:
    """Accepted or not, and why."""

    accepted: bool
    reason: str

    @property
    def word(self) -> str:
        return "accepted" if self.accepted else "refused"


def beats_popularity(quality: np.ndarray, popularity: np.ndarray) -> Verdict:
    """Quality against popularity's, customer by customer, each float [customers]."""
    n = int((~np.isnan(quality)).sum())
    if n < MIN_CUSTOMERS:
        return Verdict(True, f"only {n} customers to test on (fewer than {MIN_CUSTOMERS}), so nothing speaks against it")
    lift, low, high = interval(quality - popularity)
    words = f"lift over popularity {lift:+.4f} [{low:+.4f}, {high:+.4f}] over {n} customers"
    return Verdict(low > 0, words if low > 0 else f"{words}: not above zero")


def usual(accepted: Sequence[float]) -> float | None:
    """What to expect of a configuration: the median of its last accepted refits; None when it had none.

    Not the last one alone: it would become the bar of the next, and three falls of 14 % in a row would each pass.
    """
    return float(np.median(accepted[-REMEMBERED:])) if accepted else None


def judge_refit(quality: np.ndarray, popularity: np.ndarray, before: float | None) -> Verdict:
    """The gate of a nightly refit.

    Args:
        before: the usual mean quality of the same configuration, as `usual` gives it; None when it was never accepted.
    """
    beaten = beats_popularity(quality, popularity)
    if not beaten.accepted or before is None or np.isnan(before):
        return beaten
    now = float(np.nanmean(quality)) if (~np.isnan(quality)).any() else float("nan")
    floor = before * (1 - MARGIN)
    words = f"quality {now:.4f}, before {before:.4f}, at least {floor:.4f} asked (margin {MARGIN:.0%}); {beaten.reason}"
    if (~np.isnan(quality)).sum() < MIN_CUSTOMERS or now >= floor:
        return Verdict(True, words)
    return Verdict(False, f"inferior to the same configuration before: {words}")


def judge_new(quality: np.ndarray, champion: np.ndarray, popularity: np.ndarray) -> Verdict:
    """The gate of a new configuration against the accepted one on the same customers."""
    beaten = beats_popularity(quality, popularity)
    if not beaten.accepted:
        return beaten
    lift, low, high = interval(quality - champion)
    words = f"lift over the accepted configuration {lift:+.4f} [{low:+.4f}, {high:+.4f}]"
    if not low > 0:
        return Verdict(False, f"{words}: not above zero; {beaten.reason}")
    return Verdict(True, f"{words}; {beaten.reason}")
