"""UCI Online Retail as the daily export of a wholesaler: one CSV file a trading day with sales, returns and
corrections.

Facts of the file that the rules stand on: an invoice `C…` is a return, `A…` is book-keeping; a customer reads
`14075.0`; codes differ in letter case; times are London's without a zone; the shop is closed on days
without a file.
"""

from functools import partial

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from expectations.contracts.ids import UPPER
from expectations.contracts.lake import CORE_ITEMS, CORE_ORDER_LINES
from spark_jobs.ingest.column_limits import make_limit_rules
from spark_jobs.ingest.formats import read_csv_records
from spark_jobs.ingest.identifiers import hash_identifier_column
from spark_jobs.ingest.parse_values import (
    compute_line_amount,
    is_implausible_time,
    parse_int,
    parse_money,
    parse_timestamp,
    shop_date,
    trim_to_null,
)
from spark_jobs.ingest.reject_reasons import add_refusal_reasons
from spark_jobs.sources.declaration import (
    DerivedTable,
    Feed,
    IdentifierColumn,
    IdField,
    SharedFolder,
    Source,
    SourceContext,
)

COLUMNS = (
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
)
# Codes that stand for postage, fees, discounts, samples, vouchers and hand entries: counted as money, never
# recommended.
NOT_GOODS = ("POST", "DOT", "M", "C2", "D", "S", "BANK CHARGES", "AMAZONFEE", "CRUK", "B", "PADS")
VOUCHER = "GIFT_"
TITLE_LINES = 20  # an item's last sales that may name it: the newest name, and no single slip of the keyboard


def is_goods(item_id: Column) -> Column:
    """Whether a code is a good that can be shipped and recommended."""
    return ~item_id.isin(*NOT_GOODS) & ~item_id.startswith(VOUCHER)


def classify_line(order_id: Column, item_id: Column, quantity: Column, unit_price: Column) -> Column:
    """The type of a line; every line has one, and none is dropped for being odd.

    A return that gives nothing back and a price below zero are corrections by hand: neither counts as
    revenue. Nor is postage, a discount or a credit by hand a returned good because it stands on a `C…`
    invoice.
    """
    return (
        F.when(order_id.startswith("A"), "bookkeeping")
        .when(unit_price < 0, "adjustment")
        .when(order_id.startswith("C") & is_goods(item_id) & (quantity < 0), "return")
        .when(order_id.startswith("C"), "adjustment")
        .when(quantity <= 0, "adjustment")
        .when(is_goods(item_id), "sale")
        .otherwise("charge")
    )


def parse_customer_number(received: Column) -> Column:
    """The customer's number without its decimals, `14075.0` → `14075`; null for a guest."""
    return F.regexp_replace(trim_to_null(received), r"\.0+$", "")


def transform_order_lines(received: DataFrame, context: SourceContext) -> DataFrame:
    """Adds the columns of `core_order_lines`, and `_user_id`. Grain stays: one row per record."""
    raw = F.col("raw")
    in_file = Window.partitionBy("delivery_id", "order_id").orderBy("source_line")
    null = F.lit(None).cast("string")
    typed = (
        received.withColumn("source", F.lit(context.source))
        .withColumn("order_id", trim_to_null(raw.InvoiceNo))
        .withColumn("line_no", F.row_number().over(in_file))
        .withColumn("ordered_at", parse_timestamp(raw.InvoiceDate, context.time_zone))
        .withColumn("ordered_date", shop_date(F.col("ordered_at"), context.time_zone))
        .withColumn("item_id", trim_to_null(raw.StockCode))
        .withColumn("quantity", parse_int(raw.Quantity))
        .withColumn("unit_price", parse_money(raw.UnitPrice))
        .withColumn(
            "line_type",
            classify_line(*(F.col(name) for name in ("order_id", "item_id", "quantity", "unit_price"))),
        )
        .withColumn("amount", compute_line_amount(F.col("quantity"), F.col("unit_price")))
        .withColumn("currency", F.lit("GBP"))
        .withColumn("_user_id", parse_customer_number(raw.CustomerID))
        .withColumn("user_identifier_id", hash_identifier_column(context, "user_id", F.col("_user_id")))
        .withColumn("email_identifier_id", null)
        .withColumn("country", trim_to_null(raw.Country))
        .withColumn("channel", null)
        # Unknown; the same customer's earlier purchase of the item would be a guess.
        .withColumn("returned_order_id", null)
        .withColumn("item_title", trim_to_null(raw.Description))
    )
    impossible = is_implausible_time(F.col("ordered_at"), F.col("landing_date"), context.time_zone)
    return add_refusal_reasons(
        typed,
        ("missing_field", "InvoiceNo", F.col("order_id").isNull()),
        ("missing_field", "StockCode", F.col("item_id").isNull()),
        ("bad_time", "InvoiceDate", F.col("ordered_at").isNull() | impossible),
        ("bad_number", "Quantity", F.col("quantity").isNull()),
        ("bad_number", "UnitPrice", F.col("unit_price").isNull()),
        *make_limit_rules(CORE_ORDER_LINES, typed.columns),
        ("bad_number", "Quantity × UnitPrice", F.col("amount").isNull()),
    )


def select_item_titles(sold: DataFrame) -> DataFrame:
    """The title of each item: the most frequent of its last `TITLE_LINES` sales, of equals the newest.

    Args:
        sold: sold lines, without stock corrections, whose descriptions are `damages` and `?`.
    """
    newest_first = Window.partitionBy("item_id").orderBy(F.desc("ordered_at"), F.desc("first_received"))
    last = sold.where("item_title is not null").withColumn("_place", F.row_number().over(newest_first))
    counted = (
        last.where(F.col("_place") <= TITLE_LINES)
        .groupBy("item_id", "item_title")
        .agg(F.count("*").alias("_n"), F.min("_place").alias("_newest"))
    )
    return counted.groupBy("item_id").agg(
        F.max_by("item_title", F.struct("_n", -F.col("_newest"))).alias("title")
    )


def derive_items(lines: DataFrame, previous: DataFrame | None) -> DataFrame:
    """The catalogue, derived from sales. Grain: one row per item that any line names.

    The title is that of most of the last sales, the price that of the latest; an item is recommendable when
    it is goods and was ever sold for money. `updated_at` is the time of the latest line that names it,
    `first_seen_at` that of its first sale.

    Args:
        lines: all rows of `core_order_lines` of this source.
        previous: the items before this run. Lines ingested before the table had `item_title` have none, and
            the item keeps its own.
    """
    is_sold = F.col("line_type").isin("sale", "charge") & (F.col("unit_price") > 0)
    when = F.struct("ordered_at", "first_received")
    known = lines.groupBy("item_id").agg(
        F.max_by(F.col("unit_price"), F.when(is_sold, when)).alias("price"),
        F.min(F.when(is_sold, F.col("ordered_at"))).alias("first_sold_at"),
        F.min("ordered_at").alias("first_named_at"),
        F.max("ordered_at").alias("updated_at"),
    )
    known = known.join(select_item_titles(lines.where(is_sold)), "item_id", "left")
    if previous is not None:
        known = known.join(
            previous.select("item_id", F.col("title").alias("_held_title")), "item_id", "left"
        ).withColumn("title", F.coalesce("title", F.when(F.col("price").isNotNull(), F.col("_held_title"))))
    goods = is_goods(F.col("item_id"))
    return known.select(
        "item_id",
        "title",
        F.lit(None).cast("array<string>").alias("category_path"),
        F.lit(None).cast("string").alias("brand"),
        "price",
        F.lit("GBP").alias("currency"),
        F.lit(None).cast("int").alias("n_stock"),
        F.lit(True).alias("is_in_stock"),
        F.lit(True).alias("is_consumable"),  # wholesalers' customers reorder what they sold
        goods.alias("is_goods"),
        (goods & F.col("price").isNotNull() & F.col("title").isNotNull()).alias("is_recommendable"),
        F.lit(None).cast("map<string,string>").alias("attributes"),
        F.lit(None).cast("string").alias("image_url"),
        F.coalesce("first_sold_at", "first_named_at").alias("first_seen_at"),
        "updated_at",
        F.lit(None).cast("date").alias("ended_on"),  # no file is a whole catalogue
    )


SOURCE = Source(
    name="online_retail",
    time_zone="Europe/London",
    catalogue="online_retail",
    item_case=UPPER,
    origin=SharedFolder(entity="lines", file_name="{day}.csv", may_skip_days=True),
    feeds=(
        Feed(
            entity="lines",
            file_pattern="*.csv",
            columns=COLUMNS,
            read_records=partial(read_csv_records, columns=COLUMNS),
            transform=transform_order_lines,
            target=CORE_ORDER_LINES,
            position_column="line_no",
            identifiers=(IdentifierColumn("user_id", "_user_id", "ordered_at"),),
            id_fields=(
                IdField("order_id", "InvoiceNo", UPPER),
                IdField("item_id", "StockCode", UPPER),
                IdField("user_id", "CustomerID"),
                IdField("country", "Country"),
            ),
        ),
    ),
    derived_tables=(
        DerivedTable(
            target=CORE_ITEMS,
            entity="lines",
            derive_rows=derive_items,
            compared_table=CORE_ITEMS,
            reads_target=True,
        ),
    ),
)
