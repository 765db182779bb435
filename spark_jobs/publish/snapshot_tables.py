"""The lake's tables that a snapshot is made of, read without Spark.

Consent at publishing is this one filter, `SnapshotTables.customers`: who is not in `feat_customers`, or is
held back because the merge that made them waits for a decision, has no list, no slice and no identifier in
the snapshot, and is answered as a stranger.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

from expectations.contracts import snapshot
from expectations.contracts.lake import (
    CORE_IDENTIFIERS,
    CORE_IDENTITIES,
    CORE_IDENTITY_CHANGES,
    CORE_IDENTITY_DECISIONS,
    CORE_IDENTITY_LINKS,
    CORE_IDENTITY_REVIEWS,
    CORE_ITEMS,
    FCT_INTERACTIONS,
    FEAT_CUSTOMER_TRAITS,
    FEAT_CUSTOMERS,
    FEAT_ITEMS,
    FEAT_LIVE_SEGMENTS,
    FEAT_SEGMENT_STATES,
    REC_AUDIENCE_ITEMS,
    REC_CUSTOMER_ITEMS,
    REC_FOLD_IN,
    REC_ITEM_ITEMS,
    REC_ITEM_NEXT,
    REC_STEERING,
)
from spark_jobs.lake.arrow_types import build_arrow_schema
from spark_jobs.lake.tables import Lake
from spark_jobs.publish import identity_records

REQUIRED_TABLES = (
    REC_CUSTOMER_ITEMS,
    REC_ITEM_ITEMS,
    REC_AUDIENCE_ITEMS,
    FEAT_CUSTOMERS,
    FEAT_ITEMS,
    CORE_ITEMS,
    CORE_IDENTIFIERS,
    CORE_IDENTITIES,
    CORE_IDENTITY_CHANGES,
)
# a snapshot without them serves, and explains nothing
OPERATOR_TABLES = (
    CORE_IDENTITY_LINKS,
    CORE_IDENTITY_REVIEWS,
    CORE_IDENTITY_DECISIONS,
)
# a home of before has none until its next night; of `fct_interactions` a snapshot has what was bought
OPTIONAL_TABLES = (
    REC_FOLD_IN,
    REC_ITEM_NEXT,
    REC_STEERING,
    FCT_INTERACTIONS,
    FEAT_CUSTOMER_TRAITS,
    FEAT_LIVE_SEGMENTS,
    FEAT_SEGMENT_STATES,
)


class NothingToPublish(RuntimeError):  # noqa: N818 - reads as what it says
    """A table that a snapshot cannot do without was never written."""


@dataclass(frozen=True)
class SnapshotTables:
    """The lake's tables of one night, each read once.

    Raises:
        NothingToPublish: a table of `REQUIRED_TABLES` does not exist.
    """

    lake: Lake

    def __post_init__(self) -> None:
        missing = [table.name for table in REQUIRED_TABLES if not self.lake.exists(table)]
        if missing:
            raise NothingToPublish(
                f"the lake has no {', '.join(missing)}; `export` and `score` write them before `publish`"
            )

    @cached_property
    def customers(self) -> pa.Table:
        """`feat_customers` but for those held back: everyone who may be personalised for."""
        return remove_held_back(self.lake.read_arrow(FEAT_CUSTOMERS), self.reviews)

    @cached_property
    def traits(self) -> pa.Table:
        """`feat_customer_traits` of `customers`; empty in a home of before there was any."""
        table = FEAT_CUSTOMER_TRAITS
        if not self.lake.exists(table):
            return build_arrow_schema(table).empty_table()
        rows = self.lake.read_arrow(table)
        return rows.filter(pc.is_in(rows["customer_id"], self.customers["customer_id"].combine_chunks()))

    @cached_property
    def reviews(self) -> list[snapshot.Review]:
        """The review queue, most urgent first."""
        return identity_records.read_reviews(self.lake)

    @cached_property
    def items(self) -> pa.Table:
        """`feat_items`."""
        return self.lake.read_arrow(FEAT_ITEMS)

    @cached_property
    def lists(self) -> dict[str, pa.Table]:
        """Each `rec_*` table by name, personal lists of others than `customers` left out."""
        tables = {
            table.name: self.lake.read_arrow(table)
            for table in (REC_CUSTOMER_ITEMS, REC_ITEM_ITEMS, REC_AUDIENCE_ITEMS)
        }
        personal = tables[REC_CUSTOMER_ITEMS.name]
        allowed = pc.is_in(personal["customer_id"], value_set=self.customers["customer_id"].combine_chunks())
        return {**tables, REC_CUSTOMER_ITEMS.name: personal.filter(allowed)}

    @cached_property
    def next_items(self) -> pa.Table:
        """`rec_item_next_v1`; empty in a home of before there was any."""
        table = REC_ITEM_NEXT
        return (
            self.lake.read_arrow(table)
            if self.lake.exists(table)
            else build_arrow_schema(table).empty_table()
        )

    @cached_property
    def identities(self) -> pa.Table:
        """`core_identities` of those who may be personalised for."""
        everyone = self.lake.read_arrow(CORE_IDENTITIES)
        return everyone.filter(
            pc.is_in(everyone["customer_id"], value_set=self.customers["customer_id"].combine_chunks())
        )


def remove_held_back(customers: pa.Table, reviews: Iterable[snapshot.Review]) -> pa.Table:
    """The rows of customers whom no review holds back."""
    ids = pa.array([one.customer_id for one in reviews if one.is_held_back], pa.string())
    return customers.filter(pc.invert(pc.is_in(customers["customer_id"], value_set=ids)))
