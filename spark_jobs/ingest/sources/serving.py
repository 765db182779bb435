"""The service's own logs: each list it served becomes a row of `core_impressions`.

Times are UTC, days the shop's.
"""

from functools import partial

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from expectations.contracts.lake import CORE_IMPRESSIONS, SERVED_ITEM
from expectations.suites.suite import CUSTOMER_ID
from spark_jobs.ingest.column_limits import make_limit_rules
from spark_jobs.ingest.formats import read_json_records
from spark_jobs.ingest.json_types import find_wrong_kind
from spark_jobs.ingest.parse_values import is_implausible_time, parse_timestamp, shop_date, trim_to_null
from spark_jobs.ingest.reject_reasons import add_refusal_reasons
from spark_jobs.sources.declaration import Feed, IdField, ServiceLog, Source, SourceContext

ITEMS, OVERRIDES = f"array<{SERVED_ITEM}>", "array<string>"
COLUMNS = tuple(name for name in CORE_IMPRESSIONS.columns if name not in ("served_date", "first_received"))


def transform_impressions(received: DataFrame, context: SourceContext) -> DataFrame:
    """Adds the columns of `core_impressions`. Grain stays: one row per record."""
    kinds = (
        find_wrong_kind(F.col("raw.items"), ITEMS, "items"),
        find_wrong_kind(F.col("raw.applied_overrides"), OVERRIDES, "applied_overrides"),
    )
    typed = received.withColumn("_wrong_kind", F.coalesce(*kinds))
    for name in COLUMNS:
        typed = typed.withColumn(name, F.col(f"raw.{name}"))
    typed = (
        typed.withColumn("served_at", parse_timestamp(F.col("served_at"), "UTC"))
        .withColumn("served_date", shop_date(F.col("served_at"), context.time_zone))
        .withColumn("items", F.from_json("items", ITEMS))
        .withColumn("applied_overrides", F.from_json("applied_overrides", OVERRIDES))
        .withColumn("propensity", F.col("propensity").try_cast("double"))
    )
    impossible = is_implausible_time(F.col("served_at"), F.col("landing_date"), context.time_zone)
    return add_refusal_reasons(
        typed,
        ("missing_field", "request_id", trim_to_null(F.col("request_id")).isNull()),
        ("missing_field", "list_source", trim_to_null(F.col("list_source")).isNull()),
        ("bad_time", "served_at", F.col("served_at").isNull() | impossible),
        ("wrong_kind", F.col("_wrong_kind"), F.col("_wrong_kind").isNotNull()),
        ("bad_value", "items", F.col("items").isNull()),
        ("bad_value", "customer_id", ~F.col("customer_id").rlike(CUSTOMER_ID)),
        ("bad_value", "items", ~F.coalesce(is_valid_list(F.col("items")), F.lit(False))),
        *make_limit_rules(CORE_IMPRESSIONS, typed.columns),
        ("bad_number", "propensity", F.col("propensity").isNull() & F.col("raw.propensity").isNotNull()),
    )


def is_valid_list(items: Column) -> Column:
    """Whether a list names each item once and ranks them from one; null where a rank or an item is null."""
    ids_differ = F.size(F.array_distinct(items.item_id)) == F.size(items)
    counted = F.forall(
        F.transform(items, lambda item, place: item["rank"] == place + 1), lambda is_next: is_next
    )
    return ids_differ & counted & ~F.exists(items, lambda item: item.item_id.isNull())


SOURCE = Source(
    name="serving",
    time_zone=None,
    catalogue=None,
    origin=ServiceLog("impressions", folder="decision_log", time_field="served_at"),
    feeds=(
        Feed(
            entity="impressions",
            file_pattern="*.jsonl",
            columns=COLUMNS,
            read_records=partial(
                read_json_records, columns=COLUMNS, id_columns=("request_id", "customer_id")
            ),
            transform=transform_impressions,
            target=CORE_IMPRESSIONS,
            id_fields=(
                IdField("request_id", "request_id"),
                IdField("customer_id", "customer_id"),
                IdField("item_id", "items.item_id"),
            ),
        ),
    ),
)
