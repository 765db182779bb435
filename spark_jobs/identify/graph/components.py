"""Connected components on Spark, by alternating stars (Kiveris et al., "Connected Components in MapReduce and
Beyond", 2014).

Each half round hangs every neighbour on the smallest one known; after O(log² n) rounds at worst, and three or
four for what a shop's identities look like, every component is a star whose centre is its smallest node. Each
round is cut from its plan by `localCheckpoint`: without it the plan doubles per round and the tenth never
starts.
"""

import logging

from pyspark.sql import DataFrame, Observation, Window
from pyspark.sql import functions as F

logger = logging.getLogger(__name__)
MAX_ROUNDS = (
    60  # log² of four million nodes is 484 at the theoretical worst; a chain of a million takes under 20
)


def apply_large_star(edges: DataFrame) -> DataFrame:
    """Hang each node's larger neighbours on its smallest neighbour (or itself). Edges are `(high, low)`, high
    > low.
    """
    both = edges.select(F.col("high").alias("u"), F.col("low").alias("v")).unionAll(
        edges.select("low", "high")
    )
    smallest = F.least(F.col("u"), F.min("v").over(Window.partitionBy("u")))
    return (
        both.select("u", "v", smallest.alias("low"))
        .where("v > u")
        .select(F.col("v").alias("high"), "low")
        .distinct()
    )


def apply_small_star(edges: DataFrame) -> DataFrame:
    """Hang each node and its smaller neighbours on the smallest of them."""
    smallest = F.min("low").over(Window.partitionBy("high"))
    hung = edges.select("high", "low", smallest.alias("least"))
    return (
        hung.select(F.explode(F.array("high", "low")).alias("high"), F.col("least").alias("low"))
        .where("high <> low")
        .distinct()
    )


def checkpoint_edges(edges: DataFrame) -> tuple[DataFrame, tuple]:
    """The edges computed and cut from their plan, and their number and sum of hashes: equal for equal sets.

    Both in one job, because of a small graph's round most is the starting of jobs.
    """
    observation = Observation()
    counted = edges.observe(
        observation,
        F.count(F.lit(1)).alias("n"),
        F.sum(F.xxhash64("high", "low").cast("decimal(38,0)")).alias("sum"),
    )
    return counted.localCheckpoint(), (observation.get["n"], observation.get["sum"])


def find_components(pairs: DataFrame) -> DataFrame:
    """One row per node that has a neighbour: `node`, and `root`, the smallest node it can reach. Logs the
    number of its rounds.

    Args:
        pairs: two columns of one orderable type, `a` and `b`; direction, repeats and loops do not matter.

    Raises:
        RuntimeError: not settled after MAX_ROUNDS, which no graph that fits a lake can cause.
    """
    edges = (
        pairs.where("a <> b")
        .select(F.greatest("a", "b").alias("high"), F.least("a", "b").alias("low"))
        .distinct()
    )
    edges, before = checkpoint_edges(edges)
    for number in range(1, MAX_ROUNDS + 1):
        edges, after = checkpoint_edges(apply_small_star(apply_large_star(edges)))
        if after == before:
            logger.info("connected components settled in %d rounds", number)  # the last one changes nothing
            break
        before = after
    else:
        raise RuntimeError(f"connected components did not settle in {MAX_ROUNDS} rounds")
    roots = edges.select(F.col("low").alias("node"), F.col("low").alias("root")).distinct()
    return edges.select(F.col("high").alias("node"), F.col("low").alias("root")).unionAll(roots)
