"""What becomes of each row of a frame that is to be written over a table: inserted, updated, unchanged, kept or deleted."""

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F

from expectations.contracts.tables import ContractError, Table

CHANGING = ("inserted", "updated", "deleted")


def same(table: Table) -> Column:
    """Whether `new` and `old` hold the same values, nulls being equal. Maps have no equality: their sorted entries have."""

    def row(side: str) -> Column:
        return F.struct(
            *[
                F.array_sort(F.map_entries(F.col(f"{side}.{name}"))) if kind.startswith("map<") else F.col(f"{side}.{name}")
                for name, kind in table.columns.items()
            ]
        )

    return row("new").eqNullSafe(row("old"))


def compared(new: DataFrame, old: DataFrame | None, table: Table, update_when: str, delete_absent: bool) -> DataFrame:
    """The rows of both, matched by the table's key.

    Args:
        new: in contract columns, then `_counted`; unique by key.
        old: the table's rows, or None when it has none.
        update_when: SQL over `new` and `old`; a changed row that does not meet it is kept as it was.
        delete_absent: old rows without a new one are deleted.

    Returns:
        Contract columns of the new row (of a deleted one only its key), `_counted`, `_outcome`, and `_dates`, the partitions
        it stands in before and after.
    """
    date = F.col(f"new.{table.partition}") if table.partition else F.lit(None).cast("date")
    if old is None:
        return new.alias("new").select(
            "new.*", F.lit("inserted").alias("_outcome"), F.array_compact(F.array(date)).alias("_dates")
        )  # fmt: skip
    old_date = F.col(f"old.{table.partition}") if table.partition else F.lit(None).cast("date")
    match = F.lit(True)
    for name in table.key:
        match = match & F.col(f"new.{name}").eqNullSafe(F.col(f"old.{name}"))
    outcome = (
        F.when(F.col("old._there").isNull(), "inserted")
        .when(F.col("new._there").isNull(), "deleted")
        .when(same(table), "unchanged")
        .when(F.expr(update_when), "updated")
        .otherwise("kept")
    )
    return (
        new.withColumn("_there", F.lit(True)).alias("new")
        .join(old.withColumn("_there", F.lit(True)).alias("old"), on=match, how="full" if delete_absent else "left")
        .select(
            *[
                F.coalesce(F.col(f"new.{name}"), F.col(f"old.{name}")).alias(name) if name in table.key else F.col(f"new.{name}")
                for name in table.columns
            ],
            F.coalesce("new._counted", F.lit(False)).alias("_counted"),
            outcome.alias("_outcome"),
            F.array_compact(F.array(date, old_date)).alias("_dates"),
        )
    )  # fmt: skip


def conform(frame: DataFrame, table: Table, *extra: str) -> DataFrame:
    """The frame in contract order and types, then the extra columns.

    Raises:
        ContractError: a column is missing, or neither in the contract nor extra.
    """
    missing = [name for name in table.columns if name not in frame.columns]
    unknown = [name for name in frame.columns if name not in (*table.columns, *extra)]
    if missing or unknown:
        raise ContractError(f"{table.name}: missing columns {missing}, columns not in its contract {unknown}")
    return frame.selectExpr(*[f"cast(`{name}` as {kind}) as `{name}`" for name, kind in table.columns.items()], *extra)


def in_key_range(old: DataFrame, new: DataFrame, table: Table) -> DataFrame:
    """The old rows whose key may be among the new ones', by smallest and largest: Delta skips files by them.

    A shop's order numbers grow with time, so a night looks into a few files instead of every day since the opening.
    """
    ends = new.agg(*[F.struct(F.min(name).alias("least"), F.max(name).alias("most")).alias(name) for name in table.key]).first()
    for name in table.key:
        least, most = ends[name]["least"], ends[name]["most"]
        if least is not None:
            old = old.where(F.col(name).between(F.lit(least), F.lit(most)) | F.col(name).isNull())
    return old


def summed_up(changes: DataFrame, table: Table) -> dict[str, Row]:
    """Of each outcome its `rows`, the counted ones among them (`n`), and the partitions it touches (`dates`).

    Raises:
        ContractError: the rows are not unique by the table's key; says how many repeat one, and no value.
    """
    by_key = changes.groupBy(*table.key) if table.key else changes.groupBy(F.monotonically_increasing_id())
    one = by_key.agg(
        F.count("*").alias("rows"), F.first("_outcome").alias("_outcome"), F.first("_counted").alias("_counted"),
        F.first("_dates").alias("_dates"),
    )  # fmt: skip
    found = (
        one.groupBy("_outcome")
        .agg(
            F.count("*").alias("rows"), F.count_if("_counted").alias("n"), F.sum(F.col("rows") - 1).alias("repeats"),
            F.array_distinct(F.flatten(F.collect_set("_dates"))).alias("dates"),
        )
        .collect()
    )  # fmt: skip
    repeats = sum(row["repeats"] for row in found)
    if repeats:
        raise ContractError(f"{table.name}: {repeats} rows repeat a key ({', '.join(table.key)}); a key has one row")
    return {row["_outcome"]: row for row in found}
