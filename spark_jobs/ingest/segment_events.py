"""Events in Segment's HTTP tracking format → `core_events`.

The client's clock is not believed. Segment's rule: an event happened at `timestamp` when the collector gives
it, else at `receivedAt − (sentAt − originalTimestamp)`, which takes the clock's error out and leaves the time
the event waited to be sent.
"""

from collections.abc import Callable
from functools import partial

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from expectations.contracts.lake import CORE_EVENTS
from spark_jobs.ingest.column_limits import is_outside, limit_rules
from spark_jobs.ingest.consents import doubt, is_granted, preferences, words
from spark_jobs.ingest.formats import json_gzip_records
from spark_jobs.ingest.identifiers import identifier_id
from spark_jobs.ingest.json_types import wrong_kind
from spark_jobs.ingest.parse_values import (
    given,
    implausible,
    moment,
    money,
    said_but_unreadable,
    shop_day,
    whole,
)
from spark_jobs.ingest.reject_reasons import refuse
from spark_jobs.sources.declaration import Context, Feed, IdField, Sighting

COLUMNS = (
    "type",
    "messageId",
    "event",
    "userId",
    "anonymousId",
    "timestamp",
    "originalTimestamp",
    "sentAt",
    "receivedAt",
    "context",
    "properties",
    "traits",
)
MAX_BYTES = 32 * 1024  # what Segment's own collector takes
TRACKED = {
    "Product Viewed": "view",
    "Product Added": "cart",
    "Order Completed": "purchase",
    "Products Searched": "search",
}
CONTEXT = (
    "sessionId string, device struct<type:string>, page struct<path:string,referrer:string>, campaign"
    " struct<name:string>, location struct<country:string>"
)
PRODUCT = "product_id string, quantity string, price string"
PROPERTIES = (
    f"{PRODUCT}, currency string, order_id string, request_id string, products array<struct<{PRODUCT}>>"
)
PURPOSES = ("analytics", "personalization")  # whose words are read off an event's consent
# SQL: an event's id up to its last `#`. No pattern: `[0-9]+$` tries n digits inside an id n²/2 times.
WITHOUT_NUMBER = "left(event_id, length(event_id) - length(substring_index(event_id, '#', -1)))"
CURRENCY = "^[A-Z]{3}$"


IDS = (
    IdField("message_id", "messageId"),
    IdField("user_id", "userId"),
    IdField("anonymous_id", "anonymousId"),
    IdField("item_id", "properties.product_id"),
    IdField("item_id", "properties.products.product_id"),
    IdField("order_id", "properties.order_id"),
    IdField("request_id", "properties.request_id"),
    IdField("session_id", "context.sessionId"),
    IdField("country", "context.location.country"),
)


def event_type(kind: Column, name: Column) -> Column:
    """What happened, in our words; null for what we do not know."""
    tracked = F.lit(None).cast("string")
    for said, ours in TRACKED.items():
        tracked = F.when(name == said, ours).otherwise(tracked)
    return F.when(kind == "track", tracked).when(kind.isin("page", "identify"), kind)


def corrected(at: Column, original: Column, sent: Column, received: Column) -> Column:
    """When an event happened, from what is known of it; all timestamps, each may be null."""
    waited = F.coalesce(F.unix_micros(sent) - F.unix_micros(original), F.lit(0))
    return F.coalesce(at, F.timestamp_micros(F.unix_micros(received) - waited), original)


def events(received: DataFrame, told: Context) -> DataFrame:
    """Adds the columns of `core_events`, `_user_id`, `_anonymous_id` and `_part`.

    Grain: one row per event; an "Order Completed" gives one per product, numbered in `event_id`.

    `event_id` is the message's id with every `#` doubled; a product's number stands behind a single one. So
    `buy#1` can be the first product of the purchase `buy` and nothing else, whatever ids a client makes up.
    """
    raw, properties = F.col("raw"), F.col("_properties")
    times = {
        name: moment(raw[name], told.time_zone)
        for name in ("timestamp", "originalTimestamp", "sentAt", "receivedAt")
    }
    read = (
        received.withColumn("source", F.lit(told.source))
        .withColumn("_context", F.from_json(raw.context, CONTEXT))
        .withColumn("_properties", F.from_json(raw.properties, PROPERTIES))
        .withColumn(
            "_wrong_kind",
            F.coalesce(
                wrong_kind(raw.context, CONTEXT, "context"),
                wrong_kind(raw.properties, PROPERTIES, "properties"),
            ),
        )
        .withColumn("_message_id", given(raw.messageId))
        .withColumn("event_type", event_type(raw.type, raw.event))
        .withColumn("occurred_at", corrected(*times.values()))
        .withColumn("occurred_date", shop_day(F.col("occurred_at"), told.time_zone))
        .withColumn("order_id", given(properties.order_id))
        .withColumn("currency", given(properties.currency))
        .withColumn("_user_id", given(raw.userId))
        .withColumn("_anonymous_id", given(raw.anonymousId))
        .withColumn(
            "_said",
            F.struct(*[text.alias(purpose) for purpose, text in preferences(raw.context, PURPOSES).items()]),
        )
        .withColumn("_products", said_products(F.col("event_type"), properties))
    )
    unreadable_time = F.lit(False)
    for name, value in times.items():
        unreadable_time = unreadable_time | said_but_unreadable(raw[name], value)
    impossible = F.col("occurred_at").isNull() | implausible(
        F.col("occurred_at"), F.col("landing_date"), told.time_zone
    )
    read = with_context(read, told)
    judged = refuse(
        read,
        ("missing_field", "messageId", F.col("_message_id").isNull()),
        ("unknown_type", "type, event", F.col("event_type").isNull()),
        ("missing_field", "userId, anonymousId", F.coalesce("_user_id", "_anonymous_id").isNull()),
        ("wrong_kind", F.col("_wrong_kind"), F.col("_wrong_kind").isNotNull()),
        ("bad_time", "timestamp, originalTimestamp, sentAt, receivedAt", unreadable_time),
        ("bad_time", "when it happened", impossible),
        ("missing_field", "order_id", (F.col("event_type") == "purchase") & F.col("order_id").isNull()),
        ("missing_field", "product_id", broken(lambda product: given(product.product_id).isNull())),
        (
            "bad_number",
            "price",
            broken(lambda product: not_a("unit_price", money(product.price), product.price)),
        ),
        (
            "bad_number",
            "quantity",
            broken(lambda product: not_a("quantity", whole(product.quantity), product.quantity)),
        ),
        ("bad_value", "currency", ~F.col("currency").rlike(CURRENCY)),
        *limit_rules(CORE_EVENTS, read.columns),
    )
    nothing = F.array(F.lit(None).cast(f"struct<{PRODUCT}>"))
    rows = F.when(F.col("reason").isNull() & (F.size("_products") > 0), F.col("_products")).otherwise(nothing)
    exploded = judged.select("*", F.posexplode(rows).alias("_place", "_product")).withColumn(
        "_part", F.col("_place") + 1
    )
    return with_details(exploded, told)


def with_context(read: DataFrame, told: Context) -> DataFrame:
    """The columns that an event's context and properties say of all its products."""
    context, said = F.col("_context"), {purpose: F.col("_said")[purpose] for purpose in PURPOSES}
    return (
        read.withColumn("session_id", given(context.sessionId))
        .withColumn("device_type", given(context.device.type))
        .withColumn("page_path", given(context.page.path))
        .withColumn("referrer", given(context.page.referrer))
        .withColumn("campaign", given(context.campaign["name"]))
        .withColumn("country", given(context.location.country))
        .withColumn("has_analytics_consent", is_granted(said["analytics"]))
        .withColumn("has_personalization_consent", is_granted(said["personalization"]))
        .withColumn("_words", words(said, F.col("occurred_at"), F.col("landing_date"), told.time_zone))
        .withColumn("_doubt", doubt(said))
        .withColumn("request_id", given(F.col("_properties").request_id))
    )


def said_products(kind: Column, properties: Column) -> Column:
    """The products an event is about; a purchase without any is about one that is not named."""
    one = F.array(F.struct(*[properties[name].alias(name) for name in ("product_id", "quantity", "price")]))
    several = F.when(F.size(properties.products) > 0, properties.products).otherwise(one)
    return (
        F.when(kind == "purchase", several)
        .when(kind.isin("view", "cart"), one)
        .otherwise(F.array().cast(f"array<struct<{PRODUCT}>>"))
    )


def broken(rule: Callable[[Column], Column]) -> Column:
    """Whether any product of the event breaks the rule."""
    return F.exists("_products", lambda product: F.coalesce(rule(product), F.lit(False)))


def not_a(name: str, value: Column, received: Column) -> Column:
    """Whether something was said that is no number, or one that the column does not allow."""
    return said_but_unreadable(received, value) | is_outside(CORE_EVENTS, name, value)


def with_details(exploded: DataFrame, told: Context) -> DataFrame:
    """The rest of an event's columns, of each of its products."""
    product = F.col("_product")
    message = F.replace(F.col("_message_id"), F.lit("#"), F.lit("##"))
    numbered = F.concat_ws("#", message, "_part")
    return (
        exploded.withColumn(
            "event_id", F.when(F.col("event_type") == "purchase", numbered).otherwise(message)
        )
        .withColumn("item_id", given(product.product_id))
        .withColumn("quantity", whole(product.quantity))
        .withColumn("unit_price", money(product.price))
        .withColumn("user_identifier_id", identifier_id(told, "user_id", F.col("_user_id")))
        .withColumn("anonymous_identifier_id", identifier_id(told, "anonymous_id", F.col("_anonymous_id")))
    )


def events_feed(entity: str = "events", pattern: str = "*.jsonl.gz") -> Feed:
    """The feed of a source that hands over gzip files of such events."""
    return Feed(
        entity=entity,
        pattern=pattern,
        columns=COLUMNS,
        read=partial(
            json_gzip_records,
            columns=COLUMNS,
            max_bytes=MAX_BYTES,
            ids=tuple(each.path for each in IDS if not each.inside),
        ),
        transform=events,
        target=CORE_EVENTS,
        is_public=True,
        ids=IDS,
        # A purchase and a view under one message id are two records: `m#` of `m#1` and `m#2`, and `m`.
        record=f"if(event_type = 'purchase', {WITHOUT_NUMBER}, event_id)",
        sightings=(
            Sighting("user_id", "_user_id", "occurred_at"),
            Sighting("anonymous_id", "_anonymous_id", "occurred_at"),
        ),
    )
