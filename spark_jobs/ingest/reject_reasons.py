"""Adds to each record the reason why it is refused: the reader's, else the first rule it breaks."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from expectations.contracts.reasons import REASONS


def add_refusal_reasons(frame: DataFrame, *rules: tuple[str, str | Column, Column]) -> DataFrame:
    """Adds `reason` and `detail`, both null for an accepted record.

    Args:
        frame: typed records, with the reader's `unreadable` (struct of reason and detail).
        rules: reason code, field (never its value: people read details; a column where
            it depends on the record), and when it is broken.

    Raises:
        ValueError: a reason that is not declared.
    """
    unknown = sorted({reason for reason, _, _ in rules} - set(REASONS))
    if unknown:
        raise ValueError(
            f"undeclared reasons {unknown}; expectations/contracts/reasons.py declares {sorted(REASONS)}"
        )
    refusal = F.lit(None).cast("struct<reason:string,detail:string>")
    for reason, field, broken in reversed(rules):
        detail = F.lit(field) if isinstance(field, str) else field
        refusal = F.when(broken, F.struct(F.lit(reason).alias("reason"), detail.alias("detail"))).otherwise(
            refusal
        )
    return frame.withColumn("_refused", F.coalesce("unreadable", refusal)).withColumns(
        {name: F.col(f"_refused.{name}") for name in ("reason", "detail")}
    )
