"""What tonight's lists look like in numbers: the figures that the list gate judges. Arrow tables in, numbers
out; no I/O.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from expectations.contracts import snapshot
from expectations.contracts.lake import REC_AUDIENCE_ITEMS, REC_CUSTOMER_ITEMS

N_TOP_ITEMS = 10  # what a page shows; figures over "the top" look at so many places
REGULAR_ORDERS = 3  # a customer with so many orders has shown enough for a personal list


@dataclass(frozen=True)
class ListFigures:
    """Tonight's lists, counted.

    Attributes:
        n_customers: customers who may be personalised for.
        n_lists: personal lists.
        n_lists_before: personal lists of the snapshot that readers see now; None when there is none.
        coverage: share of customers with `REGULAR_ORDERS` orders or more who have a personal list; None when
            there are none.
        short_share: share of personal lists with fewer than `N_TOP_ITEMS` items (or than the shop has, when
            it has fewer).
        n_top_items, n_top_items_before: different items in the top of all personal lists.
        churn: mean share of a customer's top that was not in it before, over customers who have a list in
            both; None: nobody.
        n_popular: items in the popular list.
        n_unshowable: places in any list with an item that is not recommendable, out of stock or unknown.
        n_malformed: places in any list that repeat an item, have no finite score, or a higher score than the
            place above.
        popular_overlap: mean share of a customer's top that is in the popular list's top. Reported, not
            judged.
    """

    n_customers: int
    n_lists: int
    n_lists_before: int | None
    coverage: float | None
    short_share: float
    n_top_items: int
    n_top_items_before: int | None
    churn: float | None
    n_popular: int
    n_unshowable: int
    n_malformed: int
    popular_overlap: float | None
    model_versions: tuple[str, ...]

    def as_dict(self) -> dict:
        return asdict(self)


def measure_lists(
    lists: Mapping[str, pa.Table],
    customers: pa.Table,
    items: pa.Table,
    previous_top_items: Mapping[str, tuple[str, ...]] | None,
) -> ListFigures:
    """Count tonight's lists.

    Args:
        lists: the `rec_*` tables by name.
        customers, items: `feat_customers`, `feat_items`.
        previous_top_items: top of each customer's list in the snapshot that readers see now; None before the
            first night.
    """
    top = extract_top_items(lists[REC_CUSTOMER_ITEMS.name], "customer_id")
    popular = {row["audience"]: row["items"] for row in lists[REC_AUDIENCE_ITEMS.name].to_pylist()}.get(
        snapshot.POPULAR
    ) or []
    showable = items.filter(pc.and_(items["is_recommendable"], items["is_in_stock"]))["item_id"]
    is_regular = pc.greater_equal(pc.fill_null(customers["n_orders"], 0), REGULAR_ORDERS)
    regulars = customers.filter(is_regular)["customer_id"].to_pylist()
    whole = min(N_TOP_ITEMS, len(showable))
    return ListFigures(
        n_customers=len(customers),
        n_lists=len(top),
        n_lists_before=None if previous_top_items is None else len(previous_top_items),
        coverage=compute_mean(bool(top.get(customer)) for customer in regulars),
        short_share=compute_mean(len(ids) < whole for ids in top.values()) or 0.0,
        n_top_items=count_different_items(top),
        n_top_items_before=None if previous_top_items is None else count_different_items(previous_top_items),
        churn=compute_mean(
            1 - compute_overlap(ids, previous_top_items[one])
            for one, ids in top.items()
            if ids and one in (previous_top_items or {})
        ),
        n_popular=len(popular),
        n_unshowable=sum(count_unshowable_positions(table, showable) for table in lists.values()),
        n_malformed=sum(count_malformed_positions(table) for table in lists.values()),
        popular_overlap=compute_mean(
            compute_overlap(ids, [item["item_id"] for item in popular[:N_TOP_ITEMS]])
            for ids in top.values()
            if ids
        ),
        model_versions=tuple(
            sorted({name for table in lists.values() for name in table["model_version"].unique().to_pylist()})
        ),
    )


def extract_top_items(table: pa.Table, key: str) -> dict[str, tuple[str, ...]]:
    """The first `N_TOP_ITEMS` item ids of each list, by its key."""
    top_items = {}
    for batch in table.select([key, "items"]).to_batches():
        first = pc.list_slice(batch.column("items"), 0, N_TOP_ITEMS)
        ids, end = pc.list_flatten(first).field("item_id").to_pylist(), 0
        for name, length in zip(
            batch.column(key).to_pylist(), pc.list_value_length(first).to_pylist(), strict=True
        ):
            start, end = end, end + (length or 0)
            top_items[name] = tuple(ids[start:end])
    return top_items


def compute_overlap(ids: Sequence[str], other: Sequence[str]) -> float:
    """The share of the item ids in `ids` that are in `other` too, 0…1."""
    return len({*ids} & {*other}) / len(ids)


def count_different_items(top: Mapping[str, Sequence[str]]) -> int:
    return len({item_id for ids in top.values() for item_id in ids})


def compute_mean(values: Iterable[float]) -> float | None:
    """The mean of the values; None where there are none."""
    numbers = [float(value) for value in values]
    return math.fsum(numbers) / len(numbers) if numbers else None


def count_unshowable_positions(table: pa.Table, showable: pa.ChunkedArray) -> int:
    """Count the places in the lists whose item may not be shown."""
    placed = _flatten_lists(table)
    if not len(placed):
        return 0
    allowed = pc.is_in(pc.struct_field(placed, "item_id"), value_set=showable.combine_chunks())
    return len(placed) - int(pc.sum(allowed).as_py() or 0)


def count_malformed_positions(table: pa.Table) -> int:
    """Count the places that repeat an item, have no finite score, or a higher score than the place above
    them.
    """
    placed = _flatten_lists(table)
    if not len(placed):
        return 0
    of_list = np.repeat(
        np.arange(len(table)), pc.fill_null(pc.list_value_length(table["items"]), 0).to_numpy()
    )
    codes = pc.dictionary_encode(pc.struct_field(placed, "item_id")).indices.to_numpy(zero_copy_only=False)
    n_repeated = len(codes) - len(np.unique(of_list.astype(np.int64) * (codes.max() + 1) + codes))
    scores = pc.struct_field(placed, "score").to_numpy(zero_copy_only=False).astype(float)  # null becomes nan
    same_list = of_list[1:] == of_list[:-1]
    n_rising = int(np.sum(same_list & (scores[1:] > scores[:-1])))
    return n_repeated + n_rising + int(np.sum(~np.isfinite(scores)))


def _flatten_lists(table: pa.Table) -> pa.Array:
    flat = pc.list_flatten(table["items"])
    return flat.combine_chunks() if isinstance(flat, pa.ChunkedArray) else flat
