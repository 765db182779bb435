"""The predictive traits: what is predicted, of whom, and over how many days."""

from dataclasses import dataclass

import numpy as np

from models.predictions.history import (
    CustomerHistory,
    find_buyers,
    find_known_customers,
    sum_spend,
)

PURCHASE_TRAIT, CHURN_TRAIT, SPEND_TRAIT = "purchase", "churn", "spend"


@dataclass(frozen=True)
class Trait:
    """One predictive trait.

    Attributes:
        kind: `purchase`: buys within the days; `churn`: buys nothing within them, asked of customers who
            bought within `active_days` before; `spend`: what is spent within them, returns taken off.
        days: the horizon.
        active_days: of churn alone.
    """

    kind: str
    days: int
    active_days: int | None = None

    @property
    def name(self) -> str:
        """As stored: `purchase_30d`."""
        return f"{self.kind}_{self.days}d"

    @property
    def is_probability(self) -> bool:
        return self.kind != SPEND_TRAIT

    def find_customers(self, history: CustomerHistory, cut: int) -> np.ndarray:
        """int [n], ascending: who is asked at a cut."""
        if self.kind == CHURN_TRAIT:
            return np.flatnonzero(find_buyers(history, cut - self.active_days, cut))
        return find_known_customers(history, cut)

    def compute_labels(self, history: CustomerHistory, cut: int) -> np.ndarray:
        """float64 [customers]: what came to be on the days from the cut on.

        Raises:
            ValueError: the history ends before the horizon does.
        """
        end = cut + self.days
        if end > history.until:
            raise ValueError(
                f"{self.name} at day {cut} needs days to {end}; the history ends at {history.until}"
            )
        if self.kind == SPEND_TRAIT:
            return sum_spend(history, cut, end)
        bought = find_buyers(history, cut, end)
        return (~bought if self.kind == CHURN_TRAIT else bought).astype(float)


# A test, a calibration and a fit need a window of the horizon each: of 60 days, half a year and a month more.
# Churn of 30 days is there for shops that are younger, and for those whose season moves the level of two
# months by more than may be published.
TRAITS = (
    Trait(PURCHASE_TRAIT, 7),
    Trait(PURCHASE_TRAIT, 30),
    Trait(CHURN_TRAIT, 30, active_days=90),
    Trait(CHURN_TRAIT, 60, active_days=120),
    Trait(SPEND_TRAIT, 60),
)
