"""From links that may be followed to clusters: connected components, and a replay of those beyond a limit.

A group within a component holds no more of anything than the component, so where the whole breaks no limit
and parts no pair that was decided to be two, no step of a replay would: components are the replay's answer,
at the price of a few joins. The rest (a robot's thousand cookies, two accounts on one card) is replayed link
by link, each component in one task.
"""

from functools import reduce

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from expectations.contracts.identity_rules import IdentityRules
from spark_jobs.identify.graph.components import find_components
from spark_jobs.identify.graph.links import PAIR_COLUMNS
from spark_jobs.identify.rules.replay import IdentifierNode, Link, replay_links

REPLAY_COLUMNS = (
    "identifier_id_a string, identifier_id_b string, rule string, held_by string, root_a string, root_b"
    " string"
)
_SCHEMA = pa.schema([(column.split()[0], pa.string()) for column in REPLAY_COLUMNS.split(", ")])


def find_components_beyond_limits(
    reached: DataFrame, identifiers: DataFrame, splits: DataFrame, rules: IdentityRules
) -> DataFrame:
    """`root` of the components that hold more than one person may, or both ends of a split.

    A limit over a window counts here without its window: who is below is below in any window, and the replay
    looks closer.
    """
    most = F.create_map(*(F.lit(part) for limit in rules.limits for part in (limit.kind, limit.at_most)))
    too_many = (
        reached.join(identifiers.withColumnRenamed("identifier_id", "node"), on="node", how="inner")
        .groupBy("root", "kind", "source")
        .agg(F.count(F.lit(1)).alias("n"))
        .where(F.col("n") > most[F.col("kind")])
        .select("root")
    )
    ends = [
        reached.select(F.col("node").alias(f"identifier_id_{end}"), F.col("root").alias(f"root_{end}"))
        for end in "ab"
    ]
    torn = (
        splits.join(ends[0], on="identifier_id_a", how="inner")
        .join(ends[1], on="identifier_id_b", how="inner")
        .where("root_a = root_b")
        .select(F.col("root_a").alias("root"))
    )
    return too_many.unionAll(torn).distinct()


def replay_components(
    open_: DataFrame,
    over: DataFrame,
    reached: DataFrame,
    identifiers: DataFrame,
    splits: list,
    rules: IdentityRules,
):
    """The links of these components after a replay, in the columns of REPLAY_COLUMNS."""
    inside = reached.join(over, on="root", how="left_semi").join(
        identifiers.select(
            F.col("identifier_id").alias("node"), "kind", "source", F.col("first_seen_at").alias("born_at")
        ),
        on="node",
        how="inner",
    )

    def end(letter: str) -> DataFrame:
        about = F.struct("kind", "source", "born_at").alias(f"node_{letter}")
        root = [F.col("root")] if letter == "a" else []
        return inside.select(F.col("node").alias(f"identifier_id_{letter}"), about, *root)

    both = open_.join(end("a"), on="identifier_id_a", how="inner").join(
        end("b"), on="identifier_id_b", how="inner"
    )

    def one(table: pa.Table) -> pa.Table:
        nodes, links = {}, []
        for row in table.to_pylist():
            for letter in "ab":
                about = row[f"node_{letter}"]
                nodes[row[f"identifier_id_{letter}"]] = IdentifierNode(
                    about["kind"], about["source"], about["born_at"]
                )
            links.append(
                Link(
                    row["identifier_id_a"],
                    row["identifier_id_b"],
                    row["rule"],
                    row["evidence"],
                    row["weight"],
                    row["first_seen_at"],
                )
            )
        result = replay_links(links, nodes, rules, splits)
        rows = [
            dict(
                zip(
                    _SCHEMA.names,
                    (x.a, x.b, x.rule, result.held.get(x), result.roots[x.a], result.roots[x.b]),
                    strict=True,
                )
            )
            for x in links
        ]
        return pa.Table.from_pylist(rows, schema=_SCHEMA)

    return both.groupBy("root").applyInArrow(one, REPLAY_COLUMNS)


def cluster_identifiers(
    links: DataFrame, identifiers: DataFrame, splits: DataFrame, rules: IdentityRules
) -> tuple[DataFrame, DataFrame]:
    """Clusters of identifiers by the links that may be followed.

    Args:
        links: with `held_by`, as `mark_held_links` gives them.
        identifiers: `core_identifiers`.
        splits: `identifier_id_a, identifier_id_b`: pairs that a decision splits.

    Returns:
        The links in the columns of `core_identity_links`; and `node, root`: for each identifier that can
        reach another, the smallest of its cluster.
    """
    open_ = links.where("held_by is null")
    reached = find_components(
        open_.selectExpr("identifier_id_a as a", "identifier_id_b as b")
    ).localCheckpoint()
    over = find_components_beyond_limits(reached, identifiers, splits, rules).localCheckpoint()
    if not over.isEmpty():
        pairs = [tuple(row) for row in splits.select(*PAIR_COLUMNS).collect()]
        again = replay_components(open_, over, reached, identifiers, pairs, rules).localCheckpoint()
        parted = again.select(
            "identifier_id_a", "identifier_id_b", "rule", F.col("held_by").alias("by_limit")
        )
        links = (
            links.join(parted, on=["identifier_id_a", "identifier_id_b", "rule"], how="left")
            .withColumn("held_by", F.coalesce("held_by", "by_limit"))
            .drop("by_limit")
        )
        roots = reduce(
            DataFrame.unionAll, (again.select(f"identifier_id_{end}", f"root_{end}") for end in "ab")
        )
        reached = (
            reached.join(over, on="root", how="left_anti").select("node", "root").unionAll(roots.distinct())
        )
    followed: Column = F.col("held_by").isNull()
    return (
        links.withColumn("is_followed", followed).select(
            "identifier_id_a",
            "identifier_id_b",
            "rule",
            "evidence",
            "weight",
            "is_followed",
            "held_by",
            "first_seen_at",
        ),
        reached,
    )
