"""Whose each identifier is: `customer_id` as a pure function of the cluster, never of the order in which it was learned."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from spark_jobs.identify.components import components


def founded_by(identifier: Column) -> Column:
    """`expectations.contracts.identifiers.customer_id`, as a column."""
    return F.concat(F.lit("c_"), F.substring(F.sha2(identifier, 256), 1, 24))


def identities(identifiers: DataFrame, links: DataFrame) -> DataFrame:
    """Grain: one row per identifier, singletons too; columns of `core_identities`.

    Args:
        identifiers: `core_identifiers`; the earliest of a cluster (first seen, then kind, then value) founds it.
        links: `core_identity_links`; those with a positive weight are followed.
    """
    followed = links.where("weight > 0").selectExpr("identifier_id_a as a", "identifier_id_b as b")
    if followed.isEmpty():
        return identifiers.select("identifier_id", founded_by(F.col("identifier_id")).alias("customer_id"))
    reached = components(followed).withColumnRenamed("node", "identifier_id")
    age = F.struct("first_seen_at", "kind", "value_normalised", "identifier_id")  # the id last: two sources may share a value
    cluster = Window.partitionBy("cluster")
    return (
        identifiers.join(reached, on="identifier_id", how="left")
        .withColumn("cluster", F.coalesce("root", "identifier_id"))
        .withColumn("founder", F.min(age).over(cluster)["identifier_id"])
        .select("identifier_id", founded_by(F.col("founder")).alias("customer_id"))
    )
