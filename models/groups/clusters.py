"""Behavioural clusters: habits on one scale, and the centre that is nearest to a customer."""

from dataclasses import dataclass

import numpy as np

from models.predictions.features import build_features, list_features
from models.predictions.history import CustomerHistory

# Of `list_features`, those that say how somebody shops, one for each thing said: windows of several lengths
# would count one habit several times.
CLUSTERED = (
    "recency",
    "frequency",
    "money",
    "money_a_day",
    "categories",
    "returned",
    "tenure",
    "last_visit",
    "views_90",
    "carts_90",
)
MOST_SKEW = 1.0  # beyond, a feature is compared by its logarithm
SKEW_MARGIN = 0.5  # of the accepted fit's choice: a skew that swings about the limit would move every centre
MOST_Z = 3.0  # an order of a million is one customer, not a cluster of one
FEWEST_CUSTOMERS = 200  # below, a cluster's mean is a few people's
LEAST_K, MOST_K = 3, 8
# By how much another number of clusters must be better than the accepted one: silhouettes of two nights
# differ by less, and every customer's label hangs on it.
K_MARGIN = 0.02


class UnknownFeatureError(ValueError):
    """Clusters are of a feature that this code has not."""


@dataclass(frozen=True)
class Scaling:
    """How features are made comparable; each attribute is [features].

    Attributes:
        fill: what stands for unknown: as long ago as anything was, or 0 of an amount.
        is_logged: compared by log(1 + value).
        mean, deviation: of the customers it was made of; a deviation of 0 leaves a feature out.
    """

    fill: np.ndarray
    is_logged: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray

    def apply(self, table: np.ndarray) -> np.ndarray:
        """float64 [rows, features]: standardised, far ones moved to `MOST_Z`."""
        values = compress(fill_unknown(table, self.fill), self.is_logged)
        apart = np.divide(
            values - self.mean, self.deviation, out=np.zeros(values.shape), where=self.deviation > 0
        )
        return np.clip(apart, -MOST_Z, MOST_Z)

    def restore(self, standardised: np.ndarray) -> np.ndarray:
        """float64 [rows, features]: the values that `apply` would make these of."""
        values = standardised * self.deviation + self.mean
        return np.where(self.is_logged, np.expm1(np.where(self.is_logged, values, 0.0)), values)


@dataclass(frozen=True)
class Cluster:
    """One cluster.

    Attributes:
        number: kept from fit to fit; one that is gone is not given again.
        name: what sets it apart, in words.
        marks: features that the name was made of, with +1 where they are high and −1 where low.
    """

    number: int
    name: str
    marks: tuple[tuple[str, int], ...]

    @property
    def group_id(self) -> str:
        """As stored: `cluster_3`."""
        return f"cluster_{self.number}"


@dataclass(frozen=True)
class Clustering:
    """Fitted clusters.

    Attributes:
        features: names, in the order of the columns.
        centres: float64 [clusters, features], standardised.
        clusters: one a centre.
        last_number: the highest that a cluster ever had.
    """

    features: tuple[str, ...]
    scaling: Scaling
    centres: np.ndarray
    clusters: tuple[Cluster, ...]
    last_number: int

    def assign(self, table: np.ndarray) -> np.ndarray:
        """int [rows]: position of the nearest centre.

        Args:
            table: float [rows, features], as `build_cluster_table` gives it.
        """
        return find_nearest(self.scaling.apply(table), self.centres)


def build_cluster_table(history: CustomerHistory, cut: int, names: tuple[str, ...] = CLUSTERED) -> np.ndarray:
    """float64 [customers, features]: those of these names of every customer when the day `cut` began.

    Raises:
        UnknownFeatureError: this code has no feature of such a name.
    """
    by_name = {feature.name: feature for feature in list_features()}
    if unknown := [name for name in names if name not in by_name]:
        raise UnknownFeatureError(f"this code has no feature {', '.join(unknown)}")
    return build_features(history, cut, tuple(by_name[name] for name in names)).astype(float)


def fit_scaling(table: np.ndarray, before: Scaling | None = None) -> Scaling:
    """The scaling of a table of customers, as `build_cluster_table` gives it.

    Args:
        before: the accepted fit's, of the same features; None before the first.
    """
    known = np.where(np.isnan(table), -np.inf, table)
    is_age = np.array([name in ("recency", "tenure", "last_visit") for name in CLUSTERED])
    fill = np.where(is_age, np.maximum(known.max(axis=0, initial=0.0), 0.0), 0.0)
    values = fill_unknown(table, fill)
    skew = compute_skew(values)
    is_logged = skew > MOST_SKEW
    if before is not None:
        is_logged = np.where(np.abs(skew - MOST_SKEW) < SKEW_MARGIN, before.is_logged, is_logged)
    values = compress(values, is_logged)
    deviation = values.std(axis=0)
    return Scaling(fill, is_logged, values.mean(axis=0), np.where(deviation > 1e-9, deviation, 0.0))


def fill_unknown(table: np.ndarray, fill: np.ndarray) -> np.ndarray:
    """The table with `fill` for nan."""
    return np.where(np.isnan(table), fill, table)


def compress(values: np.ndarray, is_logged: np.ndarray) -> np.ndarray:
    """The values, logged where they are to be; none is below 0."""
    return np.where(is_logged, np.log1p(np.maximum(values, 0.0)), values)


def compute_skew(values: np.ndarray) -> np.ndarray:
    """float64 [columns]: the third standardised moment; 0 of a column that is constant."""
    apart = values - values.mean(axis=0)
    deviation = values.std(axis=0)
    return np.divide(
        (apart**3).mean(axis=0), deviation**3, out=np.zeros(values.shape[1]), where=deviation > 1e-9
    )


def find_nearest(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """int [points]: position of the nearest centre; of two as near, the first."""
    return np.argmin(measure_distances(points, centres), axis=1)


def measure_distances(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """float64 [points, centres]: squared Euclidean distances."""
    return np.stack([((points - centre) ** 2).sum(axis=1) for centre in centres], axis=1)


def choose_k(silhouettes: dict[int, float], accepted: int | None) -> int:
    """The number of clusters with the best silhouette; the accepted one where that is nearly as good.

    Args:
        accepted: how many there are now; None before the first fit.
    """
    best = max(silhouettes, key=lambda k: (silhouettes[k], -k))
    if accepted in silhouettes and silhouettes[accepted] >= silhouettes[best] - K_MARGIN:
        return accepted
    return best
