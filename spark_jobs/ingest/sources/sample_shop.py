"""The sample shop: web events, an orders export, the whole customer file and the whole catalogue each night.

All times are written in UTC; the shop's days are those of Martinique, four hours behind.

The orders feed is the truth about purchases: an "Order Completed" event keeps its order id and is joined to
it in the warehouse.
"""

from functools import partial

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.contracts.lake import CORE_ITEM_CHANGES, CORE_ITEMS, CORE_ORDER_LINES, CORE_PEOPLE
from spark_jobs.ingest.column_limits import limit_rules
from spark_jobs.ingest.consents import consents_of, doubt, words
from spark_jobs.ingest.formats import csv_records, json_records
from spark_jobs.ingest.identifiers import identifier_id
from spark_jobs.ingest.item_changes import item_changes
from spark_jobs.ingest.json_types import wrong_kind
from spark_jobs.ingest.parse_values import (
    amount,
    given,
    implausible,
    moment,
    money,
    said_but_unreadable,
    shop_day,
    whole,
    yes_or_no,
)
from spark_jobs.ingest.phone_numbers import compared
from spark_jobs.ingest.reject_reasons import refuse
from spark_jobs.ingest.segment_events import CURRENCY, events_feed
from spark_jobs.sources.declaration import (
    Context,
    Derivation,
    Feed,
    IdField,
    Program,
    Sighting,
    Source,
)

ORDERS = (
    "order_id",
    "line_no",
    "ordered_at",
    "user_id",
    "email",
    "item_id",
    "quantity",
    "unit_price",
    "currency",
    "country",
    "channel",
    "kind",
    "returned_order_id",
)
PEOPLE = (
    "crm_id",
    "user_id",
    "email",
    "phone",
    "first_name",
    "last_name",
    "address_line",
    "city",
    "postcode",
    "country",
    "birth_date",
    "created_at",
    "updated_at",
    "marketing_consent",
    "personalization_consent",
)
CATALOGUE = (
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
KINDS = ("sale", "return", "charge")
FIRST_CARD_YEAR = 1900  # a customer file may be older than any system it was kept in
PURPOSES = ("marketing", "personalization")


def order_lines(received: DataFrame, told: Context) -> DataFrame:
    """Adds the columns of `core_order_lines`, `_user_id` and `_email`. Grain stays: one row per record."""
    raw = F.col("raw")
    typed = received.withColumn("source", F.lit(told.source))
    for name in ("order_id", "item_id", "currency", "country", "channel", "returned_order_id"):
        typed = typed.withColumn(name, given(raw[name]))
    typed = (
        typed.withColumn("line_no", whole(raw.line_no))
        .withColumn("line_type", F.when(raw.kind.isin(*KINDS), raw.kind))
        .withColumn("ordered_at", moment(raw.ordered_at, told.time_zone))
        .withColumn("ordered_date", shop_day(F.col("ordered_at"), told.time_zone))
        .withColumn("item_title", F.lit(None).cast("string"))  # the catalogue has it
        .withColumn("quantity", whole(raw.quantity))
        .withColumn("unit_price", money(raw.unit_price))
        .withColumn("amount", amount(F.col("quantity"), F.col("unit_price")))
        .withColumn("_user_id", given(raw.user_id))
        .withColumn("_email", given(raw.email))
        .withColumn("user_identifier_id", identifier_id(told, "user_id", F.col("_user_id")))
        .withColumn("email_identifier_id", identifier_id(told, "email", F.col("_email")))
    )
    impossible = implausible(F.col("ordered_at"), F.col("landing_date"), told.time_zone)
    sign_is_wrong = F.when(F.col("line_type") == "return", F.col("quantity") >= 0).otherwise(
        F.col("quantity") <= 0
    )
    return refuse(
        typed,
        ("missing_field", "order_id", F.col("order_id").isNull()),
        ("missing_field", "item_id", F.col("item_id").isNull()),
        ("bad_number", "line_no", F.col("line_no").isNull()),
        ("bad_value", "kind", F.col("line_type").isNull()),
        ("bad_time", "ordered_at", F.col("ordered_at").isNull() | impossible),
        ("bad_number", "quantity", F.col("quantity").isNull() | sign_is_wrong),
        ("bad_number", "unit_price", F.col("unit_price").isNull() | (F.col("unit_price") < 0)),
        ("bad_value", "currency", ~F.coalesce(F.col("currency"), F.lit("")).rlike(CURRENCY)),
        *limit_rules(CORE_ORDER_LINES, typed.columns),
        ("bad_number", "quantity × unit_price", F.col("amount").isNull()),
    )


def people(received: DataFrame, told: Context) -> DataFrame:
    """Adds the columns of `core_people`, `_crm_id`, `_user_id`, `_phone`, `_words` and `_doubt`. Grain: one
    row per record.
    """
    raw = F.col("raw")
    typed = received.withColumn("source", F.lit(told.source)).withColumn("record_id", given(raw.crm_id))
    for name in ("email", "phone", "first_name", "last_name", "address_line", "city", "postcode", "country"):
        typed = typed.withColumn(name, given(raw[name]))
    typed = (
        typed.withColumn("_crm_id", F.col("record_id"))
        .withColumn("_user_id", given(raw.user_id))
        .withColumn("_phone", compared(F.col("phone"), F.col("country")))
        .withColumn(
            "birth_date",
            F.when(raw.birth_date.rlike(r"^\d{4}-\d{2}-\d{2}$"), raw.birth_date.try_cast("date")),
        )
        .withColumn("created_at", moment(raw.created_at, told.time_zone))
        .withColumn("updated_at", moment(raw.updated_at, told.time_zone))
        .withColumn("_first_at", F.coalesce("created_at", "updated_at"))
        .withColumn("ended_on", F.lit(None).cast("date"))  # it is there
    )
    for kind, column in (
        ("crm_id", "_crm_id"),
        ("user_id", "_user_id"),
        ("email", "email"),
        ("phone", "_phone"),
    ):
        typed = typed.withColumn(
            f"{kind.removesuffix('_id')}_identifier_id", identifier_id(told, kind, F.col(column))
        )
    impossible = implausible(F.col("updated_at"), F.col("landing_date"), told.time_zone)
    before_any_file = implausible(F.col("created_at"), F.col("landing_date"), told.time_zone, FIRST_CARD_YEAR)
    said = {purpose: raw[f"{purpose}_consent"] for purpose in PURPOSES}
    typed = typed.withColumn(
        "_words", words(said, F.col("updated_at"), F.col("landing_date"), told.time_zone)
    )
    typed = typed.withColumn("_doubt", doubt(said))
    return refuse(
        typed,
        ("missing_field", "crm_id", F.col("record_id").isNull()),
        ("bad_time", "updated_at", F.col("updated_at").isNull() | impossible),
        (
            "bad_time",
            "created_at",
            said_but_unreadable(raw.created_at, F.col("created_at")) | before_any_file,
        ),
        (
            "bad_time",
            "birth_date",
            said_but_unreadable(raw.birth_date, F.col("birth_date")) | (F.year("birth_date") < 1),
        ),
        *limit_rules(CORE_PEOPLE, typed.columns),
    )


def items(received: DataFrame, told: Context) -> DataFrame:
    """Adds the columns of `core_items`. Grain stays: one row per record."""
    raw, null = F.col("raw"), F.lit(None).cast("int")
    kinds = (
        wrong_kind(raw.category_path, CATEGORY_PATH, "category_path"),
        wrong_kind(raw.attributes, ATTRIBUTES, "attributes"),
    )
    typed = received.withColumn("_wrong_kind", F.coalesce(*kinds))
    for name in ("item_id", "title", "brand", "currency", "image_url"):
        typed = typed.withColumn(name, given(raw[name]))
    typed = (
        typed.withColumn("category_path", F.from_json(raw.category_path, CATEGORY_PATH))
        .withColumn("attributes", F.from_json(raw.attributes, ATTRIBUTES))
        .withColumn("price", money(raw.price))
        .withColumn("n_stock", F.coalesce(whole(raw.stock), null))
        .withColumn(
            "is_in_stock", F.coalesce(F.col("n_stock") > 0, F.lit(True))
        )  # a source that counts no stock always has some
        .withColumn("is_consumable", F.coalesce(yes_or_no(raw.is_consumable), F.lit(False)))
        .withColumn("is_goods", F.lit(True))  # postage and fees are in no catalogue
        .withColumn("is_recommendable", (raw.status == "active") & (F.col("price") > 0))
        .withColumn("updated_at", moment(raw.updated_at, told.time_zone))
        .withColumn("_updated_date", shop_day(F.col("updated_at"), told.time_zone))
        .withColumn("ended_on", F.lit(None).cast("date"))  # it is there
        .withColumn("_landed_at", F.to_utc_timestamp(F.col("landing_date").cast("timestamp"), told.time_zone))
        .withColumn("first_seen_at", F.col("updated_at"))
    )
    impossible = implausible(F.col("updated_at"), F.col("landing_date"), told.time_zone)
    return refuse(
        typed,
        ("missing_field", "item_id", F.col("item_id").isNull()),
        ("wrong_kind", F.col("_wrong_kind"), F.col("_wrong_kind").isNotNull()),
        ("bad_value", "category_path", F.exists("category_path", lambda name: given(name).isNull())),
        ("bad_number", "price", F.col("price").isNull() | (F.col("price") < 0)),
        ("bad_number", "stock", said_but_unreadable(raw.stock, F.col("n_stock")) | (F.col("n_stock") < 0)),
        ("bad_value", "currency", ~F.coalesce(F.col("currency"), F.lit("")).rlike(CURRENCY)),
        ("bad_value", "status", ~F.coalesce(raw.status, F.lit("")).isin("active", "discontinued")),
        ("bad_value", "is_consumable", said_but_unreadable(raw.is_consumable, yes_or_no(raw.is_consumable))),
        ("bad_time", "updated_at", F.col("updated_at").isNull() | impossible),
        *limit_rules(CORE_ITEMS, typed.columns),
    )


SOURCE = Source(
    name="sample_shop",
    time_zone="America/Martinique",
    catalogue="sample_shop",
    delivery=Program(module="sample_shop"),
    feeds=(
        events_feed(),
        Feed(
            entity="orders",
            pattern="*.csv",
            columns=ORDERS,
            read=partial(csv_records, columns=ORDERS),
            transform=order_lines,
            target=CORE_ORDER_LINES,
            sightings=(
                Sighting("user_id", "_user_id", "ordered_at"),
                Sighting("email", "_email", "ordered_at"),
            ),
            ids=(
                *(IdField(name, name) for name in ("order_id", "user_id", "email", "item_id", "country")),
                IdField("order_id", "returned_order_id"),
            ),
        ),
        Feed(
            entity="people",
            pattern="*.csv",
            columns=PEOPLE,
            read=partial(csv_records, columns=PEOPLE),
            transform=people,
            target=CORE_PEOPLE,
            newest_wins=True,
            whole=True,
            # Its identifiers stay, which are hashes: the orders of who was in the file still are one
            # customer's.
            when_ended={name: "null" for name in (*CORE_PEOPLE.personal, "country")},
            # The card exists since it was made; what stands on it, since it was last written.
            sightings=(
                Sighting("crm_id", "_crm_id", "_first_at"),
                Sighting("user_id", "_user_id", "updated_at"),
                Sighting("email", "email", "updated_at"),
                Sighting("phone", "_phone", "updated_at"),
            ),
            ids=tuple(IdField(name, name) for name in ("crm_id", "user_id", "email", "phone", "country")),
        ),
        Feed(
            entity="catalogue",
            pattern="*.jsonl",
            columns=CATALOGUE,
            read=partial(json_records, columns=CATALOGUE, ids=("item_id",)),
            transform=items,
            target=CORE_ITEMS,
            newest_wins=True,
            earliest=("first_seen_at",),
            whole=True,
            when_ended={"is_recommendable": "false", "updated_at": "_ended_at", "_updated_date": "ended_on"},
            ids=(IdField("item_id", "item_id"),),
        ),
    ),
    derivations=(
        consents_of("people", "crm_identifier_id", "user_identifier_id", "email_identifier_id"),
        consents_of("events", "user_identifier_id", "anonymous_identifier_id"),
        Derivation(target=CORE_ITEM_CHANGES, entity="catalogue", make=item_changes, compared_with=CORE_ITEMS),
    ),
)
