"""Frames of rows that are at hand already."""

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import from_arrow_schema


def convert_arrow_to_spark(spark: SparkSession, table: pa.Table) -> DataFrame:
    """An Arrow table as a frame. Spark takes no empty one, and reads no further than the first empty batch of
    one (4.1), so it gets whole columns.
    """
    rows = table.combine_chunks() if table.num_rows else []
    return spark.createDataFrame(rows, from_arrow_schema(table.schema))
