"""What a snapshot holds: the lake's tables encoded as keys and values of the snapshot contract.

The lake and not the warehouse is read, so publishing is the same for DuckDB and Snowflake: `export` has
brought the `feat_*` tables here from either. Why two identifiers are one customer's is kept of everybody, for
operators (`identity_records.py`).
"""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from expectations.contracts import snapshot
from expectations.contracts.census import CENSUS, Census, fold_categories
from expectations.contracts.identifiers import derive_customer_id as id_of_founder
from expectations.contracts.item_rules import (
    BY_DEFAULT,
    ItemRuleNames,
    read_item_rules,
    select_published_attributes,
)
from expectations.contracts.lake import (
    CORE_IDENTIFIERS,
    CORE_IDENTITIES,
    CORE_IDENTITY_CHANGES,
    CORE_ITEMS,
    REC_AUDIENCE_ITEMS,
    REC_CUSTOMER_ITEMS,
    REC_ITEM_ITEMS,
    REC_ITEM_NEXT,
)
from expectations.contracts.tables import Table
from spark_jobs.publish import identity_records
from spark_jobs.publish.bought_items import encode_bought_items
from spark_jobs.publish.live_records import encode_fold_in, encode_steering
from spark_jobs.publish.repurchase import read_repurchase_days
from spark_jobs.publish.segment_records import encode_live_segments
from spark_jobs.publish.snapshot_tables import SnapshotTables

# of `core_items`: what `feat_items` leaves out
SHOP_COLUMNS = ("item_id", "currency", "image_url", "attributes", "n_stock", "ended_on", "updated_at")
SEPARATOR = "\x1f"  # in no recommender's name
Pairs = Iterator[tuple[bytes, bytes]]


def encode_snapshot(
    sources: SnapshotTables, meta: snapshot.SnapshotMeta, rule_names: ItemRuleNames = BY_DEFAULT
) -> Pairs:
    """Everything a snapshot holds.

    Args:
        rule_names: which attributes of the catalogue hold an item's rules.
    """
    yield snapshot.META, snapshot.pack_record(meta)
    catalogue = snapshot.ListVocabulary(sorted(sources.items["item_id"].to_pylist()))
    yield from encode_lists(
        sources.lists[REC_CUSTOMER_ITEMS.name], REC_CUSTOMER_ITEMS, snapshot.get_customer_list_key, catalogue
    )
    yield from encode_lists(
        sources.lists[REC_ITEM_ITEMS.name], REC_ITEM_ITEMS, snapshot.get_similar_list_key, catalogue
    )
    yield from encode_lists(
        sources.lists[REC_AUDIENCE_ITEMS.name], REC_AUDIENCE_ITEMS, snapshot.get_audience_list_key, catalogue
    )
    yield from encode_lists(sources.next_items, REC_ITEM_NEXT, snapshot.get_next_list_key, catalogue)
    yield snapshot.CATALOGUE, catalogue.as_bytes()  # when it knows all that the lists hold
    landing_date = date.fromisoformat(meta.landing_date)
    repurchase_days = read_repurchase_days(sources, rule_names, landing_date)
    yield from encode_items(sources, rule_names, repurchase_days)
    yield from encode_bought_items(sources, catalogue, repurchase_days, landing_date)
    yield from encode_customers(sources)
    yield from encode_traits(sources)
    yield from encode_identities(sources)
    yield from encode_identity_links(sources)
    yield from encode_fold_in(sources, meta)
    yield from encode_steering(sources, meta)
    yield from encode_census(sources)
    yield from encode_live_segments(sources)


def encode_lists(
    rows: pa.Table, table: Table, key: Callable[[str], bytes], catalogue: snapshot.ListVocabulary
) -> Pairs:
    """One packed list a row of a `rec_*` table.

    Column by column and in batches: 100,000 lists of 100 would be 10 million Python dicts, which cost a
    minute.
    """
    columns = [table.key[0], "items", *(["because"] if "because" in table.columns else [])]
    for batch in rows.select(columns).to_batches(max_chunksize=2000):
        lists = batch.column("items")
        flat = pc.list_flatten(lists)
        ids, scores = flat.field("item_id").to_pylist(), flat.field("score").to_pylist()
        joined = pc.fill_null(pc.binary_join(flat.field("sources"), SEPARATOR), "").dictionary_encode()
        groups = [tuple(one.split(SEPARATOR)) if one else () for one in joined.dictionary.to_pylist()]
        of_item = [groups[number] for number in joined.indices.to_pylist()]
        because, end = read_reason_items(batch), 0
        lengths = pc.list_value_length(lists).to_pylist()
        for name, length, speaks in zip(
            batch.column(table.key[0]).to_pylist(), lengths, because, strict=True
        ):
            start, end = end, end + (length or 0)
            own = slice(start, end)
            yield key(name), catalogue.pack(ids[own], scores[own], of_item[own], speaks)


def read_reason_items(batch: pa.RecordBatch) -> list[list[tuple[int, str, str]]]:
    """Of every list: place, item and day of what speaks for an item; nothing where the table keeps none."""
    if "because" not in batch.schema.names:
        return [[]] * batch.num_rows
    flat = pc.list_flatten(batch.column("because"))
    days = flat.field("wanted_date").cast(pa.string()).to_pylist()
    rows = list(zip(flat.field("place").to_pylist(), flat.field("item_id").to_pylist(), days, strict=True))
    ends = np.cumsum(
        [length or 0 for length in pc.list_value_length(batch.column("because")).to_pylist()], dtype=int
    ).tolist()
    return [rows[start:end] for start, end in pairwise([0, *ends])]


def encode_items(
    sources: SnapshotTables, rule_names: ItemRuleNames, repurchase_days: Mapping[str, float]
) -> Pairs:
    """Facts of every item; what the recommenders do not read stands in `core_items` alone."""
    shop = {row["item_id"]: row for row in sources.lake.read_arrow(CORE_ITEMS, SHOP_COLUMNS).to_pylist()}
    for row in sources.items.to_pylist():
        item_id = row["item_id"]
        facts = build_item_facts({**shop.get(item_id, {}), **row}, rule_names, repurchase_days.get(item_id))
        yield snapshot.get_item_key(item_id), snapshot.pack_record(facts)


def build_item_facts(
    row: Mapping[str, Any], rule_names: ItemRuleNames, repurchase_days: float | None
) -> snapshot.ItemFacts:
    """An item's facts, of its row of `feat_items` and the `SHOP_COLUMNS` of its row of `core_items`.

    Args:
        repurchase_days: until a consumable is wanted again; None: not known, or no consumable.
    """
    attributes = dict(row.get("attributes") or ())
    rules = read_item_rules(attributes, rule_names)
    return snapshot.ItemFacts(
        title=row["title"],
        category=row["category"],
        brand=row["brand"],
        price=None if row["price"] is None else float(row["price"]),
        currency=row.get("currency"),
        image_url=row.get("image_url"),
        is_recommendable=row["is_recommendable"],
        is_in_stock=row["is_in_stock"],
        category_path=tuple(row["category_path"] or ()),
        attributes=select_published_attributes(attributes),
        is_consumable=row["is_consumable"],
        repurchase_days=repurchase_days,
        n_stock=row.get("n_stock"),
        ended_on=_format_iso(row.get("ended_on")),
        updated_at=_format_iso(row.get("updated_at")),
        first_seen_at=_format_iso(row.get("first_seen_at")),
        min_age=rules.min_age,
        allowed_countries=rules.allowed_countries,
        blocked_countries=rules.blocked_countries,
    )


def _format_iso(value: date | None) -> str | None:
    """A date, or a time in UTC, as ISO text."""
    return (value.astimezone(UTC) if isinstance(value, datetime) else value).isoformat() if value else None


def encode_customers(sources: SnapshotTables) -> Pairs:
    """The slice of each customer who may be personalised for. Known is who has an identifier beyond a
    browser's cookie.
    """
    kinds = sources.lake.read_arrow(CORE_IDENTIFIERS, ["identifier_id", "kind"])
    cookies = kinds.filter(pc.equal(kinds["kind"], "anonymous_id"))["identifier_id"].combine_chunks()
    founders = sources.identities.filter(
        pc.invert(pc.is_in(sources.identities["identifier_id"], value_set=cookies))
    )
    known = set(founders["customer_id"].to_pylist())
    for row in sources.customers.to_pylist():
        last = row["last_order_at"]
        slice_ = snapshot.CustomerSlice(
            country=row["country"],
            segment_ids=tuple(row["segment_ids"] or ()),
            rfm_segment=row["rfm_segment"],
            n_orders=row["n_orders"] or 0,
            last_order_at=last and last.strftime("%Y-%m-%dT%H:%M:%SZ"),
            is_known=row["customer_id"] in known,
        )
        yield snapshot.get_customer_key(row["customer_id"]), snapshot.pack_record(slice_)


def encode_traits(sources: SnapshotTables) -> Pairs:
    """The known traits of each customer of whom one is known."""
    for row in sources.traits.to_pylist():
        # What SQL made of a division by 0 is unknown: JSON has no word for it.
        traits = json.loads(row["traits"], parse_constant=lambda _: None)
        known = {name: value for name, value in traits.items() if value is not None}
        if known:
            yield snapshot.get_traits_key(row["customer_id"]), json.dumps(known, ensure_ascii=False).encode()


def encode_census(sources: SnapshotTables) -> Pairs:
    """How many items and customers the categories and segments have."""
    items = sources.items.select(["category", "category_path"]).to_pylist()
    customers = sources.customers.select(["segment_ids", "rfm_segment"]).to_pylist()
    counted = Census.count(
        (fold_categories(row["category"], tuple(row["category_path"] or ())) for row in items),
        ({*(row["segment_ids"] or ()), row["rfm_segment"]} - {None} for row in customers),
    )
    yield CENSUS, counted.as_bytes()


def encode_identities(sources: SnapshotTables) -> Pairs:
    """Each identifier's customer, and each customer id ever issued that is another's now.

    An id belongs to the identifier it was hashed from, so where that identifier is now is where the id
    resolves.
    """
    issued = set(
        pc.unique(sources.lake.read_arrow(CORE_IDENTITY_CHANGES, ["customer_id"])["customer_id"]).to_pylist()
    )
    for row in sources.identities.to_pylist():
        now = row["customer_id"]
        yield snapshot.get_identifier_key(row["identifier_id"]), now.encode()
        old = id_of_founder(row["identifier_id"])
        if old != now and old in issued:
            yield snapshot.get_former_customer_key(old), now.encode()


def encode_identity_links(sources: SnapshotTables) -> Pairs:
    """Every identifier's links, a blocked one's too, and the queue; nothing where `identify` did not say
    which are followed.
    """
    known = identity_records.read_links(sources.lake)
    if known is None:
        return
    kinds = sources.lake.read_arrow(CORE_IDENTIFIERS, ["identifier_id", "kind"])
    everyone = identity_records.join_identifiers_with_customers(
        kinds, sources.lake.read_arrow(CORE_IDENTITIES)
    )
    for identifier_id, linked in identity_records.group_links_by_identifier(everyone, known):
        yield snapshot.get_identifier_links_key(identifier_id), snapshot.pack_links(linked)
    yield snapshot.REVIEWS, snapshot.pack_reviews(sources.reviews)
    yield (
        snapshot.DECISIONS,
        snapshot.pack_decisions(identity_records.read_applied_decision_ids(sources.lake)),
    )
