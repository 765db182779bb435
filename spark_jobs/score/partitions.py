"""Scoring inside Spark's workers: a partition of customers, or of items, against the broadcast model; Arrow
in, Arrow out.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models import features
from models.artifact import Artifact
from models.base import BLOCK, Behaviour, Customers, id_array, rows_at_once
from models.listing import lists
from models.listing.explain import evidence
from models.listing.factor_lists import ByFactors
from models.listing.retrieval import Index
from spark_jobs.score.stale_customers import shift_to_own_last_day

SIMILAR_ITEMS = 50
ITEMS_TYPE = pa.list_(
    pa.struct([("item_id", pa.string()), ("score", pa.float64()), ("sources", pa.list_(pa.string()))])
)
BECAUSE_TYPE = pa.list_(
    pa.struct([("place", pa.int32()), ("item_id", pa.string()), ("wanted_date", pa.date32())])
)
EXPLAINED_RANKS = 20  # places with evidence: what a page shows, and what it shows where some are filtered
Batches = Iterator[pa.RecordBatch]


@dataclass(frozen=True)
class ScoringModel:
    """What every worker is sent.

    Attributes:
        artifact: the accepted model.
        allowed: bool [items of the model]: recommendable and in stock now.
        consumable: bool [items of the model].
        until: the day after the newest behaviour.
        has_purchases: whether the shop knows of purchases at all.
        model_version: written beside every list.
        inputs: the fingerprint of all this, as far as lists depend on it.
        since: the first day that training looks at, so scoring reads taste from there on too; None for all
            days.
        index: finds nearly the best where the catalogue is too large to compare with all of it.
    """

    artifact: Artifact
    allowed: np.ndarray
    consumable: np.ndarray
    until: int
    has_purchases: bool
    model_version: str
    inputs: str = ""
    index: Index | None = None
    since: int | None = None

    @cached_property
    def item_order(self) -> np.ndarray:
        """int [items]: what sorts the model's items, which are numbered in an order of their own. Made once
        in each worker.
        """
        return np.argsort(self.artifact.item_ids, kind="stable")

    @cached_property
    def factors(self) -> ByFactors | None:
        """The model's one part where that is all there is, and scores by products. Made once in
        each worker.
        """
        parts = getattr(self.artifact.blend, "parts", [])
        if len(parts) != 1 or not hasattr(parts[0], "item_vectors"):
            return None
        return ByFactors.of(parts[0], self.allowed, self.index)

    @property
    def fades_evenly(self) -> bool:
        """Whether a customer's list is the same whenever they are scored."""
        return bool(getattr(self.artifact.blend, "fades_evenly", False))


def encode_customers(scoring: ScoringModel, table: pa.Table) -> Customers:
    """A block of rows (`customer_id`, `tokens`, `item_ids`, `days`, `kinds`) in the model's own numbering."""
    model, n = scoring.artifact, table.num_rows
    items = table["item_ids"].combine_chunks()
    owner = np.repeat(np.arange(n, dtype=np.int32), np.diff(items.offsets.to_numpy()))
    item = find_positions(id_array(items.flatten().to_pylist()), model.item_ids, scoring.item_order)
    day, kind = (table[name].combine_chunks().flatten().to_numpy() for name in ("days", "kinds"))
    known = item >= 0
    order = np.lexsort((kind[known], day[known], item[known], owner[known]))
    behaviour = Behaviour(
        n,
        len(model.item_ids),
        owner[known][order],
        item[known][order],
        day[known][order].astype(np.int32),
        kind[known][order].astype(np.int8),
        scoring.until,
        scoring.has_purchases,
    )
    ids = id_array(table["customer_id"].to_pylist())
    return Customers(
        find_positions(ids, model.customer_ids),
        behaviour,
        features.encode(table["tokens"].to_pylist(), model.customer_vocabulary),
    )


def score_customer_partition(scoring: ScoringModel) -> Callable[[Batches], Batches]:
    """Lists of a partition of customers; nobody is listed of whom neither behaviour nor an attribute is
    known.
    """

    def work(batches: Batches) -> Batches:
        held = list(batches)
        rows = pa.Table.from_batches(held) if held else None
        step = customers_per_block(scoring)
        for start in range(0, rows.num_rows if rows else 0, step):
            block = rows.slice(start, step).combine_chunks()
            customers = encode_customers(scoring, block)
            found = score_customers(scoring, customers)
            # The days as they were: what is scored as of somebody's own last day was still bought when it was
            # bought.
            because = evidence(scoring.artifact.blend.parts, customers, found.items[:, :EXPLAINED_RANKS])
            active = np.bincount(customers.behaviour.customer, minlength=len(customers)) > 0
            placed = active | (customers.features.getnnz(axis=1) > 0)
            for batch in encode_lists(block["customer_id"], found, scoring, placed, "customer_id"):
                kept = placed & (found.items >= 0).any(axis=1)
                yield batch.append_column(
                    "because",
                    encode_reason_items(because[0][kept], because[1][kept], scoring.artifact.item_ids),
                )

    return work


def customers_per_block(scoring: ScoringModel) -> int:
    """How many customers are scored at once; their lists do not depend on it. Factors alone make no matrix of
    scores.
    """
    return 4 * BLOCK if scoring.factors else rows_at_once(len(scoring.artifact.item_ids))


def score_customers(scoring: ScoringModel, customers: Customers) -> lists.Lists:
    """A block's lists, by whichever way the model allows; what was bought is left out however long ago that
    was.
    """
    blend, ever = scoring.artifact.blend, customers
    if scoring.since is not None:
        customers = replace(customers, behaviour=customers.behaviour.since(scoring.since))
    if scoring.fades_evenly:
        customers = replace(customers, behaviour=shift_to_own_last_day(customers.behaviour))
    if scoring.factors:
        return scoring.factors.lists(blend.parts[0].vectors(customers), ever, scoring.consumable)
    return lists.personal(blend, customers, scoring.allowed, scoring.consumable, ever=ever.behaviour)


def encode_reason_items(item: np.ndarray, day: np.ndarray, item_ids: np.ndarray) -> pa.Array:
    """Evidence of `evidence` as an Arrow array of `because`; places where nothing speaks are left out."""
    held = item >= 0
    ids = [name.decode() for name in item_ids[item[held]]]
    places_held = np.nonzero(held)[1].astype(np.int32)
    struct = pa.StructArray.from_arrays(
        [
            pa.array(places_held),
            pa.array(ids, pa.string()),
            pa.array(day[held].astype(np.int32)).cast(pa.date32()),
        ],
        fields=list(BECAUSE_TYPE.value_type),
    )
    return pa.ListArray.from_arrays(
        pa.array(np.concatenate([[0], np.cumsum(held.sum(axis=1))]).astype(np.int32)), struct
    )


def score_customers_with_inputs(scoring: ScoringModel, rows: pa.Table) -> Batches:
    """`score_customer_partition`, each list beside the `inputs` it was made of."""
    for batch in score_customer_partition(scoring)(iter(rows.drop_columns(["inputs"]).to_batches())):
        at = pc.index_in(batch["customer_id"], value_set=rows["customer_id"].combine_chunks())
        yield batch.append_column("inputs", rows["inputs"].combine_chunks().take(at))


def score_item_partition(scoring: ScoringModel) -> Callable[[Batches], Batches]:
    """Lists of a partition of item positions (`item`)."""

    def work(batches: Batches) -> Batches:
        for batch in batches:
            positions = batch["item"].to_numpy(zero_copy_only=False).astype(np.int64)
            step = rows_at_once(len(scoring.artifact.item_ids))
            for start in range(0, len(positions), step):
                block = positions[start : start + step]
                found = lists.similar(scoring.artifact.blend, block, scoring.allowed, SIMILAR_ITEMS)
                if found is not None:
                    ids = pa.array([item.decode() for item in scoring.artifact.item_ids[block]], pa.string())
                    yield from encode_lists(ids, found, scoring, np.ones(len(block), bool), "item_id")

    return work


def encode_lists(
    ids: pa.Array, found: lists.Lists, scoring: ScoringModel, kept: np.ndarray, key: str
) -> Batches:
    """The lists as rows of their table; empty lists are left out."""
    kept = kept & (found.items >= 0).any(axis=1)
    held = (found.items >= 0) & kept[:, None]
    items = encode_items(
        scoring.artifact.item_ids[found.items[held]],
        found.scores[held],
        found.sources[held],
        found.names,
        held.sum(axis=1)[kept],
    )
    ids = (ids.combine_chunks() if isinstance(ids, pa.ChunkedArray) else ids).filter(pa.array(kept))
    versions = pa.array([scoring.model_version] * len(ids), pa.string())
    yield pa.RecordBatch.from_arrays([ids, items, versions], names=[key, "items", "model_version"])


def encode_items(
    ids: np.ndarray, scores: np.ndarray, masks: np.ndarray, names: tuple[str, ...], lengths: np.ndarray
) -> pa.Array:
    """Lists of items end to end, cut by their lengths, as an Arrow array of `items`."""
    masks_held, which = np.unique(masks, return_inverse=True)
    groups = pa.array([lists.source_names(int(mask), names) for mask in masks_held], pa.list_(pa.string()))
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


def find_positions(ids: np.ndarray, known: np.ndarray, order: np.ndarray | None = None) -> np.ndarray:
    """Position of each id among the known ones, int32; -1 where it is not one of them.

    Args:
        order: int, what sorts `known`; None where it is sorted.
    """
    if not len(ids) or not len(known):
        return np.full(len(ids), -1, np.int32)
    at = np.minimum(np.searchsorted(known, ids, sorter=order), len(known) - 1)
    at = at if order is None else order[at]
    return np.where(known[at] == ids, at, -1).astype(np.int32)
