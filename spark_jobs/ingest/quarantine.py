"""Writes what feeds refused, and what of accepted records could not be read, to `quarantine`."""

from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.contracts.lake import QUARANTINE
from spark_jobs.ingest.feed_ingest import FeedIngest
from spark_jobs.ingest.read_files import BAD_ID
from spark_jobs.ingest.readable_records import PLACE_COLUMNS
from spark_jobs.ingest.table_reports import make_table_report
from spark_jobs.lake.delta_writes import MAX_ROWS_IN_MEMORY
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import TableReport

DOUBT_REASON = "bad_value"  # the reason code of an accepted record in doubt, where no id is the cause


def write_quarantine(lake: Lake, finished: list[FeedIngest]) -> list[TableReport]:
    """Write the refused records of all feeds, and the accepted ones in doubt, in one commit."""
    refusing = [ingest for ingest in finished if ingest.counts.n_quarantined or ingest.counts.n_doubtful]
    if not refusing:
        return []
    rows = reduce(DataFrame.unionByName, [select_quarantined(ingest) for ingest in refusing])
    days = min(ingest.days[0] for ingest in refusing), max(ingest.days[1] for ingest in refusing)
    n_rows = sum(ingest.counts.n_quarantined + ingest.counts.n_doubtful for ingest in refusing)
    if n_rows <= MAX_ROWS_IN_MEMORY:
        rows = rows.toArrow()
    replaced = " or ".join(f"({ingest.delivery_filter})" for ingest in refusing)
    result = lake.rewrite_days(rows, QUARANTINE, days, replaced)
    reasons = {f"{ingest.source.name}.{ingest.feed.entity}": ingest.counts.by_reason for ingest in refusing}
    return [make_table_report(QUARANTINE.name, result, n_rows=n_rows, detail={"reasons": reasons})]


def select_quarantined(ingest: FeedIngest) -> DataFrame:
    """The refused records of a feed and those in doubt, in the columns of `quarantine`."""
    is_refused = F.col("reason").isNotNull()
    rows = ingest.typed.where("_row_no = 1").where(is_refused | F.col("_doubt").isNotNull())
    doubt_reason = F.when(F.col("id_doubt").isNotNull(), BAD_ID).otherwise(DOUBT_REASON)
    return rows.select(
        F.lit(ingest.source.name).alias("source"),
        F.lit(ingest.feed.entity).alias("entity"),
        *PLACE_COLUMNS,
        "raw_text",
        F.coalesce("reason", doubt_reason).alias("reason"),
        F.when(is_refused, F.col("detail")).otherwise(F.col("_doubt")).alias("detail"),
    )
