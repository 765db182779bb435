"""The sample shop: web events, an orders export, and each day the whole customer file and catalogue.

All times are written in UTC; the shop's days are those of Martinique, four hours behind.

The orders feed is the truth about purchases: an "Order Completed" event keeps its order id and is joined to
it in the warehouse.
"""

from functools import partial

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.contracts.consent import PERSON_PURPOSES
from expectations.contracts.lake import CORE_ITEM_CHANGES, CORE_ITEMS, CORE_ORDER_LINES, CORE_PEOPLE
from spark_jobs.ingest.catalogue_items import declare_catalogue_feed
from spark_jobs.ingest.column_limits import make_limit_rules
from spark_jobs.ingest.consents import declare_consents, describe_unreadable_consents, parse_consents
from spark_jobs.ingest.formats import read_csv_records
from spark_jobs.ingest.identifiers import hash_identifier_column
from spark_jobs.ingest.item_changes import derive_item_changes
from spark_jobs.ingest.parse_values import (
    CURRENCY_CODE,
    FIRST_PERSON_YEAR,
    compute_line_amount,
    is_implausible_time,
    is_unparseable,
    parse_int,
    parse_money,
    parse_timestamp,
    shop_date,
    trim_to_null,
)
from spark_jobs.ingest.phone_numbers import normalise_phone
from spark_jobs.ingest.plain_people import PeopleTyper
from spark_jobs.ingest.reject_reasons import add_refusal_reasons
from spark_jobs.ingest.segment_events import declare_events_feed
from spark_jobs.sources.declaration import (
    DerivedTable,
    Feed,
    GeneratorProgram,
    IdentifierColumn,
    IdField,
    Source,
    SourceContext,
)
from spark_jobs.sources.plain_typing import typed_plainly_by

ORDER_COLUMNS = (
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
PEOPLE_COLUMNS = (
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
LINE_TYPES = ("sale", "return", "charge")


def transform_order_lines(received: DataFrame, context: SourceContext) -> DataFrame:
    """Adds the columns of `core_order_lines`, `_user_id` and `_email`. Grain stays: one row per record."""
    raw = F.col("raw")
    texts = ("order_id", "item_id", "currency", "country", "channel", "returned_order_id")
    typed = received.withColumns(
        {
            "source": F.lit(context.source),
            **{name: trim_to_null(raw[name]) for name in texts},
            "line_no": parse_int(raw.line_no),
            "line_type": F.when(raw.kind.isin(*LINE_TYPES), raw.kind),
            "ordered_at": parse_timestamp(raw.ordered_at, context.time_zone),
            "item_title": F.lit(None).cast("string"),  # the catalogue has it
            "quantity": parse_int(raw.quantity),
            "unit_price": parse_money(raw.unit_price),
            "_user_id": trim_to_null(raw.user_id),
            "_email": trim_to_null(raw.email),
        }
    )
    typed = typed.withColumns(
        {
            "ordered_date": shop_date(F.col("ordered_at"), context.time_zone),
            "amount": compute_line_amount(F.col("quantity"), F.col("unit_price")),
            "user_identifier_id": hash_identifier_column(context, "user_id", F.col("_user_id")),
            "email_identifier_id": hash_identifier_column(context, "email", F.col("_email")),
        }
    )
    impossible = is_implausible_time(F.col("ordered_at"), F.col("landing_date"), context.time_zone)
    sign_is_wrong = F.when(F.col("line_type") == "return", F.col("quantity") >= 0).otherwise(
        F.col("quantity") <= 0
    )
    return add_refusal_reasons(
        typed,
        ("missing_field", "order_id", F.col("order_id").isNull()),
        ("missing_field", "item_id", F.col("item_id").isNull()),
        ("bad_number", "line_no", F.col("line_no").isNull()),
        ("bad_value", "kind", F.col("line_type").isNull()),
        ("bad_time", "ordered_at", F.col("ordered_at").isNull() | impossible),
        ("bad_number", "quantity", F.col("quantity").isNull() | sign_is_wrong),
        ("bad_number", "unit_price", F.col("unit_price").isNull() | (F.col("unit_price") < 0)),
        ("bad_value", "currency", ~F.coalesce(F.col("currency"), F.lit("")).rlike(CURRENCY_CODE)),
        *make_limit_rules(CORE_ORDER_LINES, typed.columns),
        ("bad_number", "quantity × unit_price", F.col("amount").isNull()),
    )


@typed_plainly_by(PeopleTyper)
def transform_people(received: DataFrame, context: SourceContext) -> DataFrame:
    """Adds the columns of `core_people`, `_crm_id`, `_user_id`, `_phone`, `_consents` and `_doubt`.

    Grain: one row per record.
    """
    raw = F.col("raw")
    texts = ("email", "phone", "first_name", "last_name", "address_line", "city", "postcode", "country")
    is_date = raw.birth_date.rlike(r"^\d{4}-\d{2}-\d{2}$")
    typed = received.withColumns(
        {
            "source": F.lit(context.source),
            "record_id": trim_to_null(raw.crm_id),
            **{name: trim_to_null(raw[name]) for name in texts},
            "_user_id": trim_to_null(raw.user_id),
            "birth_date": F.when(is_date, raw.birth_date.try_cast("date")),
            "created_at": parse_timestamp(raw.created_at, context.time_zone),
            "updated_at": parse_timestamp(raw.updated_at, context.time_zone),
            "ended_on": F.lit(None).cast("date"),  # it is there
        }
    )
    typed = typed.withColumn("_phone", normalise_phone(F.col("phone"), F.col("country")))
    hashed = {"crm_id": "record_id", "user_id": "_user_id", "email": "email", "phone": "_phone"}
    consents = {purpose: raw[f"{purpose}_consent"] for purpose in PERSON_PURPOSES}
    typed = typed.withColumns(
        {
            "_crm_id": F.col("record_id"),
            "_first_at": F.coalesce("created_at", "updated_at"),
            **{
                f"{kind.removesuffix('_id')}_identifier_id": hash_identifier_column(
                    context, kind, F.col(column)
                )
                for kind, column in hashed.items()
            },
            "_consents": parse_consents(
                consents, F.col("updated_at"), F.col("landing_date"), context.time_zone
            ),
            "_doubt": describe_unreadable_consents(consents),
        }
    )
    impossible = is_implausible_time(F.col("updated_at"), F.col("landing_date"), context.time_zone)
    before_any_file = is_implausible_time(
        F.col("created_at"), F.col("landing_date"), context.time_zone, FIRST_PERSON_YEAR
    )
    return add_refusal_reasons(
        typed,
        ("missing_field", "crm_id", F.col("record_id").isNull()),
        ("bad_time", "updated_at", F.col("updated_at").isNull() | impossible),
        (
            "bad_time",
            "created_at",
            is_unparseable(raw.created_at, F.col("created_at")) | before_any_file,
        ),
        (
            "bad_time",
            "birth_date",
            is_unparseable(raw.birth_date, F.col("birth_date")) | (F.year("birth_date") < 1),
        ),
        *make_limit_rules(CORE_PEOPLE, typed.columns),
    )


SOURCE = Source(
    name="sample_shop",
    time_zone="America/Martinique",
    catalogue="sample_shop",
    origin=GeneratorProgram(module="sample_shop"),
    feeds=(
        declare_events_feed(),
        Feed(
            entity="orders",
            file_pattern="*.csv",
            columns=ORDER_COLUMNS,
            read_records=partial(read_csv_records, columns=ORDER_COLUMNS),
            transform=transform_order_lines,
            target=CORE_ORDER_LINES,
            identifiers=(
                IdentifierColumn("user_id", "_user_id", "ordered_at"),
                IdentifierColumn("email", "_email", "ordered_at"),
            ),
            id_fields=(
                *(IdField(name, name) for name in ("order_id", "user_id", "email", "item_id", "country")),
                IdField("order_id", "returned_order_id"),
            ),
        ),
        Feed(
            entity="people",
            file_pattern="*.csv",
            columns=PEOPLE_COLUMNS,
            read_records=partial(read_csv_records, columns=PEOPLE_COLUMNS),
            transform=transform_people,
            target=CORE_PEOPLE,
            newest_wins=True,
            is_full_export=True,
            # Its identifiers stay, which are hashes: the orders of who was in the file still are one
            # customer's.
            ended_values={name: "null" for name in (*CORE_PEOPLE.personal, "country")},
            # The card exists since it was made; what stands on it, since it was last written.
            identifiers=(
                IdentifierColumn("crm_id", "_crm_id", "_first_at"),
                IdentifierColumn("user_id", "_user_id", "updated_at"),
                IdentifierColumn("email", "email", "updated_at"),
                IdentifierColumn("phone", "_phone", "updated_at"),
            ),
            id_fields=tuple(
                IdField(name, name) for name in ("crm_id", "user_id", "email", "phone", "country")
            ),
        ),
        declare_catalogue_feed(),
    ),
    derived_tables=(
        declare_consents("people", "crm_identifier_id", "user_identifier_id", "email_identifier_id"),
        declare_consents("events", "user_identifier_id", "anonymous_identifier_id"),
        DerivedTable(
            target=CORE_ITEM_CHANGES,
            entity="catalogue",
            derive_rows=derive_item_changes,
            compared_table=CORE_ITEMS,
        ),
    ),
)
