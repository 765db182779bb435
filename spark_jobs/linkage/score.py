"""From candidate pairs to comparison vectors and match weights, under a frozen model; by Splink's SQL."""

import duckdb
import pyarrow as pa
from splink import DuckDBAPI, Linker

from spark_jobs.linkage.model import LinkageModel
from spark_jobs.linkage.splink_settings import create_linker


def register_term_frequencies(
    con: duckdb.DuckDBPyConnection, api: DuckDBAPI, linker: Linker, model: LinkageModel, people: str
) -> None:
    """Register with Splink the model's frequency of every value in `people`; values it does not hold are as
    rare as those seen once.
    """
    for column, shares in model.frequencies.items():
        lookup = pa.table(
            {
                "value": pa.array(list(shares), pa.string()),
                "share": pa.array(list(shares.values()), pa.float64()),
            }
        )
        con.register("frozen_shares", lookup)
        con.execute(f"""
            create or replace table tf_{column} as
            select p.value as {column}, coalesce(f.share, {model.rarest[column]!r}) as tf_{column}
            from (select distinct {column} as value from {people} where {column} is not null) as p
            left join frozen_shares as f on f.value = p.value
        """)
        con.unregister("frozen_shares")
        linker.table_management.register_term_frequency_lookup(api.register(f"tf_{column}"), column)


def write_scored_pairs(
    con: duckdb.DuckDBPyConnection, model: LinkageModel, pairs: str, out: str, people: str = "people"
) -> None:
    """Write table `out`: `idx_l`, `idx_r`, `match_weight` (bits), one `gamma_<comparison>` and one
    `mw_<comparison>` each.

    Args:
        pairs: table of `l`, `r` (row numbers, l < r).
    """
    api, linker = create_linker(con, people, model.splink)
    register_term_frequencies(con, api, linker, model, people)
    con.execute(
        "create or replace view blocked as select '0' as match_key, l as join_key_l, r as join_key_r from"
        f" {pairs}"
    )
    linker.table_management.register_blocked_pairs_for_predict(api.register("blocked"))
    predicted = linker.inference.predict(warning_mode="never")
    con.execute(f"create or replace table {out} as select * from {predicted.physical_name}")
    predicted.drop_table_from_database_and_remove_from_cache()
    linker.table_management.delete_tables_created_by_splink_from_db()
