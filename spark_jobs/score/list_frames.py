"""The list tables in Arrow: similar items, lists of audiences, next items, fold-in factors, steering."""

import numpy as np
import pyarrow as pa
from pyspark.sql import SparkSession

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
from models.training_data import encode_ids
from spark_jobs.engine.shared_objects import SharedObject
from spark_jobs.engine.tasks import run_tasks
from spark_jobs.lake.arrow_types import build_arrow_schema
from spark_jobs.score import audiences, partitions
from spark_jobs.score.item_demand import ItemDemand
from spark_jobs.score.scoring_model import ScoringModel

# Fixed by the data, not by the machine: the same blocks, and so the same scores, wherever it runs.
ITEMS_PER_TASK = 2048


def compute_similar_items(
    spark: SparkSession, shared: SharedObject[ScoringModel], demand: ItemDemand
) -> pa.Table:
    """Grain: one row per item that can be shown, or was ever wanted."""
    model = shared.value
    positions = partitions.find_positions(demand.item_ids, model.artifact.item_ids, model.item_order)
    listed_positions = np.sort(positions[(positions >= 0) & (demand.allowed | (demand.ever > 0))])
    blocks = [
        listed_positions[start : start + ITEMS_PER_TASK]
        for start in range(0, len(listed_positions), ITEMS_PER_TASK)
    ]
    lists = run_tasks(spark, lambda block: partitions.score_items(shared.value, block), blocks)
    schema = build_arrow_schema(REC_ITEM_ITEMS)
    return pa.concat_tables([schema.empty_table(), *(table.cast(schema) for table in lists)])


def compute_audience_lists(demand: ItemDemand, rows: pa.Table, model_version: str) -> pa.Table:
    """Grain: one row per audience. Counted without a model; the row names the model of the personal lists.

    Args:
        rows: of `audiences.sum_audience_tastes`.
    """
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
    return pa.Table.from_pylist(table, schema=build_arrow_schema(REC_AUDIENCE_ITEMS))


def export_fold_in_factors(artifact: ModelArtifact | None, model_version: str) -> pa.Table:
    """Grain: one row, the model's factors for fold-in; none where a model has no such factors."""
    if artifact is None or artifact.fold_in is None:
        return build_arrow_schema(REC_FOLD_IN).empty_table()
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
    return pa.Table.from_pylist([row], schema=build_arrow_schema(REC_FOLD_IN))


def compute_next_items(sessions: Sessions, demand: ItemDemand, model_version: str) -> pa.Table:
    """Grain: one row per item after which sessions went on to another. Counted without a model; the row names
    the model of the personal lists.

    Args:
        sessions: items numbered as in `demand`.
    """
    weights = weigh_next_items(sessions, demand.allowed).tocoo()
    if not weights.nnz:
        return build_arrow_schema(REC_ITEM_NEXT).empty_table()
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
    return rows.cast(build_arrow_schema(REC_ITEM_NEXT))


def export_steering(artifact: ModelArtifact | None, model_version: str) -> pa.Table:
    """Grain: one row, what live behaviour weighs; none where no weights passed their gate."""
    if artifact is None or not artifact.steering.cohorts:
        return build_arrow_schema(REC_STEERING).empty_table()
    row = {
        "model_version": model_version,
        "half_life_places": artifact.steering.half_life_places,
        "cohorts": artifact.steering.as_rows(),
    }
    return pa.Table.from_pylist([row], schema=build_arrow_schema(REC_STEERING))
