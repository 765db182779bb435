"""UCI Online Retail as the nightly export of a wholesaler: one CSV file a trading day, sales, returns and corrections mixed.

Facts of the file that the rules stand on: an invoice `C…` is a return, `A…` is book-keeping; a customer reads `14075.0`; codes
differ in letter case; times are London's and name no zone; the shop is closed on days without a file.
"""

from functools import partial

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from expectations.contracts.lake import CORE_ITEMS, CORE_ORDER_LINES
from spark_jobs.ingest.feed import Context, Derivation, Feed, Folder, Sighting, Source
from spark_jobs.ingest.formats import csv_records
from spark_jobs.ingest.identifiers import identifier_id
from spark_jobs.ingest.refusals import refuse
from spark_jobs.ingest.values import given, money, whole

COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
TIME_ZONE = "Europe/London"
# Codes that stand for postage, fees, discounts, samples, vouchers and hand entries: counted as money, never recommended.
NOT_GOODS = ("POST", "DOT", "M", "C2", "D", "S", "BANK CHARGES", "AMAZONFEE", "CRUK", "B", "PADS")
VOUCHER = "GIFT_"


def is_goods(item_id: Column) -> Column:
    """Whether a code stands for something that can be put into a parcel and recommended."""
    return ~item_id.isin(*NOT_GOODS) & ~item_id.startswith(VOUCHER)


def line_type(order_id: Column, item_id: Column, quantity: Column) -> Column:
    """What a line is; every line is something, and none is dropped for being odd."""
    return (
        F.when(order_id.startswith("A"), "bookkeeping")
        .when(order_id.startswith("C"), "return")
        .when(quantity <= 0, "adjustment")
        .when(is_goods(item_id), "sale")
        .otherwise("charge")
    )


def customer_number(received: Column) -> Column:
    """`14075.0` → `14075`; null for a guest."""
    return F.regexp_replace(given(received), r"\.0+$", "")


def order_lines(received: DataFrame, told: Context) -> DataFrame:
    """Adds the columns of `core_order_lines`, and `_user_id` and `_description`. Grain stays: one row per record."""
    raw = F.col("raw")
    ordered_at = F.to_utc_timestamp(F.try_to_timestamp(raw.InvoiceDate, F.lit("yyyy-MM-dd HH:mm:ss")), TIME_ZONE)
    in_file = Window.partitionBy("delivery_id", raw.InvoiceNo).orderBy("source_line")
    null = F.lit(None).cast("string")
    typed = (
        received.withColumn("source", F.lit(told.source))
        .withColumn("order_id", F.upper(given(raw.InvoiceNo)))
        .withColumn("line_no", F.row_number().over(in_file))
        .withColumn("ordered_at", ordered_at)
        .withColumn("ordered_date", F.to_date(ordered_at))
        .withColumn("item_id", F.upper(given(raw.StockCode)))
        .withColumn("quantity", whole(raw.Quantity))
        .withColumn("unit_price", money(raw.UnitPrice))
        .withColumn("line_type", line_type(F.col("order_id"), F.col("item_id"), F.col("quantity")))
        .withColumn("amount", F.col("quantity") * F.col("unit_price"))
        .withColumn("currency", F.lit("GBP"))
        .withColumn("_user_id", customer_number(raw.CustomerID))
        .withColumn("user_identifier_id", identifier_id(told, "user_id", F.col("_user_id")))
        .withColumn("email_identifier_id", null)
        .withColumn("country", given(raw.Country))
        .withColumn("channel", null)
        # Not said; the same customer's earlier purchase of the item would be a guess.
        .withColumn("returned_order_id", null)
        .withColumn("_description", given(raw.Description))
    )
    return refuse(
        typed,
        ("missing_field", "InvoiceNo", F.col("order_id").isNull()),
        ("missing_field", "StockCode", F.col("item_id").isNull()),
        ("bad_time", "InvoiceDate", F.col("ordered_at").isNull()),
        ("bad_number", "Quantity", F.col("quantity").isNull()),
        ("bad_number", "UnitPrice", F.col("unit_price").isNull()),
    )


def items(lines: DataFrame, _held: DataFrame | None) -> DataFrame:
    """The catalogue that this shop does not hand over, read off its lines. Grain: one row per item.

    Title and price are the latest said; an item is recommendable when it is goods and was ever sold for money.
    """
    sold = F.col("line_type").isin("sale", "charge") & (F.col("unit_price") > 0)
    when = F.struct("ordered_at", "first_received")
    known = lines.groupBy("item_id").agg(
        F.max_by(F.col("_description"), F.when(F.col("_description").isNotNull(), when)).alias("title"),
        F.max_by(F.col("unit_price"), F.when(sold, when)).alias("price"),
        F.coalesce(F.min(F.when(sold, F.col("ordered_at"))), F.min("ordered_at")).alias("first_seen_at"),
    )
    return known.select(
        "item_id", "title", F.lit(None).cast("array<string>").alias("category_path"), F.lit(None).cast("string").alias("brand"),
        "price", F.lit("GBP").alias("currency"), F.lit(None).cast("int").alias("n_stock"), F.lit(True).alias("is_in_stock"),
        F.lit(True).alias("is_consumable"),  # wholesalers' customers reorder what they sold
        (is_goods(F.col("item_id")) & F.col("price").isNotNull()).alias("is_recommendable"),
        F.lit(None).cast("map<string,string>").alias("attributes"), F.lit(None).cast("string").alias("image_url"),
        "first_seen_at", F.lit(None).cast("timestamp").alias("updated_at"),
    )  # fmt: skip


SOURCE = Source(
    name="online_retail",
    time_zone=TIME_ZONE,
    catalogue="online_retail",
    delivery=Folder(entity="lines", file_name="{day}.csv", closed_without_file=True),
    feeds=(
        Feed(
            entity="lines",
            pattern="*.csv",
            columns=COLUMNS,
            read=partial(csv_records, columns=COLUMNS),
            transform=order_lines,
            target=CORE_ORDER_LINES,
            sightings=(Sighting("user_id", "_user_id", "ordered_at"),),
        ),
    ),
    derivations=(Derivation(target=CORE_ITEMS, entity="lines", make=items, from_all=True),),
)
