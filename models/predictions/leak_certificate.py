"""The leak certificate: what each feature reads, and the proof that none knows what came after the cut.

Three checks, as none is enough alone. A feature gets only the rows and columns that it declares, and cannot
declare a day from the cut on (`models.predictions.past_rows`). All that happened from the cut on is exchanged
and every feature is computed again: what reads it changes. And every feature is used alone: one that tells
the outcomes almost without a mistake was worked out of them before it came here.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from models.predictions.features import build_features
from models.predictions.history import COLUMNS, KINDS, CustomerHistory
from models.predictions.measures import compute_auc
from models.predictions.past_rows import Feature, LeakError
from models.predictions.traits import Trait

TOO_GOOD = 0.99  # the best honest feature alone has an area of .76 on Online Retail
LEAST_OF_EACH = 20  # below, an area of 1 is luck
BuildTable = Callable[[CustomerHistory, int, tuple[Feature, ...]], np.ndarray]


@dataclass(frozen=True)
class LeakCertificate:
    """What was checked, of which features, at which cut.

    Attributes:
        cut: the day.
        n_customers, n_later_rows: whose features were computed twice, and how many rows were exchanged
            between.
        areas: of each feature alone, by name: at least .5, whichever way it points.
    """

    features: tuple[Feature, ...]
    cut: int
    n_customers: int
    n_later_rows: int
    areas: dict[str, float]

    def report(self) -> dict[str, Any]:
        """The certificate as JSON's types: a row for each feature."""
        return {
            "cut": self.cut,
            "n_customers": self.n_customers,
            "n_later_rows": self.n_later_rows,
            "features": [
                {
                    "feature": feature.name,
                    "kinds": [KINDS[kind] for kind in feature.kinds],
                    "columns": list(feature.columns),
                    "from_days_before": feature.days,
                    "until_days_before": feature.until,
                    "area_alone": self.areas[feature.name],
                }
                for feature in self.features
            ],
        }


def certify_features(
    history: CustomerHistory,
    features: tuple[Feature, ...],
    cut: int,
    trait: Trait,
    build: BuildTable = build_features,
) -> LeakCertificate:
    """The certificate of features at a cut whose outcomes are in the history.

    Args:
        build: computes the table.

    Raises:
        LeakError: a feature knows what came after the cut; the message names it.
    """
    names = [feature.name for feature in features]
    table = build(history, cut, features)
    again = build(exchange_later_rows(history, cut), cut, features)
    reading = [name for n, name in enumerate(names) if table[:, n].tobytes() != again[:, n].tobytes()]
    if reading:
        raise LeakError(f"features read days from the cut on: {', '.join(reading)}")
    customers = trait.find_customers(history, cut)
    came = trait.compute_labels(history, cut)[customers] > 0
    areas = {name: measure_area(table[customers, n], came) for n, name in enumerate(names)}
    if min(came.sum(), (~came).sum()) >= LEAST_OF_EACH:
        telling = [name for name, area in areas.items() if area > TOO_GOOD]
        if telling:
            raise LeakError(
                f"features tell {trait.name} almost without a mistake, so they must know it:"
                f" {', '.join(telling)}"
            )
    n_later = int((history.day >= cut).sum())
    return LeakCertificate(features, cut, len(customers), n_later, areas)


def exchange_later_rows(history: CustomerHistory, cut: int) -> CustomerHistory:
    """The history with other customers, kinds and values in every row from the cut on."""
    later = history.day >= cut

    def exchange(values: np.ndarray, others: np.ndarray) -> np.ndarray:
        return np.where(later, others, values).astype(values.dtype)

    return replace(
        history,
        customer=exchange(history.customer, (history.customer + 1) % max(history.n_customers, 1)),
        kind=exchange(history.kind, (history.kind + 1) % len(KINDS)),
        **{
            name: exchange(getattr(history, name), getattr(history, name) * 3 + 7)
            for name in COLUMNS
            if name != "day"  # a row must stay behind the cut
        },
    )


def measure_area(column: np.ndarray, came: np.ndarray) -> float:
    """Area under the ROC curve of a feature alone, unknown below everything; .5 where it says nothing."""
    area = compute_auc(np.where(np.isnan(column), -np.inf, column), came)
    return max(area, 1.0 - area) if area == area else 0.5
