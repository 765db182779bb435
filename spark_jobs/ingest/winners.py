"""Of records that say the same thing, which one a table holds. The answer is the same in whatever order nights are run."""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from expectations.contracts.tables import Table


def first(records: DataFrame, table: Table) -> DataFrame:
    """Of each key the record that was received first: events and order lines are facts, a repeat adds nothing."""
    by_arrival = Window.partitionBy(*table.key).orderBy("first_received")
    return records.withColumn("_rank", F.row_number().over(by_arrival)).where("_rank = 1").drop("_rank")
