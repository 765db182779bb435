"""The list tables as frames: personal lists, similar items, lists of audiences, fold-in factors."""

from pathlib import Path

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from expectations.contracts.lake import (
    REC_AUDIENCE_ITEMS,
    REC_FOLD_IN,
    REC_ITEM_ITEMS,
    REC_ITEM_NEXT,
    REC_STEERING,
)
from models.artifact import ModelArtifact
from models.listing.lists import DECIMALS
from models.steering.next_items import weigh_next_items
from models.steering.sessions import Sessions
from models.training_data import KINDS, encode_ids
from spark_jobs.engine.shared_objects import SharedObject
from spark_jobs.lake.frames import convert_arrow_to_spark
from spark_jobs.score import audiences, checkpoints, partitions, stale_customers
from spark_jobs.score.interaction_span import InteractionSpan
from spark_jobs.score.item_demand import ItemDemand
from spark_jobs.score.scoring_model import ScoringModel

# Fixed by the data, not by the machine: the same blocks, and so the same scores, wherever it runs.
CUSTOMERS_PER_TASK = 1024
ITEMS_PER_TASK = 2048


def compute_personal_lists(
    shared: SharedObject[ScoringModel],
    behaviour: DataFrame,
    customers: DataFrame,
    before: DataFrame,
    folder: Path,
) -> DataFrame:
    """Grain: one row per partition of customers, of `checkpoints.PARTITION_SCHEMA`.

    A worker writes the lists to the folder; no other scores leave it.

    Args:
        before: `customer_id` and `inputs` of the lists there are.
        folder: of the checkpoints, one for all workers.
    """
    model = shared.value
    rows = stale_customers.collect_customer_inputs(behaviour, customers, model.inputs, model.since)
    n_tasks = max(1, -(-customers.count() // CUSTOMERS_PER_TASK))
    work = checkpoints.compute_with_checkpoint(
        lambda table: partitions.score_customers_with_inputs(shared.value, table), folder
    )
    return (
        rows.join(before.withColumnRenamed("inputs", "inputs_before"), on="customer_id", how="left")
        .repartition(n_tasks, "customer_id")
        .sortWithinPartitions("customer_id")
        .mapInArrow(work, checkpoints.PARTITION_SCHEMA)
    )


def compute_similar_items(
    spark: SparkSession, shared: SharedObject[ScoringModel], demand: ItemDemand
) -> DataFrame:
    """Grain: one row per item that can be shown, or was ever wanted."""
    model = shared.value
    positions = partitions.find_positions(demand.item_ids, model.artifact.item_ids, model.item_order)
    listed_positions = np.sort(positions[(positions >= 0) & (demand.allowed | (demand.ever > 0))])
    frame = convert_arrow_to_spark(spark, pa.table({"item": pa.array(listed_positions.astype(np.int32))}))
    return (
        frame.repartition(max(1, -(-len(listed_positions) // ITEMS_PER_TASK)), "item")
        .sortWithinPartitions("item")
        .mapInArrow(
            lambda batches: partitions.score_item_partition(shared.value, batches), REC_ITEM_ITEMS.schema
        )
    )


def compute_audience_lists(
    demand: ItemDemand,
    behaviour: DataFrame,
    customers: DataFrame,
    span: InteractionSpan,
    model_version: str,
) -> DataFrame:
    """Grain: one row per audience. Counted without a model; the row names the model of the personal lists.

    Args:
        behaviour: once per customer, item, day and kind.
        customers: `feat_customers`.
    """
    counted_behaviour = behaviour.where(F.col("kind").isin(*[KINDS.index(kind) for kind in span.kinds]))
    tastes = audiences.sum_audience_tastes(
        counted_behaviour, audiences.assign_audiences(customers), span.until
    )
    rows = tastes.orderBy("audience", "item_id").toArrow()
    names, which = np.unique(np.array(rows["audience"].to_pylist(), dtype=str), return_inverse=True)
    position = partitions.find_positions(encode_ids(rows["item_id"].to_pylist()), demand.item_ids)
    taste, weight = {}, rows["taste"].to_numpy()
    for n, name in enumerate(names):
        own = (which == n) & (position >= 0)
        taste[str(name)] = np.bincount(position[own], weights=weight[own], minlength=len(demand.item_ids))
    lists = audiences.select_audience_lists(demand, audiences.score_audiences(demand, taste))
    table = [
        {
            "audience": name,
            "items": [
                {
                    "item_id": demand.item_ids[item].decode(),
                    "score": float(score),
                    "sources": [audiences.name_list_source(name)],
                }
                for item, score in zip(items, scores, strict=True)
            ],
            "model_version": model_version,
        }
        for name, (items, scores) in sorted(lists.items())
    ]
    return behaviour.sparkSession.createDataFrame(table, REC_AUDIENCE_ITEMS.schema)


def export_fold_in_factors(
    spark: SparkSession, artifact: ModelArtifact | None, model_version: str
) -> DataFrame:
    """Grain: one row, the model's factors for fold-in; none where a model has no such factors."""
    if artifact is None or artifact.fold_in is None:
        return spark.createDataFrame([], REC_FOLD_IN.schema)
    als, trust = artifact.fold_in.als, artifact.fold_in.trust
    row = {
        "model_version": model_version,
        "item_ids": [item.decode() for item in artifact.item_ids[als.placed]],
        "n_components": als.components,
        "factors": als.item_factors[als.placed].ravel().tolist(),
        "confidence": als.confidence,
        "regularisation": als.regularisation,
        "half_life_days": als.half_life_days,
        "trust": [{"most_events": most, "weight": weight} for most, weight in trust],
    }
    return spark.createDataFrame([row], REC_FOLD_IN.schema)


def compute_next_items(
    spark: SparkSession, sessions: Sessions, demand: ItemDemand, model_version: str
) -> DataFrame:
    """Grain: one row per item after which sessions went on to another. Counted without a model; the row names
    the model of the personal lists.

    Args:
        sessions: items numbered as in `demand`.
    """
    weights = weigh_next_items(sessions, demand.allowed).tocoo()
    if not weights.nnz:
        return spark.createDataFrame([], REC_ITEM_NEXT.schema)
    score = np.round(weights.data, DECIMALS)
    order = np.lexsort((weights.col, -score, weights.row))
    items, length = np.unique(weights.row, return_counts=True)
    listed = partitions.encode_items(
        demand.item_ids[weights.col[order]],
        score[order],
        np.ones(len(order), np.uint32),
        ("transitions",),
        length,
    )
    ids = pa.array([item.decode() for item in demand.item_ids[items]], pa.string())
    versions = pa.array([model_version] * len(ids), pa.string())
    rows = pa.table([ids, listed, versions], names=list(REC_ITEM_NEXT.columns))
    return spark.createDataFrame(rows, REC_ITEM_NEXT.schema)


def export_steering(spark: SparkSession, artifact: ModelArtifact | None, model_version: str) -> DataFrame:
    """Grain: one row, what live behaviour weighs; none where no weights passed their gate."""
    if artifact is None or not artifact.steering.cohorts:
        return spark.createDataFrame([], REC_STEERING.schema)
    row = {
        "model_version": model_version,
        "half_life_places": artifact.steering.half_life_places,
        "cohorts": artifact.steering.as_rows(),
    }
    return spark.createDataFrame([row], REC_STEERING.schema)
