"""The three list tables as frames: who goes into which partition, and what comes back."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyspark import Broadcast
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from scipy import sparse

from expectations.contracts.lake import REC_AUDIENCE_ITEMS, REC_FOLD_IN, REC_ITEM_ITEMS
from models.artifact import Artifact
from models.base import KINDS, Behaviour, Customers, id_array
from models.listing import retrieval
from models.listing.retrieval import Index
from spark_jobs.score import audiences, checkpoints, partitions, stale_customers
from spark_jobs.score.audiences import ItemDemand
from spark_jobs.score.partitions import ScoringModel

# Fixed by the data, not by the machine: the same blocks, and so the same scores, wherever it runs.
CUSTOMERS_PER_TASK = 1024
ITEMS_PER_TASK = 2048
INDEX_TEST_CUSTOMERS = 256  # customers an index is measured by


def build_scoring_model(
    artifact: Artifact,
    items: DataFrame,
    until: int,
    has_purchases: bool,
    model_version: str,
    made_by: Sequence[str] = (),
    since: int | None = None,
) -> ScoringModel:
    """The model with what may be shown tonight. An item the model never saw is in no list before the next
    refit.

    Args:
        made_by: what else lists depend on: the model's digests, the code's hash.
        since: the first day that taste is read from; None for all days.
    """
    now = {
        row["item_id"].encode(): row
        for row in items.select(
            "item_id", (F.col("is_recommendable") & F.col("is_in_stock")).alias("shown"), "is_consumable"
        ).toLocalIterator()
    }
    held = [now.get(item) for item in artifact.item_ids.tolist()]
    allowed = np.array([row is not None and row["shown"] for row in held], bool)
    consumable = np.array([row is not None and row["is_consumable"] for row in held], bool)
    made = ScoringModel(artifact, allowed, consumable, until, has_purchases, model_version, since=since)
    as_of = None if made.fades_evenly else until
    named = stale_customers.fingerprint_scoring_model(
        [model_version, *made_by], allowed, consumable, has_purchases, as_of
    )
    return replace(made, inputs=named, index=build_item_index(made))


def build_item_index(made: ScoringModel) -> Index | None:
    """For a model of factors alone over more items than are compared one by one; None for any other."""
    if not made.factors or len(made.factors.shown) < retrieval.FROM_ITEMS:
        return None
    some = np.linspace(0, len(made.artifact.customer_ids) - 1, INDEX_TEST_CUSTOMERS).astype(np.int32)
    nothing = Behaviour(
        INDEX_TEST_CUSTOMERS, len(made.artifact.item_ids), *(np.zeros(0, np.int32),) * 4, until=made.until
    )
    asking = Customers(
        some,
        nothing,
        sparse.csr_matrix((INDEX_TEST_CUSTOMERS, len(made.artifact.customer_vocabulary)), dtype=np.float32),
    )
    return retrieval.build(made.factors.item_vectors, made.artifact.blend.parts[0].vectors(asking))


def compute_personal_lists(
    shared: Broadcast, behaviour: DataFrame, customers: DataFrame, before: DataFrame, where: Path
) -> DataFrame:
    """Grain: one row per partition of customers: what `aside.DONE` says. No score leaves a worker but those
    in a list.

    Args:
        shared: the `ScoringModel`.
        before: `customer_id` and `inputs` of the lists there are.
        where: where workers keep what they finish.
    """
    rows = stale_customers.collect_customer_inputs(
        behaviour, customers, shared.value.inputs, shared.value.since
    )
    n_tasks = max(1, -(-customers.count() // CUSTOMERS_PER_TASK))
    work = checkpoints.compute_with_checkpoint(
        lambda table: partitions.score_customers_with_inputs(shared.value, table), where
    )
    return (
        rows.join(before.withColumnRenamed("inputs", "inputs_before"), on="customer_id", how="left")
        .repartition(n_tasks, "customer_id")
        .sortWithinPartitions("customer_id")
        .mapInArrow(work, checkpoints.PARTITION_SCHEMA)
    )


def compute_similar_items(spark: SparkSession, shared: Broadcast, demand: ItemDemand) -> DataFrame:
    """Grain: one row per item that can be shown, or was ever wanted."""
    place = partitions.find_positions(
        demand.item_ids, shared.value.artifact.item_ids, shared.value.item_order
    )
    asked = np.sort(place[(place >= 0) & (demand.allowed | (demand.ever > 0))])
    frame = spark.createDataFrame(pa.table({"item": pa.array(asked.astype(np.int32))}))
    return (
        frame.repartition(max(1, -(-len(asked) // ITEMS_PER_TASK)), "item")
        .sortWithinPartitions("item")
        .mapInArrow(
            lambda batches: partitions.score_item_partition(shared.value)(batches), REC_ITEM_ITEMS.schema
        )
    )


def compute_audience_lists(
    spark: SparkSession,
    demand: ItemDemand,
    behaviour: DataFrame,
    customers: DataFrame,
    kinds: tuple[str, ...],
    until: int,
    model_version: str,
) -> DataFrame:
    """Grain: one row per audience. Counted, not learned: it takes no model, and names the one that made its
    neighbours.
    """
    wanted = behaviour.where(F.col("kind").isin(*[KINDS.index(kind) for kind in kinds]))
    rows = (
        audiences.sum_audience_tastes(wanted, audiences.assign_audiences(customers), until)
        .orderBy("audience", "item_id")
        .toArrow()
    )
    names, which = np.unique(np.array(rows["audience"].to_pylist(), dtype=str), return_inverse=True)
    place = partitions.find_positions(id_array(rows["item_id"].to_pylist()), demand.item_ids)
    taste, weight = {}, rows["taste"].to_numpy()
    for n, name in enumerate(names):
        own = (which == n) & (place >= 0)
        taste[str(name)] = np.bincount(place[own], weights=weight[own], minlength=len(demand.item_ids))
    found = audiences.select_audience_lists(demand, audiences.score_audiences(demand, taste))
    made = [
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
        for name, (items, scores) in sorted(found.items())
    ]
    return spark.createDataFrame(made, REC_AUDIENCE_ITEMS.schema)


def export_fold_in_factors(spark: SparkSession, artifact: Artifact | None, model_version: str) -> DataFrame:
    """Grain: one row, the served model's factors for placing customers; none where a model has no such
    factors.
    """
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
