"""The products of an event: each becomes a row, numbered behind the event's id."""

from collections.abc import Callable

from pyspark.sql import Column
from pyspark.sql import functions as F

from expectations.contracts.event_format import ITEM_EVENT_TYPES, PURCHASE
from expectations.contracts.lake import CORE_EVENTS
from spark_jobs.ingest.column_limits import is_outside
from spark_jobs.ingest.parse_values import is_unparseable, parse_int, parse_money, trim_to_null
from spark_jobs.ingest.segment_format import PRODUCT

# SQL: an event's id up to its last `#`. No pattern: `[0-9]+$` tries n digits inside an id n²/2 times.
EVENT_ID_WITHOUT_NUMBER = "left(event_id, length(event_id) - length(substring_index(event_id, '#', -1)))"


def list_products(kind: Column, properties: Column) -> Column:
    """The products of an event; a purchase without any has one without an id."""
    one = F.array(F.struct(*[properties[name].alias(name) for name in ("product_id", "quantity", "price")]))
    several = F.when(F.size(properties.products) > 0, properties.products).otherwise(one)
    return (
        F.when(kind == PURCHASE, several)
        .when(kind.isin(*ITEM_EVENT_TYPES), one)
        .otherwise(F.array().cast(f"array<struct<{PRODUCT}>>"))
    )


def has_product_where(rule: Callable[[Column], Column]) -> Column:
    """Whether any product of the event breaks the rule."""
    return F.exists("_products", lambda product: F.coalesce(rule(product), F.lit(False)))


def is_invalid_number(name: str, value: Column, received: Column) -> Column:
    """Whether a text is no number, or a number that the column does not allow."""
    return is_unparseable(received, value) | is_outside(CORE_EVENTS, name, value)


def make_product_columns(row_no: Column) -> dict[str, Column]:
    """The columns of one product of an event, `_product`.

    Args:
        row_no: its number within the event, from 1.
    """
    product = F.col("_product")
    message = F.replace(F.col("_message_id"), F.lit("#"), F.lit("##"))
    numbered = F.concat_ws("#", message, row_no)
    return {
        "event_id": F.when(F.col("event_type") == PURCHASE, numbered).otherwise(message),
        "item_id": trim_to_null(product.product_id),
        "quantity": parse_int(product.quantity),
        "unit_price": parse_money(product.price),
    }
