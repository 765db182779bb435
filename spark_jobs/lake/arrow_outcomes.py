"""What becomes of each row of an Arrow table that is written over a Delta table: `outcomes.py` without Spark.

Only rows that change leave the comparison, so that a table of which little changes costs little to compare.
"""

from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from expectations.contracts.tables import ContractError, Table
from spark_jobs.lake.arrow_types import build_arrow_schema
from spark_jobs.lake.outcomes import CHANGING_OUTCOMES, TableChange, refuse_repeated_keys
from spark_jobs.lake.queries import run_query


def classify_arrow_rows(con: duckdb.DuckDBPyConnection, new: pa.Table, old: str, table: Table) -> TableChange:
    """The rows that make the old ones these, and how many there are of each outcome.

    Args:
        new: in the contract's columns.
        old: a table or view of `con` with the contract's columns.

    Raises:
        ContractError: the rows are not unique by the table's key; says how many repeat one, and no value.
    """
    keys = ", ".join(f'"{name}"' for name in table.key)
    (n_keys,) = run_query(con, f"select count(*) as n from (select distinct {keys} from new)", new=new)["n"]
    refuse_repeated_keys(new.num_rows - n_keys.as_py(), table)
    changed = run_query(con, build_comparison_sql(old, table), new=new)
    is_counted = pc.not_equal(changed["_outcome"], "deleted")
    outcomes = count_outcomes(changed.append_column("_counted", is_counted))
    n_unchanged = new.num_rows - sum(outcome["n"] for outcome in outcomes.values())
    if n_unchanged:
        outcomes["unchanged"] = {"rows": n_unchanged, "n": n_unchanged, "dates": set()}
    return TableChange(changed.drop_columns(["_day", "_old_day"]), outcomes)


def classify_offered_rows(
    con: duckdb.DuckDBPyConnection, new: pa.Table, old: str, table: Table, update_when: str
) -> TableChange:
    """As `classify_arrow_rows`, of rows that are inserted or update others, and delete none.

    Args:
        new: in the contract's columns and `_counted`.
        old: a table or view of `con` with the contract's columns.
        update_when: SQL over `new` and `old`; a changed row that does not meet it is kept as it was.
    """
    n_keys = new.group_by(list(table.key)).aggregate([]).num_rows
    refuse_repeated_keys(new.num_rows - n_keys, table)
    same_key = " and ".join(f'new."{name}" is not distinct from old."{name}"' for name in table.key)
    held = f"(select old.* from {old} as old semi join new on {same_key})"
    if table.partition:
        # Keys alone are read of all of it, and the rest of the days in which some of them lie.
        days = run_query(con, f'select distinct "{table.partition}" as day from {held}', new=new)["day"]
        listed = ", ".join(f"date '{day}'" for day in days.to_pylist())
        old = (
            f'(select * from {old} where "{table.partition}" in ({listed}))'
            if listed
            else f"(from {old} limit 0)"
        )
    same = " and ".join(f"{side[0]} is not distinct from {side[1]}" for side in _list_compared_values(table))
    days = [f'{side}."{table.partition}"' if table.partition else "null::date" for side in ("new", "old")]
    compared = run_query(
        con,
        f"""
        select new.*, {days[0]} as _day, {days[1]} as _old_day,
            case when old._there is null then 'inserted' when {same or "true"} then 'unchanged'
                when {update_when} then 'updated' else 'kept' end as _outcome
        from new left join (select *, true as _there from {old} as old semi join new on {same_key}) as old
            on {same_key}
        """,
        new=new,
    )
    outcomes = count_outcomes(compared)
    is_change = pc.is_in(compared["_outcome"], pa.array(CHANGING_OUTCOMES))
    return TableChange(compared.filter(is_change).drop_columns(["_day", "_old_day", "_counted"]), outcomes)


def count_outcomes(rows: pa.Table) -> dict[str, dict[str, Any]]:
    """By outcome, how many rows there are, how many of them are counted, and the partitions they touch: as
    `TableChange` has it. Millions of rows become no Python values.

    Args:
        rows: with `_outcome`, `_counted`, `_day` and `_old_day`.
    """
    groups = rows.group_by(["_outcome", "_day", "_old_day"]).aggregate(
        [([], "count_all"), ("_counted", "sum")]
    )
    outcomes: dict[str, dict[str, Any]] = {}
    for group in groups.to_pylist():
        outcome = outcomes.setdefault(group["_outcome"], {"rows": 0, "n": 0, "dates": set()})
        outcome["rows"] += group["count_all"]
        outcome["n"] += group["_counted_sum"] or 0
        outcome["dates"].update(day for day in (group["_day"], group["_old_day"]) if day is not None)
    return outcomes


def build_comparison_sql(old: str, table: Table) -> str:
    """SQL of the rows that differ: the new one's columns (of a deleted one only its key), `_outcome`, and the
    partitions it stands in, `_day` now and `_old_day` before.
    """
    same_key = " and ".join(f'new."{name}" is not distinct from old."{name}"' for name in table.key)
    same = " and ".join(f"{side[0]} is not distinct from {side[1]}" for side in _list_compared_values(table))
    columns = [
        f'coalesce(new."{name}", old."{name}") as "{name}"' if name in table.key else f'new."{name}"'
        for name in table.columns
    ]
    days = [f'{side}."{table.partition}"' if table.partition else "null::date" for side in ("new", "old")]
    return f"""
        select {", ".join(columns)}, {days[0]} as _day, {days[1]} as _old_day,
            case when old._there is null then 'inserted' when new._there is null then 'deleted'
                else 'updated' end as _outcome
        from (select *, true as _there from new) as new
        full join (select *, true as _there from {old}) as old on {same_key}
        where old._there is null or new._there is null or not ({same or "true"})
    """


def _list_compared_values(table: Table) -> list[tuple[str, str]]:
    """SQL of the new and of the old value of each column but the key's. Maps have no order: their sorted
    entries have.
    """
    return [
        tuple(
            f'list_sort(map_entries({side}."{name}"))' if kind.startswith("map<") else f'{side}."{name}"'
            for side in ("new", "old")
        )
        for name, kind in table.columns.items()
        if name not in table.key
    ]


def conform_arrow_to_contract(rows: pa.Table, table: Table, *extra: str) -> pa.Table:
    """The rows in contract order and types, then the extra columns, booleans.

    Raises:
        ContractError: a column is missing or not in the contract.
    """
    missing = [name for name in table.columns if name not in rows.column_names]
    unknown = [name for name in rows.column_names if name not in (*table.columns, *extra)]
    if missing or unknown:
        raise ContractError(f"{table.name}: missing columns {missing}, columns not in its contract {unknown}")
    fields = [field.with_nullable(True) for field in build_arrow_schema(table)]
    nullable = pa.schema(fields + [pa.field(name, pa.bool_()) for name in extra])
    return rows.select(nullable.names).cast(nullable)
