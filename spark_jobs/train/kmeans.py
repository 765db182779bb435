"""k-means on Spark: fits of several numbers of clusters, and the silhouette of each."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from pyspark.ml.clustering import KMeans
from pyspark.ml.evaluation import ClusteringEvaluator
from pyspark.ml.functions import array_to_vector
from pyspark.sql import DataFrame, SparkSession

from models.groups.clusters import choose_k

MOST_ITERATIONS = 50
RESTARTS = 3  # of the chosen number, of which the one with the least sum of squares is used
FEATURES = "features"


@dataclass(frozen=True)
class KMeansFit:
    """The fit that is used.

    Attributes:
        centres: float64 [clusters, features].
        inertia: the sum of squared distances to the nearest centre.
        silhouettes: by number of clusters, of the first fit of each.
        inertias: likewise.
    """

    centres: np.ndarray
    inertia: float
    silhouettes: dict[int, float]
    inertias: dict[int, float]

    @property
    def k(self) -> int:
        return len(self.centres)


def fit_kmeans(
    spark: SparkSession, points: np.ndarray, ks: Sequence[int], accepted_k: int | None, seed: int
) -> KMeansFit:
    """The fit of the number of clusters that `choose_k` chooses by silhouette (squared Euclidean distance).

    Args:
        points: float64 [rows, features], standardised.
        accepted_k: how many clusters there are now.
    """
    silhouettes, inertias, centres = {}, {}, {}
    with share_points(spark, points) as frame:
        for k in ks:
            centres[k], inertias[k], silhouettes[k] = fit_once(frame, k, seed, is_judged=True)
        k = choose_k(silhouettes, accepted_k)
        fits = [(inertias[k], centres[k])]
        for n in range(1, RESTARTS):
            found, inertia, _ = fit_once(frame, k, seed + n, is_judged=False)
            fits.append((inertia, found))
    inertia, best = min(fits, key=lambda fit: fit[0])
    return KMeansFit(best, inertia, silhouettes, inertias)


@contextmanager
def share_points(spark: SparkSession, points: np.ndarray) -> Iterator[DataFrame]:
    """The points as a frame that is computed once; of one part, or sums would depend on how they are cut."""
    values = pa.FixedSizeListArray.from_arrays(pa.array(points.ravel()), points.shape[1])
    rows = pa.table({"point": values.cast(pa.list_(pa.float64()))})
    frame = spark.createDataFrame(rows).coalesce(1).select(array_to_vector("point").alias(FEATURES)).cache()
    try:
        yield frame
    finally:
        frame.unpersist()


def fit_once(frame: DataFrame, k: int, seed: int, is_judged: bool) -> tuple[np.ndarray, float, float]:
    """Centres, inertia and silhouette of one fit; the last nan unless it is judged.

    Where fewer customers differ than there are to be clusters, there are fewer centres.
    """
    model = KMeans(k=k, seed=seed, maxIter=MOST_ITERATIONS, featuresCol=FEATURES).fit(frame)
    centres = np.array(model.clusterCenters())
    inertia = float(model.summary.trainingCost)
    is_judged = is_judged and len(centres) > 1
    silhouette = (
        ClusteringEvaluator(featuresCol=FEATURES).evaluate(model.transform(frame)) if is_judged else None
    )
    return centres, inertia, np.nan if silhouette is None else float(silhouette)
