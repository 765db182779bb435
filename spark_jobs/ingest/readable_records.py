"""The records of a delivery that could be read, as the raw table keeps them."""

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame

PLACE_COLUMNS = ("source_file", "source_line", "delivery_id", "landing_date")


def select_readable(typed: DataFrame) -> DataFrame:
    """The records as received, with their places, in the columns of the raw table."""
    first_rows = typed.where("received is not null and _row_no = 1")
    return first_rows.select("received.*", *PLACE_COLUMNS, "wrong_kinds")


def select_few_readable(typed: pa.Table) -> pa.Table:
    """As `select_readable`, of records in memory."""
    is_readable = pc.and_(pc.is_valid(typed["received"]), pc.equal(typed["_row_no"], 1))
    rows = typed.filter(is_readable).select(["received", *PLACE_COLUMNS, "wrong_kinds"]).flatten()
    return rows.rename_columns([name.removeprefix("received.") for name in rows.column_names])
