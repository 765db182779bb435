"""Changes of customer ids between two runs, with their reasons; and how an id of any age is resolved.

An id belongs to its founder, the identifier it was hashed from, and goes where the founder goes. So a run
has at most one row per id: `merged` (its identifiers joined another customer's), `renamed` (late data showed
an earlier identifier), `split` (its identifiers went to several customers; it follows its founder), `retired`
(all its identifiers are blocked now), or `created` (it was not current the run before). Live ids
after a run = live ids before + created - merged - renamed - split away - retired.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_jobs.identify.graph.customers import build_customer_id_column


def resolve_customer_id(changes: Iterable[Mapping], old_id: str) -> str:
    """The customer id that an id of any age stands for after these changes; itself when they say nothing of
    it.

    Follows only ever later rows, so an id that was retired, came back and was retired again ends where it
    should, and nothing can go round in a circle.

    Args:
        changes: rows of `core_identity_changes` in any order (`change_id`, `customer_id`, `to_customer_id`).
        old_id: an id issued at any time.
    """
    last: dict[str, tuple[str, str]] = {}
    for change in changes:
        row = (parse_change_sequence(change["change_id"]), change["to_customer_id"])
        last[change["customer_id"]] = max(last.get(change["customer_id"], row), row)
    sequence, here = "", old_id
    while here in last and last[here][0] > sequence:
        sequence, here = last[here]
    return here


def parse_change_sequence(change_id: str) -> str:
    """The part of a change id that grows by one with each version of `core_identities`."""
    return change_id.split("-")[0]


def compare_identities(before: DataFrame, after: DataFrame) -> DataFrame:
    """One row per identifier of either run: `identifier_id`, and its customers `was` and `now` (null where it
    was not known).
    """
    return before.withColumnRenamed("customer_id", "was").join(
        after.withColumnRenamed("customer_id", "now"), on="identifier_id", how="full"
    )


def select_created_ids(moves: DataFrame) -> DataFrame:
    """One row per id that is current and was not: `created`, with the origin of its identifiers."""
    known = moves.where("was is not null").select(F.col("was").alias("now")).distinct()
    return (
        moves.where("now is not null")
        .groupBy("now")
        .agg(
            F.min("was").alias("from_id"),
            F.max(
                F.when(
                    build_customer_id_column(F.col("identifier_id")) == F.col("now"), F.col("identifier_id")
                )
            ).alias("founder"),
        )
        .join(known, on="now", how="left_anti")
        .select(
            F.lit("created").alias("change"),
            F.col("now").alias("customer_id"),
            F.col("now").alias("to_customer_id"),
            F.coalesce(
                F.concat(F.lit("identifiers of "), "from_id"),
                F.concat(F.lit("first sighting of "), "founder"),
            ).alias("because"),
        )
    )


def select_moved_ids(moves: DataFrame) -> DataFrame:
    """One row per id whose identifiers moved away: `change`, `customer_id`, `to_customer_id`, `is_orphan`
    (its founder is blocked).
    """
    is_founder = build_customer_id_column(F.col("identifier_id")) == F.col("was")
    goes_to = F.max(F.when(is_founder, F.col("now")))
    old = (
        moves.where("was is not null")
        .groupBy("was")
        .agg(
            F.countDistinct("now").alias("n_parts"),
            F.coalesce(goes_to, F.min("now"), F.col("was")).alias("to"),
            F.bool_or(~F.col("was").eqNullSafe(F.col("now"))).alias("has_moved"),
            F.bool_or(is_founder & F.col("now").isNull()).alias("is_orphan"),
        )
        .where("has_moved and not (n_parts = 1 and to = was)")
    )
    sources = (
        moves.where("was is not null and now is not null")
        .groupBy(F.col("now").alias("to"))
        .agg(F.countDistinct("was").alias("n_sources"))
    )
    kind = (
        F.when(F.col("n_parts") == 0, "retired")
        .when(F.col("n_parts") > 1, "split")
        .when(F.col("n_sources") > 1, "merged")
        .otherwise("renamed")
    )
    return old.join(sources, on="to", how="left").select(
        kind.alias("change"),
        F.col("was").alias("customer_id"),
        F.col("to").alias("to_customer_id"),
        "is_orphan",
    )


def reassign_retired_ids(moves: DataFrame, changed: DataFrame, issued: DataFrame) -> DataFrame:
    """One row per id retired earlier whose founder parts from the id it was merged into: the id follows its
    founder.
    """
    followed = changed.select(F.col("customer_id").alias("was"), F.col("to_customer_id").alias("heir"))
    current = moves.where("was is not null").select(F.col("was").alias("customer_id")).distinct()
    return (
        moves.where("was <> now")
        .withColumn("customer_id", build_customer_id_column(F.col("identifier_id")))
        .join(issued, on="customer_id", how="left_semi")
        .join(current, on="customer_id", how="left_anti")
        .join(followed, on="was", how="left")
        .where("now <> coalesce(heir, was) and now <> customer_id")
        .select(
            F.lit("split").alias("change"),
            "customer_id",
            F.col("now").alias("to_customer_id"),
            F.concat(F.lit("parted from "), "was").alias("because"),
        )
    )


def find_reason_links(moves: DataFrame, links_before: DataFrame, links_now: DataFrame) -> DataFrame:
    """The earliest links that explain the change of an id.

    Grain: one row per `customer_id` and `is_now`: a link of this run that leads out of what was the customer
    (it joined), or one of the run before whose ends have parted (it is followed no more); `link` is `<rule>
    <evidence>`.
    """
    a, b = F.col("identifier_id_a"), F.col("identifier_id_b")
    both = F.array(*[F.struct(x.alias("identifier_id"), y.alias("other_id")) for x, y in ((a, b), (b, a))])
    there = moves.select(
        F.col("identifier_id").alias("other_id"),
        F.col("was").alias("other_was"),
        F.col("now").alias("other_now"),
    )
    were_one, are_one = (
        F.col("was").eqNullSafe(F.col("other_was")),
        F.col("now").eqNullSafe(F.col("other_now")),
    )
    return (
        links_now.withColumn("is_now", F.lit(True))
        .unionByName(links_before.withColumn("is_now", F.lit(False)))
        .where("is_followed")
        .select(
            "is_now",
            F.explode(both).alias("ends"),
            F.struct("first_seen_at", "rule", "evidence").alias("link"),
        )
        .select("is_now", "ends.*", "link")
        .join(moves.where("was is not null"), on="identifier_id", how="inner")
        .join(there, on="other_id", how="inner")
        .where(F.when(F.col("is_now"), ~were_one & are_one).otherwise(were_one & ~are_one))
        .groupBy(F.col("was").alias("customer_id"), "is_now")
        .agg(F.min("link").alias("link"))
        .select("customer_id", "is_now", F.concat_ws(" ", "link.rule", "link.evidence").alias("link"))
    )


def add_change_reasons(changed: DataFrame, reason_links: DataFrame) -> DataFrame:
    """`changed` with `because`: the link that joined, the link that is no longer followed, an earlier
    sighting, or a rule.
    """
    parted = F.coalesce(F.concat(F.lit("no longer followed: "), "link"), F.lit("an identifier is gone"))
    founder = F.when(F.col("is_orphan"), "nobody stands behind the identifier that founded it")
    joined = F.coalesce("link", founder, F.lit("an earlier sighting of one of its identifiers"))
    because = F.when(F.col("change") == "retired", "nobody stands behind its identifiers").otherwise(
        F.when(F.col("is_now"), joined).otherwise(parted)
    )
    return (
        changed.withColumn("is_now", F.col("change") != "split")
        .join(reason_links, on=["customer_id", "is_now"], how="left")
        .select("change", "customer_id", "to_customer_id", because.alias("because"))
    )


@dataclass(frozen=True)
class ChangeStamp:
    """What all changes of one run carry.

    Attributes:
        sequence: grows with every version of `core_identities`; orders the log, and makes `change_id` the
            same when repeated.
        landing_date: the newest landing date of the run.
    """

    sequence: int
    landing_date: date
    run_id: str


def build_identity_changes(
    moves: DataFrame, issued: DataFrame, links_before: DataFrame, links_now: DataFrame, stamp: ChangeStamp
) -> DataFrame:
    """The rows that a run adds to `core_identity_changes`.

    Args:
        moves: as `compare_identities` gives it.
        issued: `customer_id`, every id the log ever created.
        links_before, links_now: `core_identity_links` of the run before and of this one.
    """
    rows, changed = select_created_ids(moves), select_moved_ids(moves).localCheckpoint()
    kinds = {row["change"] for row in changed.select("change").distinct().collect()}
    if kinds:  # most nights only add customers
        rows = rows.unionByName(
            add_change_reasons(changed, find_reason_links(moves, links_before, links_now))
        )
    if "split" in kinds:
        rows = rows.unionByName(reassign_retired_ids(moves, changed, issued))
    number = F.concat(F.lit(f"{stamp.sequence:010d}-"), F.substring(F.sha2("customer_id", 256), 1, 16))
    return rows.select(
        number.alias("change_id"),
        "change",
        "customer_id",
        "to_customer_id",
        "because",
        F.lit(stamp.landing_date).alias("landing_date"),
        F.lit(stamp.run_id).alias("run_id"),
    )
