"""Derives what changed in the catalogue, field by field, from its full exports."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from expectations.contracts.lake import CORE_ITEMS

TRACKED_FIELDS = (
    "title",
    "category_path",
    "brand",
    "price",
    "currency",
    "n_stock",
    "is_in_stock",
    "is_consumable",
    "is_recommendable",
    "attributes",
    "image_url",
    "ended_on",
)


def derive_item_changes(records: DataFrame, previous: DataFrame | None) -> DataFrame:
    """Grain: one row per change of one field of an item, in the columns of `core_item_changes`.

    Args:
        records: accepted records of snapshots, in the columns of `core_items`, `first_received`,
            `_updated_date`, the shop's day of `updated_at`, and `_landed_at`, when the landing day began.
        previous: the items as they were before all of these; None when there was nothing before.
    """
    every = records.select(*CORE_ITEMS.columns, "first_received", "_updated_date", "_landed_at")
    if previous is not None:
        every = every.unionByName(previous.withColumn("first_received", F.lit("")), allowMissingColumns=True)
    field_value = F.array(
        *[
            F.struct(F.lit(name).alias("field"), build_comparable_text(name).alias("value"))
            for name in TRACKED_FIELDS
        ]
    )
    # An item that comes back has often not changed since before it ended; its return was when the file landed
    # that names it.
    had_ended = F.lag("ended_on").over(Window.partitionBy("item_id").orderBy("first_received")).isNotNull()
    is_return = had_ended & (F.col("_landed_at") > F.col("updated_at"))
    landed_on = F.to_date(F.substring("first_received", 1, 10))
    changed_at = F.when(is_return, F.col("_landed_at")).otherwise(F.col("updated_at"))
    changed_date = F.when(is_return, landed_on).otherwise(F.col("_updated_date"))
    values = every.select(
        "item_id",
        changed_at.alias("changed_at"),
        changed_date.alias("changed_date"),
        "first_received",
        field_value.alias("every"),
    ).select("*", F.explode("every").alias("field_value"))
    in_order = Window.partitionBy("item_id", "field_value.field").orderBy("first_received")
    changes = values.withColumn("old_value", F.lag("field_value.value").over(in_order)).where(
        "first_received <> '' and not (old_value <=> field_value.value)"
    )
    # A source that changes a field twice under one time leaves the later change.
    last = Window.partitionBy("item_id", "changed_at", "field_value.field").orderBy(F.desc("first_received"))
    return (
        changes.withColumn("_from_last", F.row_number().over(last))
        .where("_from_last = 1")
        .select(
            "item_id",
            "changed_at",
            "changed_date",
            F.col("field_value.field").alias("field"),
            "old_value",
            F.col("field_value.value").alias("new_value"),
        )
    )


def build_comparable_text(name: str) -> Column:
    """A field's value as text that is equal for equal values: maps sorted by key, lists as JSON."""
    kind = CORE_ITEMS.columns[name]
    if kind.startswith("map<"):
        return F.to_json(F.map_from_entries(F.array_sort(F.map_entries(name))))
    return F.to_json(name) if kind.startswith("array<") else F.col(name).cast("string")
