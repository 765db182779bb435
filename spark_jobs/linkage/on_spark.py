"""Linkage on Spark, for more records than one process compares: blocking as joins, scoring in tasks.

A task scores its share of the candidate pairs as `link_all_records` does, by DuckDB and Splink in its own
process: a pair's score, weight and agreements depend on the two records and the model alone, so the pairs are
exactly those of one machine. Cleaning the records and clustering stay there; both are linear in records and
in pairs above the floor.
"""

from collections.abc import Iterator, Sequence
from functools import reduce

import duckdb
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_jobs.linkage.candidate_pairs import EXPLODED_BOTH, EXPLODED_ONE
from spark_jobs.linkage.link import LINKED_PAIRS_COLUMNS, score_candidate_pairs, store_linked_pairs
from spark_jobs.linkage.model import LinkageModel
from spark_jobs.linkage.profile import BlockingRule
from spark_jobs.linkage.shop_profile import SHOP_PEOPLE

COLUMNS = "key_l string, key_r string, score double, match_weight double, agreements map<string,string>"


def explode_blocking_columns(people: DataFrame, rule: BlockingRule, left: bool) -> DataFrame:
    """`idx` and the rule's columns, all filled; a list gives one row per element, as in `pairs`."""
    frame, names = people, []
    for column in rule:
        source = EXPLODED_ONE[column] if not left and column in EXPLODED_ONE else column
        exploded = column in EXPLODED_BOTH or (left and column in EXPLODED_ONE)
        value = F.explode(F.array_distinct(F.col(source))) if exploded else F.col(source)
        frame, names = frame.select("*", value.alias(f"_{column}")), [*names, f"_{column}"]
    return frame.select("idx", *names).dropna(subset=names)


def join_candidate_pairs(people: DataFrame, rules: Sequence[BlockingRule]) -> DataFrame:
    """Candidate pairs `l` < `r`, each once."""
    joined = []
    for rule in rules:
        left, right = (
            explode_blocking_columns(people, rule, True),
            explode_blocking_columns(people, rule, False),
        )
        pairs = left.withColumnRenamed("idx", "a").join(
            right.withColumnRenamed("idx", "b"), [f"_{c}" for c in rule], how="inner"
        )
        joined.append(
            pairs.where("a <> b").select(F.least("a", "b").alias("l"), F.greatest("a", "b").alias("r"))
        )
    return reduce(DataFrame.union, joined).distinct()


def score_pairs_on_spark(people: DataFrame, model: LinkageModel, n_tasks: int) -> DataFrame:
    """The rows of `linked_pairs`.

    Args:
        people: the columns of the table that `people.build_people_table` writes; `source_hash` is not needed.
        n_tasks: how many shares; each costs a second before its first pair, and 1,000,000 pairs are about
            half a GB.
    """
    record = F.struct(*people.columns)
    pairs = (
        join_candidate_pairs(people, SHOP_PEOPLE.blocking)
        .join(people.select(F.col("idx").alias("l"), record.alias("a")), "l", how="inner")
        .join(people.select(F.col("idx").alias("r"), record.alias("b")), "r", how="inner")
    )

    def link_share(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        shares = list(batches)
        if not shares:
            return
        with duckdb.connect(config={"threads": 1}) as con:
            con.register("share", pa.Table.from_batches(shares))
            con.execute("create table pairs as select l, r from share")
            con.execute(
                "create table people as select distinct on (idx) * from (select a.* from share union all"
                " select b.* from share)"
            )
            con.unregister("share")
            con.execute(f"create table linked_pairs {LINKED_PAIRS_COLUMNS}")
            store_linked_pairs(con, model, "people", *score_candidate_pairs(con, model, "people"))
            yield from con.sql("from linked_pairs").to_arrow_table().to_batches()

    return pairs.repartition(n_tasks, "l").mapInArrow(link_share, COLUMNS)
