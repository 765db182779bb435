"""Write which behavioural cluster each customer lies in, those too who came after the fit."""

import logging

import numpy as np
import pyarrow as pa

from expectations.contracts.lake import PRED_CUSTOMER_CLUSTERS
from models.groups.cluster_artifact import load_clustering
from models.groups.clusters import UnknownFeatureError, build_cluster_table
from models.model_version import CLUSTERS
from spark_jobs.lake.arrow_types import build_arrow_schema
from spark_jobs.lake.tables import Lake, WriteResult
from spark_jobs.run.context import RunContext
from spark_jobs.run.model_registry import open_registry
from spark_jobs.score.scorable_customers import ScorableCustomers

logger = logging.getLogger(__name__)


def write_clusters(run: RunContext, lake: Lake, scorable: ScorableCustomers) -> WriteResult:
    """Make `pred_customer_clusters` hold tonight's labels; none where no clusters are accepted, or where this
    code cannot work out what they are of any more.
    """
    return lake.replace(assign_clusters(run, scorable), PRED_CUSTOMER_CLUSTERS)


def assign_clusters(run: RunContext, scorable: ScorableCustomers) -> pa.Table:
    """Tonight's rows of `pred_customer_clusters`."""
    registry = open_registry(run, CLUSTERS)
    champion, schema = registry.champion(), build_arrow_schema(PRED_CUSTOMER_CLUSTERS)
    if champion is None or not scorable.allowed.any():
        return schema.empty_table()
    clustering = load_clustering(registry.download_file(champion, "model"), champion.digests)
    try:
        # By their own features: where a fit by this code's was refused, they are still the accepted ones.
        table = build_cluster_table(scorable.history, scorable.history.until, clustering.features)
    except UnknownFeatureError as error:
        logger.warning(
            f"{error}: nobody has a cluster until a fit is accepted",
            extra={"table": PRED_CUSTOMER_CLUSTERS.name},
        )
        return schema.empty_table()
    nearest = clustering.assign(table[scorable.allowed])
    n = len(nearest)
    ids, names = (
        np.array(values)[nearest]
        for values in zip(*((each.group_id, each.name) for each in clustering.clusters), strict=True)
    )
    columns = {
        "customer_id": np.array(scorable.customer_ids)[scorable.allowed].tolist(),
        "scored_date": [scorable.scored_date] * n,
        "cluster_id": ids.tolist(),
        "cluster_name": names.tolist(),
        "model_version": [champion.model_version] * n,
    }
    return pa.table(columns, schema=schema)
