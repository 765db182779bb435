"""A catalogue handed over whole as JSON lines, one item a line → `core_items`."""

from functools import partial

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.contracts.lake import CORE_ITEMS
from spark_jobs.ingest.column_limits import make_limit_rules
from spark_jobs.ingest.formats import read_json_records
from spark_jobs.ingest.json_types import find_wrong_kind
from spark_jobs.ingest.parse_values import (
    CURRENCY_CODE,
    is_implausible_time,
    is_unparseable,
    parse_boolean,
    parse_int,
    parse_money,
    parse_timestamp,
    shop_date,
    trim_to_null,
)
from spark_jobs.ingest.reject_reasons import add_refusal_reasons
from spark_jobs.sources.declaration import Feed, IdField, SourceContext

COLUMNS = (
    "item_id",
    "title",
    "category_path",
    "brand",
    "price",
    "currency",
    "stock",
    "attributes",
    "image_url",
    "is_consumable",
    "status",
    "updated_at",
)
CATEGORY_PATH, ATTRIBUTES = "array<string>", "map<string,string>"


def transform_items(received: DataFrame, context: SourceContext) -> DataFrame:
    """Adds the columns of `core_items`. Grain stays: one row per record."""
    raw, null = F.col("raw"), F.lit(None).cast("int")
    kinds = (
        find_wrong_kind(raw.category_path, CATEGORY_PATH, "category_path"),
        find_wrong_kind(raw.attributes, ATTRIBUTES, "attributes"),
    )
    texts = ("item_id", "title", "brand", "currency", "image_url")
    typed = received.withColumns(
        {
            "_wrong_kind": F.coalesce(*kinds),
            **{name: trim_to_null(raw[name]) for name in texts},
            "category_path": F.from_json(raw.category_path, CATEGORY_PATH),
            "attributes": F.from_json(raw.attributes, ATTRIBUTES),
            "price": parse_money(raw.price),
            "n_stock": F.coalesce(parse_int(raw.stock), null),
            "is_consumable": F.coalesce(parse_boolean(raw.is_consumable), F.lit(False)),
            "is_goods": F.lit(True),  # postage and fees are in no catalogue
            "updated_at": parse_timestamp(raw.updated_at, context.time_zone),
            "ended_on": F.lit(None).cast("date"),  # it is there
            "_landed_at": F.to_utc_timestamp(F.col("landing_date").cast("timestamp"), context.time_zone),
        }
    )
    typed = typed.withColumns(
        {
            # a source that counts no stock always has some
            "is_in_stock": F.coalesce(F.col("n_stock") > 0, F.lit(True)),
            "is_recommendable": (raw.status == "active") & (F.col("price") > 0),
            "_updated_date": shop_date(F.col("updated_at"), context.time_zone),
            "first_seen_at": F.col("updated_at"),
        }
    )
    impossible = is_implausible_time(F.col("updated_at"), F.col("landing_date"), context.time_zone)
    return add_refusal_reasons(
        typed,
        ("missing_field", "item_id", F.col("item_id").isNull()),
        ("wrong_kind", F.col("_wrong_kind"), F.col("_wrong_kind").isNotNull()),
        ("bad_value", "category_path", F.exists("category_path", lambda name: trim_to_null(name).isNull())),
        ("bad_number", "price", F.col("price").isNull() | (F.col("price") < 0)),
        ("bad_number", "stock", is_unparseable(raw.stock, F.col("n_stock")) | (F.col("n_stock") < 0)),
        ("bad_value", "currency", ~F.coalesce(F.col("currency"), F.lit("")).rlike(CURRENCY_CODE)),
        ("bad_value", "status", ~F.coalesce(raw.status, F.lit("")).isin("active", "discontinued")),
        ("bad_value", "is_consumable", is_unparseable(raw.is_consumable, parse_boolean(raw.is_consumable))),
        ("bad_time", "updated_at", F.col("updated_at").isNull() | impossible),
        *make_limit_rules(CORE_ITEMS, typed.columns),
    )


def declare_catalogue_feed(entity: str = "catalogue", file_pattern: str = "*.jsonl") -> Feed:
    """The feed of a source that hands over such a catalogue each day, whole."""
    return Feed(
        entity=entity,
        file_pattern=file_pattern,
        columns=COLUMNS,
        read_records=partial(read_json_records, columns=COLUMNS, id_columns=("item_id",)),
        transform=transform_items,
        target=CORE_ITEMS,
        newest_wins=True,
        earliest_columns=("first_seen_at",),
        is_full_export=True,
        ended_values={
            "is_recommendable": "false",
            "updated_at": "_ended_at",
            "_updated_date": "ended_on",
        },
        id_fields=(IdField("item_id", "item_id"),),
    )
