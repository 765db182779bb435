"""The customer of each identifier: `customer_id` is a function of the cluster alone, not of the order in
which its links arrived.
"""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F


def build_customer_id_column(identifier: Column) -> Column:
    """`expectations.contracts.identifiers.derive_customer_id`, as a column."""
    return F.concat(F.lit("c_"), F.substring(F.sha2(identifier, 256), 1, 24))


def assign_customers(identifiers: DataFrame, reached: DataFrame, blocked: DataFrame) -> DataFrame:
    """One row per identifier that is not blocked, singletons too; columns of `core_identities`.

    Args:
        identifiers: `core_identifiers`; the earliest of a cluster (first seen, then kind, then value) founds
            it.
        reached: `node, root` of identifiers that are in a cluster with others, as `cluster_identifiers` gives
            them.
        blocked: `identifier_id` of those that an identity rule blocks: they are no customer.
    """
    # the id last: two sources may share a value
    age = F.struct("first_seen_at", "kind", "value_normalised", "identifier_id")
    cluster = Window.partitionBy("cluster")
    return (
        identifiers.join(blocked, on="identifier_id", how="left_anti")
        .join(reached.withColumnRenamed("node", "identifier_id"), on="identifier_id", how="left")
        .withColumn("cluster", F.coalesce("root", "identifier_id"))
        .withColumn("founder", F.min(age).over(cluster)["identifier_id"])
        .select("identifier_id", build_customer_id_column(F.col("founder")).alias("customer_id"))
    )
