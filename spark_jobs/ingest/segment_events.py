"""Events in Segment's HTTP tracking format → `core_events`.

The client's clock is not trusted. Segment's rule: an event happened at `timestamp` when the collector gives
it, else at `receivedAt − (sentAt − originalTimestamp)`, which removes the clock's error and keeps the time
that the event waited to be sent.
"""

from functools import partial

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from expectations.contracts.consent import EVENT_PURPOSES
from expectations.contracts.event_format import CALL_TYPES, MAX_EVENT_BYTES, PURCHASE, TRACKED_EVENTS
from expectations.contracts.lake import CORE_EVENTS
from spark_jobs.ingest.column_limits import make_limit_rules
from spark_jobs.ingest.consents import (
    describe_unreadable_consents,
    is_granted,
    parse_consents,
    read_event_preferences,
)
from spark_jobs.ingest.event_places import parse_places, parse_time_zone
from spark_jobs.ingest.event_products import (
    EVENT_ID_WITHOUT_NUMBER,
    has_product_where,
    is_invalid_number,
    list_products,
    make_product_columns,
)
from spark_jobs.ingest.formats import read_json_gzip_records
from spark_jobs.ingest.identifiers import hash_identifier_column
from spark_jobs.ingest.json_types import find_wrong_kind
from spark_jobs.ingest.parse_values import (
    CURRENCY_CODE,
    is_implausible_time,
    is_unparseable,
    parse_int,
    parse_money,
    parse_timestamp,
    shop_date,
    trim_to_null,
)
from spark_jobs.ingest.plain_events import EventTyper
from spark_jobs.ingest.reject_reasons import add_refusal_reasons
from spark_jobs.ingest.segment_format import (
    COLUMNS,
    CONTEXT,
    ID_FIELDS,
    PRODUCT,
    PROPERTIES,
)
from spark_jobs.sources.declaration import Feed, IdentifierColumn, SourceContext
from spark_jobs.sources.plain_typing import typed_plainly_by


def map_event_type(kind: Column, name: Column) -> Column:
    """The `event_type` of an event; null for an unknown one."""
    tracked = F.lit(None).cast("string")
    for name_sent, ours in TRACKED_EVENTS.items():
        tracked = F.when(name == name_sent, ours).otherwise(tracked)
    return F.when(kind == "track", tracked).when(kind.isin(*CALL_TYPES), kind)


def correct_event_time(at: Column, original: Column, sent: Column, received: Column) -> Column:
    """The time of an event by Segment's rule; all arguments are timestamps, each may be null."""
    waited = F.coalesce(F.unix_micros(sent) - F.unix_micros(original), F.lit(0))
    return F.coalesce(at, F.timestamp_micros(F.unix_micros(received) - waited), original)


def read_browser_id(raw: Column) -> Column:
    """The anonymous id of an event. An `alias` says that `userId` was known as `previousId` before, which is
    the browser's id that a login follows; two user ids are never joined by it.
    """
    browser = trim_to_null(raw.anonymousId)
    return F.when(raw.type == "alias", F.coalesce(trim_to_null(raw.previousId), browser)).otherwise(browser)


@typed_plainly_by(EventTyper)
def transform_events(
    received: DataFrame, context: SourceContext, id_source: Column | None = None
) -> DataFrame:
    """Adds the columns of `core_events`, `_user_id`, `_anonymous_id` (both, and null of a crawler, as
    `_seen_…`) and `_row_no`.

    Grain: one row per event; an "Order Completed" gives one per product, numbered in `event_id`.

    Args:
        id_source: whose ids a record uses; None: those of the feed's own source.

    `event_id` is the message's id with every `#` doubled; a product's number stands behind a single one. So
    `buy#1` can be the first product of the purchase `buy` and nothing else, whatever ids a client makes up.
    """
    raw, properties = F.col("raw"), F.col("_properties")
    times = {
        name: parse_timestamp(raw[name], context.time_zone)
        for name in ("timestamp", "originalTimestamp", "sentAt", "receivedAt")
    }
    preferences = read_event_preferences(raw.context, EVENT_PURPOSES)
    # Few steps of many columns: Spark analyses the whole plan again for each step.
    read = received.withColumns(
        {
            "source": F.lit(context.source),
            "id_source": F.lit(context.source) if id_source is None else id_source,
            "_context": F.from_json(raw.context, CONTEXT),
            "_properties": F.from_json(raw.properties, PROPERTIES),
            "_wrong_kind": F.coalesce(
                find_wrong_kind(raw.context, CONTEXT, "context"),
                find_wrong_kind(raw.properties, PROPERTIES, "properties"),
            ),
            "_message_id": trim_to_null(raw.messageId),
            "event_type": map_event_type(raw.type, raw.event),
            "occurred_at": correct_event_time(*times.values()),
            "_user_id": trim_to_null(raw.userId),
            "_anonymous_id": read_browser_id(raw),
            "_preferences": F.struct(*[text.alias(purpose) for purpose, text in preferences.items()]),
        }
    )
    read = read.withColumns(
        {
            "occurred_date": shop_date(F.col("occurred_at"), context.time_zone),
            "order_id": trim_to_null(properties.order_id),
            "currency": trim_to_null(properties.currency),
            "_products": list_products(F.col("event_type"), properties),
            **make_context_columns(context),
        }
    )
    unreadable_time = F.lit(False)
    for name, value in times.items():
        unreadable_time = unreadable_time | is_unparseable(raw[name], value)
    impossible = F.col("occurred_at").isNull() | is_implausible_time(
        F.col("occurred_at"), F.col("landing_date"), context.time_zone
    )
    judged = add_refusal_reasons(
        read,
        ("missing_field", "messageId", F.col("_message_id").isNull()),
        ("unknown_type", "type, event", F.col("event_type").isNull()),
        ("missing_field", "userId, anonymousId", F.coalesce("_user_id", "_anonymous_id").isNull()),
        ("wrong_kind", F.col("_wrong_kind"), F.col("_wrong_kind").isNotNull()),
        ("bad_time", "timestamp, originalTimestamp, sentAt, receivedAt", unreadable_time),
        ("bad_time", "when it happened", impossible),
        ("missing_field", "order_id", (F.col("event_type") == PURCHASE) & F.col("order_id").isNull()),
        (
            "missing_field",
            "product_id",
            has_product_where(lambda product: trim_to_null(product.product_id).isNull()),
        ),
        (
            "bad_number",
            "price",
            has_product_where(
                lambda product: is_invalid_number("unit_price", parse_money(product.price), product.price)
            ),
        ),
        (
            "bad_number",
            "quantity",
            has_product_where(
                lambda product: is_invalid_number("quantity", parse_int(product.quantity), product.quantity)
            ),
        ),
        ("bad_value", "currency", ~F.col("currency").rlike(CURRENCY_CODE)),
        *make_limit_rules(CORE_EVENTS, read.columns),
    )
    nothing = F.array(F.lit(None).cast(f"struct<{PRODUCT}>"))
    rows = F.when(F.col("reason").isNull() & (F.size("_products") > 0), F.col("_products")).otherwise(nothing)
    exploded = judged.select("*", F.posexplode(rows).alias("_place", "_product"))
    of_typing_alone = ("_context", "_properties", "_preferences", "_products", "_product", "_place")
    return exploded.withColumns(
        {"_row_no": F.col("_place") + 1, **make_product_columns(F.col("_place") + 1)}
    ).drop(*of_typing_alone)


def make_context_columns(context: SourceContext) -> dict[str, Column]:
    """The columns of an event's context and properties, which hold for all its products."""
    sent, user, browser, id_source = (
        F.col(name) for name in ("_context", "_user_id", "_anonymous_id", "id_source")
    )
    preferences = {purpose: F.col("_preferences")[purpose] for purpose in EVENT_PURPOSES}
    is_bot = F.coalesce(F.lower(sent.isBot) == "true", F.lit(False))
    return {
        "session_id": trim_to_null(sent.sessionId),
        "is_bot": is_bot,
        "_seen_user_id": F.when(~is_bot, user),
        "_seen_anonymous_id": F.when(~is_bot, browser),
        "user_identifier_id": hash_identifier_column(context, "user_id", user, id_source),
        "anonymous_identifier_id": hash_identifier_column(context, "anonymous_id", browser, id_source),
        "device_type": trim_to_null(sent.device.type),
        "page_path": trim_to_null(sent.page.path),
        "referrer": trim_to_null(sent.page.referrer),
        "campaign": trim_to_null(sent.campaign["name"]),
        "country": trim_to_null(sent.location.country),
        **parse_places(sent.location.latitude, sent.location.longitude),
        **parse_time_zone(sent.timezone, F.col("occurred_at")),
        "has_analytics_consent": is_granted(preferences["analytics"]),
        "has_personalization_consent": is_granted(preferences["personalization"]),
        "_consents": parse_consents(
            preferences, F.col("occurred_at"), F.col("landing_date"), context.time_zone
        ),
        "_doubt": describe_unreadable_consents(preferences),
        "request_id": trim_to_null(F.col("_properties").request_id),
    }


def declare_events_feed(entity: str = "events", file_pattern: str = "*.jsonl.gz") -> Feed:
    """The feed of a source that hands over gzip files of such events."""
    return Feed(
        entity=entity,
        file_pattern=file_pattern,
        columns=COLUMNS,
        read_records=partial(
            read_json_gzip_records,
            columns=COLUMNS,
            max_bytes=MAX_EVENT_BYTES,
            id_columns=tuple(each.path for each in ID_FIELDS if not each.json_path),
        ),
        transform=transform_events,
        target=CORE_EVENTS,
        is_public=True,
        id_fields=ID_FIELDS,
        # A purchase and a view under one message id are two records: `m#` of `m#1` and `m#2`, and `m`.
        record_key=f"if(event_type = 'purchase', {EVENT_ID_WITHOUT_NUMBER}, event_id)",
        identifiers=(
            IdentifierColumn("user_id", "_seen_user_id", "occurred_at"),
            IdentifierColumn("anonymous_id", "_seen_anonymous_id", "occurred_at"),
        ),
    )
