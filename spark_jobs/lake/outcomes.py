"""What becomes of each row of a frame that is to be written over a table: inserted, updated, unchanged, kept
or deleted.
"""

from dataclasses import dataclass
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from expectations.contracts.tables import ContractError, Table
from spark_jobs.lake.delta_writes import MAX_ROWS_IN_MEMORY

CHANGING_OUTCOMES = ("inserted", "updated", "deleted")


def build_equality_condition(table: Table) -> Column:
    """Whether `new` and `old` hold the same values, nulls being equal. Maps have no equality: their sorted
    entries have.
    """

    def row(side: str) -> Column:
        return F.struct(
            *[
                F.array_sort(F.map_entries(F.col(f"{side}.{name}")))
                if kind.startswith("map<")
                else F.col(f"{side}.{name}")
                for name, kind in table.columns.items()
            ]
        )

    return row("new").eqNullSafe(row("old"))


def compare_rows(
    new: DataFrame, old: DataFrame | None, table: Table, update_when: str, delete_absent: bool
) -> DataFrame:
    """The rows of both, matched by the table's key.

    Args:
        new: in contract columns, then `_counted`; unique by key.
        old: the table's rows, or None when it has none.
        update_when: SQL over `new` and `old`; a changed row that does not meet it is kept as it was.
        delete_absent: old rows without a new one are deleted.

    Returns:
        Contract columns of the new row (of a deleted one only its key), `_counted`, `_outcome`, and `_dates`,
        the partitions it stands in before and after.
    """
    date = F.col(f"new.{table.partition}") if table.partition else F.lit(None).cast("date")
    if old is None:
        return new.alias("new").select(
            "new.*", F.lit("inserted").alias("_outcome"), F.array_compact(F.array(date)).alias("_dates")
        )
    old_date = F.col(f"old.{table.partition}") if table.partition else F.lit(None).cast("date")
    match = F.lit(True)
    for name in table.key:
        match = match & F.col(f"new.{name}").eqNullSafe(F.col(f"old.{name}"))
    outcome = (
        F.when(F.col("old._there").isNull(), "inserted")
        .when(F.col("new._there").isNull(), "deleted")
        .when(build_equality_condition(table), "unchanged")
        .when(F.expr(update_when), "updated")
        .otherwise("kept")
    )
    return (
        new.withColumn("_there", F.lit(True))
        .alias("new")
        .join(
            old.withColumn("_there", F.lit(True)).alias("old"),
            on=match,
            how="full" if delete_absent else "left",
        )
        .select(
            *[
                F.coalesce(F.col(f"new.{name}"), F.col(f"old.{name}")).alias(name)
                if name in table.key
                else F.col(f"new.{name}")
                for name in table.columns
            ],
            F.coalesce("new._counted", F.lit(False)).alias("_counted"),
            outcome.alias("_outcome"),
            F.array_compact(F.array(date, old_date)).alias("_dates"),
        )
    )


def conform_to_contract(frame: DataFrame, table: Table, *extra: str) -> DataFrame:
    """The frame in contract order and types, then the extra columns.

    Raises:
        ContractError: a column is missing, or neither in the contract nor extra.
    """
    missing = [name for name in table.columns if name not in frame.columns]
    unknown = [name for name in frame.columns if name not in (*table.columns, *extra)]
    if missing or unknown:
        raise ContractError(f"{table.name}: missing columns {missing}, columns not in its contract {unknown}")
    return frame.selectExpr(
        *[f"cast(`{name}` as {kind}) as `{name}`" for name, kind in table.columns.items()], *extra
    )


def collect_if_few(new: DataFrame, n_rows: int | None) -> pa.Table | None:
    """The rows in memory; None when they are too many for that.

    Args:
        n_rows: how many there are, where that is known.
    """
    if n_rows is not None and n_rows > MAX_ROWS_IN_MEMORY:
        return None
    few = new.limit(MAX_ROWS_IN_MEMORY + 1).toArrow()
    return few if few.num_rows <= MAX_ROWS_IN_MEMORY else None


def compute_key_range(new: DataFrame, table: Table) -> dict[str, tuple]:
    """Least and greatest value of each key column that has any.

    A shop's order numbers grow with time, so what a table holds of a night's keys lies in few of its files.
    """
    ends = new.agg(
        *[F.struct(F.min(name).alias("least"), F.max(name).alias("most")).alias(name) for name in table.key]
    ).first()
    return {
        name: (ends[name]["least"], ends[name]["most"])
        for name in table.key
        if ends[name]["least"] is not None
    }


@dataclass(frozen=True)
class TableChange:
    """What a write changes. `rows` holds the contract's columns and `_outcome`: in Arrow when they are few,
    else on Spark.
    """

    rows: "DataFrame | pa.Table"
    # outcome → `rows`, the counted ones among them (`n`), and the partitions touched (`dates`)
    outcomes: dict[str, dict]
    kept: DataFrame | None = None

    @property
    def kinds(self) -> set[str]:
        """The outcomes that change the table."""
        return {outcome for outcome in self.outcomes if outcome in CHANGING_OUTCOMES}

    @property
    def touched(self) -> list[date]:
        """The partitions that changing rows stand in before and after."""
        return sorted({day for kind in self.kinds for day in self.outcomes[kind]["dates"]})

    def release(self) -> None:
        """Let go of what Spark keeps for it."""
        if self.kept is not None:
            self.kept.unpersist()


def classify_rows(rows: DataFrame, table: Table, n_new: int | None) -> TableChange:
    """Carry the comparison out: in one go where there is little to compare, else on Spark.

    Args:
        rows: as `compare_rows` returns them.
        n_new: how many rows are offered, where that is known.

    Raises:
        ContractError: the rows are not unique by the table's key; says how many repeat one, and no value.
    """
    if n_new is None or n_new <= MAX_ROWS_IN_MEMORY:
        few = rows.limit(MAX_ROWS_IN_MEMORY + 1).toArrow()
        if few.num_rows <= MAX_ROWS_IN_MEMORY:
            return _classify_in_memory(few, table)
    persisted = rows.persist()
    by_key = (
        persisted.groupBy(*table.key) if table.key else persisted.groupBy(F.monotonically_increasing_id())
    )
    one = by_key.agg(
        F.count("*").alias("rows"),
        *[F.first(name).alias(name) for name in ("_outcome", "_counted", "_dates")],
    )
    counted = (
        one.groupBy("_outcome")
        .agg(
            F.count("*").alias("rows"),
            F.count_if("_counted").alias("n"),
            F.sum(F.col("rows") - 1).alias("repeats"),
            F.array_distinct(F.flatten(F.collect_set("_dates"))).alias("dates"),
        )
        .collect()
    )
    refuse_repeated_keys(sum(row["repeats"] for row in counted), table)
    return TableChange(
        persisted.where(F.col("_outcome").isin(*CHANGING_OUTCOMES)),
        {row["_outcome"]: row.asDict() for row in counted},
        persisted,
    )


def _classify_in_memory(few: pa.Table, table: Table) -> TableChange:
    if table.key:
        refuse_repeated_keys(few.num_rows - few.group_by(list(table.key)).aggregate([]).num_rows, table)
    outcomes: dict[str, dict] = {}
    for row in few.select(["_outcome", "_counted", "_dates"]).to_pylist():
        outcome = outcomes.setdefault(row["_outcome"], {"rows": 0, "n": 0, "dates": set()})
        outcome["rows"] += 1
        outcome["n"] += row["_counted"]
        outcome["dates"].update(row["_dates"])
    return TableChange(few.filter(pc.is_in(few["_outcome"], pa.array(CHANGING_OUTCOMES))), outcomes)


def refuse_repeated_keys(n_repeats: int, table: Table) -> None:
    """A key has one row.

    Raises:
        ContractError: it has more; says how many in all.
    """
    if n_repeats:
        raise ContractError(
            f"{table.name}: {n_repeats} rows repeat a key ({', '.join(table.key)}); a key has one row"
        )
