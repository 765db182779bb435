"""The worth of a blend's part, and the rule that follows: a part stays where its paired interval is above
zero.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from models.evaluation.bootstrap import bootstrap_interval


@dataclass(frozen=True)
class PartWorth:
    """The quality a blend loses without a part: mean over customers of the paired differences, and their 95 %
    interval.
    """

    part: str
    mean: float
    low: float
    high: float

    @property
    def stays(self) -> bool:
        return self.low > 0

    def __str__(self) -> str:
        verdict = "stays" if self.stays else "goes"
        return f"{self.part:<20} adds {self.mean:+.4f} [{self.low:+.4f}, {self.high:+.4f}]: {verdict}"


def measure_part_worth(part: str, whole: np.ndarray, without: np.ndarray) -> PartWorth:
    """A part's worth by the quality of each customer, with all parts and without it; nan where a customer
    does not count.
    """
    return PartWorth(part, *bootstrap_interval(whole - without))


def prune_parts(
    order: Sequence[str],
    quality: Callable[[frozenset[str]], np.ndarray],
    is_over: Callable[[], bool] = lambda: False,
) -> tuple[frozenset[str], list[PartWorth]]:
    """Remove parts that add nothing, one after the other: a part's worth is the quality of the best blend so
    far over that of the blend without it and without those removed before.

    One after the other, because two parts that say the same are each worth nothing beside the other, and one
    of them may be. Against the best so far, because many parts of which each is worth less than chance are
    worth something together: on Beauty eight of ten went when each was compared with what was left, and .0025
    of NDCG@10 with them.

    Args:
        order: the parts, in the order in which they are asked; the last one that is left stays.
        quality: float [customers] of the blend of these parts.
        is_over: asked before every part; true ends the pruning where it is, and whoever was not asked stays.

    Returns:
        The parts that stay, and what each that was asked is worth.
    """
    remaining, worths = frozenset(order), []
    best = quality(remaining)
    for part in order:
        if len(remaining) == 1 or is_over():
            break
        without = quality(remaining - {part})
        worths.append(measure_part_worth(part, best, without))
        if not worths[-1].stays:
            remaining = remaining - {part}
            best = max(best, without, key=np.nanmean)
    return remaining, worths
