"""What somebody decided about two identifiers: the file as rows of the lake, and as links, refusals and splits."""

from collections.abc import Iterable

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_jobs.identify.links import DECIDED, PAIR, SEEN


def ends(decisions: DataFrame, word: str, identifiers: DataFrame) -> DataFrame:
    """The decisions of this word in force, a < b, one row per pair of identifiers that were seen."""
    a, b = (F.col(name) for name in PAIR)
    known = identifiers.select("identifier_id")
    return (
        decisions.where((F.col("decision") == word) & F.col("is_in_force"))
        .select(F.least(a, b).alias(PAIR[0]), F.greatest(a, b).alias(PAIR[1]), "decision_id", "decided_at")
        .join(known.withColumnRenamed("identifier_id", PAIR[0]), on=PAIR[0], how="left_semi")
        .join(known.withColumnRenamed("identifier_id", PAIR[1]), on=PAIR[1], how="left_semi")
    )


def joined(decisions: DataFrame, identifiers: DataFrame) -> DataFrame:
    """A link for each pair that somebody said is one customer."""
    return ends(decisions, "join", identifiers).select(
        *PAIR, F.lit(DECIDED).alias("rule"), F.concat(F.lit("core_identity_decisions/"), "decision_id").alias("evidence"),
        F.lit(SEEN).alias("weight"), F.col("decided_at").alias("first_seen_at"),
    )  # fmt: skip


def rows(decisions: Iterable, in_force: Iterable) -> list[dict]:
    """Decisions in the columns of `core_identity_decisions`, identifiers as they were written."""
    holding = {each.decision_id for each in in_force}
    return [
        {
            "decision_id": each.decision_id, "decided_at": each.decided_at, "decision": each.decision,
            "identifier_id_a": each.identifier_a, "identifier_id_b": each.identifier_b, "decided_by": each.decided_by,
            "reason": each.reason, "is_in_force": each.decision_id in holding,
        }
        for each in decisions
    ]  # fmt: skip
