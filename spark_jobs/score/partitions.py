"""Scoring in Spark's workers: a partition of customers, or of items, by the shared model; Arrow in, Arrow
out.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models import features
from models.base import BLOCK, compute_block_size
from models.blending.blend_lists import build_personal_lists, build_similar_lists
from models.blending.explain import find_reason_items
from models.listing import lists
from models.training_data import Behaviour, Customers, encode_ids
from spark_jobs.score.scoring_model import ScoringModel
from spark_jobs.score.stale_customers import shift_to_own_last_day

SIMILAR_ITEMS = 50
ITEMS_TYPE = pa.list_(
    pa.struct([("item_id", pa.string()), ("score", pa.float64()), ("sources", pa.list_(pa.string()))])
)
BECAUSE_TYPE = pa.list_(
    pa.struct([("place", pa.int32()), ("item_id", pa.string()), ("wanted_date", pa.date32())])
)
EXPLAINED_RANKS = 20  # ranks with a reason item: what a page shows, also where some items are filtered
Batches = Iterator[pa.RecordBatch]


def encode_customers(model: ScoringModel, table: pa.Table) -> Customers:
    """Rows of `customer_id`, `tokens`, `item_ids`, `days`, `kinds` in the numbering of the model."""
    artifact, n = model.artifact, table.num_rows
    items = table["item_ids"].combine_chunks()
    owner = np.repeat(np.arange(n, dtype=np.int32), np.diff(items.offsets.to_numpy()))
    item = find_positions(encode_ids(items.flatten().to_pylist()), artifact.item_ids, model.item_order)
    day, kind = (table[name].combine_chunks().flatten().to_numpy() for name in ("days", "kinds"))
    known = item >= 0
    order = np.lexsort((kind[known], day[known], item[known], owner[known]))
    behaviour = Behaviour(
        n,
        len(artifact.item_ids),
        owner[known][order],
        item[known][order],
        day[known][order].astype(np.int32),
        kind[known][order].astype(np.int8),
        model.until,
        model.has_purchases,
    )
    ids = encode_ids(table["customer_id"].to_pylist())
    return Customers(
        find_positions(ids, artifact.customer_ids),
        behaviour,
        features.encode_tokens(table["tokens"].to_pylist(), artifact.customer_vocabulary),
    )


def score_customer_partition(model: ScoringModel, batches: Batches) -> Batches:
    """Personal lists of a partition of customers; none for a customer without behaviour and attributes."""
    received = list(batches)
    rows = pa.Table.from_batches(received) if received else None
    step = count_customers_per_block(model)
    for start in range(0, rows.num_rows if rows else 0, step):
        block = rows.slice(start, step).combine_chunks()
        customers = encode_customers(model, block)
        scored = score_customers(model, customers)
        # With the days as they were: a customer who is scored as of their own last day still bought an item
        # on the day they bought it.
        items, days = find_reason_items(
            model.artifact.blend.parts, customers, scored.items[:, :EXPLAINED_RANKS]
        )
        active = np.bincount(customers.behaviour.customer, minlength=len(customers)) > 0
        is_known = active | (customers.features.getnnz(axis=1) > 0)
        for batch in encode_lists(block["customer_id"], scored, model, is_known, "customer_id"):
            is_written = is_known & (scored.items >= 0).any(axis=1)
            because = encode_reason_items(items[is_written], days[is_written], model.artifact.item_ids)
            yield batch.append_column("because", because)


def count_customers_per_block(model: ScoringModel) -> int:
    """How many customers are scored at once: more where a model of factors alone makes no matrix of scores.

    Their lists do not depend on it.
    """
    return 4 * BLOCK if model.factors else compute_block_size(len(model.artifact.item_ids))


def score_customers(model: ScoringModel, customers: Customers) -> lists.RecommendationLists:
    """The lists of a block of customers, by factors where the model has them; what they ever bought is left
    out.
    """
    blend, ever = model.artifact.blend, customers
    if model.since is not None:
        customers = replace(customers, behaviour=customers.behaviour.since(model.since))
    if model.order_is_time_invariant:
        customers = replace(customers, behaviour=shift_to_own_last_day(customers.behaviour))
    if model.factors:
        return model.factors.lists(blend.parts[0].vectors(customers), ever, model.consumable)
    return build_personal_lists(blend, customers, model.allowed, model.consumable, ever=ever.behaviour)


def encode_reason_items(items: np.ndarray, days: np.ndarray, item_ids: np.ndarray) -> pa.Array:
    """Reason items by rank, of `evidence`, as an Arrow array of `because`; ranks without one are left out."""
    is_filled = items >= 0
    ids = [name.decode() for name in item_ids[items[is_filled]]]
    places_held = np.nonzero(is_filled)[1].astype(np.int32)
    struct = pa.StructArray.from_arrays(
        [
            pa.array(places_held),
            pa.array(ids, pa.string()),
            pa.array(days[is_filled].astype(np.int32)).cast(pa.date32()),
        ],
        fields=list(BECAUSE_TYPE.value_type),
    )
    return pa.ListArray.from_arrays(
        pa.array(np.concatenate([[0], np.cumsum(is_filled.sum(axis=1))]).astype(np.int32)), struct
    )


def score_customers_with_inputs(model: ScoringModel, rows: pa.Table) -> Batches:
    """`score_customer_partition`, each list beside the hash of its `inputs`."""
    for batch in score_customer_partition(model, iter(rows.drop_columns(["inputs"]).to_batches())):
        at = pc.index_in(batch["customer_id"], value_set=rows["customer_id"].combine_chunks())
        yield batch.append_column("inputs", rows["inputs"].combine_chunks().take(at))


def score_items(model: ScoringModel, positions: np.ndarray) -> pa.Table:
    """Lists of similar items for the items at these positions."""
    step, batches = compute_block_size(len(model.artifact.item_ids)), []
    for start in range(0, len(positions), step):
        block = positions[start : start + step].astype(np.int64)
        similar = build_similar_lists(model.artifact.blend, block, model.allowed, SIMILAR_ITEMS)
        if similar is not None:
            ids = pa.array([item.decode() for item in model.artifact.item_ids[block]], pa.string())
            batches += encode_lists(ids, similar, model, np.ones(len(block), bool), "item_id")
    schema = pa.schema([("item_id", pa.string()), ("items", ITEMS_TYPE), ("model_version", pa.string())])
    return pa.Table.from_batches(batches, schema=schema)


def encode_lists(
    ids: pa.Array, scored: lists.RecommendationLists, model: ScoringModel, is_written: np.ndarray, key: str
) -> Batches:
    """Lists as rows of their table; empty lists are left out.

    Args:
        is_written: bool [lists], those to be written.
        key: name of the column of `ids`.
    """
    is_written = is_written & (scored.items >= 0).any(axis=1)
    is_filled = (scored.items >= 0) & is_written[:, None]
    items = encode_items(
        model.artifact.item_ids[scored.items[is_filled]],
        scored.scores[is_filled],
        scored.sources[is_filled],
        scored.names,
        is_filled.sum(axis=1)[is_written],
    )
    ids = (ids.combine_chunks() if isinstance(ids, pa.ChunkedArray) else ids).filter(pa.array(is_written))
    versions = pa.array([model.model_version] * len(ids), pa.string())
    yield pa.RecordBatch.from_arrays([ids, items, versions], names=[key, "items", "model_version"])


def encode_items(
    ids: np.ndarray, scores: np.ndarray, masks: np.ndarray, names: tuple[str, ...], lengths: np.ndarray
) -> pa.Array:
    """Lists of items, laid end to end, as an Arrow array of `items`.

    Args:
        masks: int [items], the parts that proposed each, as bits in the order of `names`.
        lengths: int [lists].
    """
    masks_held, which = np.unique(masks, return_inverse=True)
    groups = pa.array(
        [lists.decode_source_names(int(mask), names) for mask in masks_held], pa.list_(pa.string())
    )
    struct = pa.StructArray.from_arrays(
        [
            pa.array([item.decode() for item in ids], pa.string()),
            pa.array(scores, pa.float64()),
            groups.take(pa.array(which)),
        ],
        fields=list(ITEMS_TYPE.value_type),
    )
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), struct)


def find_positions(ids: np.ndarray, known_ids: np.ndarray, order: np.ndarray | None = None) -> np.ndarray:
    """Position of each id among the known ids, int32; -1 where it is not one of them.

    Args:
        order: int, sorts `known_ids`; None where it is sorted.
    """
    if not len(ids) or not len(known_ids):
        return np.full(len(ids), -1, np.int32)
    at = np.minimum(np.searchsorted(known_ids, ids, sorter=order), len(known_ids) - 1)
    at = at if order is None else order[at]
    return np.where(known_ids[at] == ids, at, -1).astype(np.int32)
