"""Link all records under a frozen model.

The result is three tables: `people` (one row per record), `linked_pairs` (every pair above the floor, the two
in order of content: `score` log-odds in bits; `match_weight` the bits of all comparisons together, without
the prior; `agreements` comparison → level and its bits) and `clusters` (`record_key`, `cluster_key`: the key
of one record of the cluster). `update_links` keeps them so when records come, change and go.
"""

from collections.abc import Callable

import duckdb
import numpy as np
import pyarrow as pa

from spark_jobs.linkage import boosted
from spark_jobs.linkage.agreements import build_match_weight_sql, write_agreement_levels
from spark_jobs.linkage.candidate_pairs import write_candidate_pairs
from spark_jobs.linkage.cluster import cluster_records, round_scores
from spark_jobs.linkage.model import LinkageModel
from spark_jobs.linkage.people import build_people_table, read_row_numbers
from spark_jobs.linkage.profile import RecordTable
from spark_jobs.linkage.score import write_scored_pairs
from spark_jobs.linkage.vectors import iterate_feature_batches

PairScorer = Callable[[pa.Table], pa.Table]
LINKED_PAIRS_COLUMNS = (
    "(key_l varchar, key_r varchar, score double, match_weight double, agreements map(varchar, varchar))"
)


def score_candidate_pairs(
    con: duckdb.DuckDBPyConnection, model: LinkageModel, people: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`idx` of both records and rounded log-odds of the pairs in table `pairs`, those above the
    floor only.
    """
    write_scored_pairs(con, model, "pairs", "scored", people)
    booster = None if model.boosted is None else boosted.load_booster(model.boosted)
    parts = [(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0))]
    for left, right, features in iterate_feature_batches(con, "scored"):
        bits = round_scores(
            features[:, 0]
            if booster is None
            else boosted.convert_to_log_odds(boosted.predict_match_probability(booster, features))
        )
        is_above = bits > model.thresholds.floor
        parts.append((left[is_above], right[is_above], bits[is_above]))
    left, right, bits = (np.concatenate(column) for column in zip(*parts, strict=True))
    return left, right, bits


def store_linked_pairs(
    con: duckdb.DuckDBPyConnection,
    model: LinkageModel,
    people: str,
    left: np.ndarray,
    right: np.ndarray,
    bits: np.ndarray,
) -> None:
    """Append pairs of table `scored` to `linked_pairs`, under record keys: `idx` may move when records
    arrive.
    """
    names = [c["output_column_name"] for c in model.splink["comparisons"]]
    con.register("pairs_above", pa.table({"l": left, "r": right, "score": bits}))
    con.execute("create or replace table stored as from pairs_above")
    con.unregister("pairs_above")
    write_agreement_levels(con, model.splink["comparisons"], "stored", people, "levels")
    columns = {name for (name,) in con.execute("select column_name from (describe scored)").fetchall()}
    bits_of = {name: build_match_weight_sql(name, columns) for name in names}
    entries = ", ".join(
        f"{{'k': '{name}', 'v': level_{name} || printf(' %+.1f', {sql})}}" for name, sql in bits_of.items()
    )
    con.execute(f"""
        insert into linked_pairs
        select a.record_key, b.record_key, f.score, round({" + ".join(bits_of.values())}, 3),
            map_from_entries(list_filter([{entries}], lambda entry: entry.v is not null))
        from stored as f join levels using (l, r) join scored as s on s.idx_l = f.l and s.idx_r = f.r
        join {people} as a on a.idx = f.l join {people} as b on b.idx = f.r
    """)


def store_clusters(con: duckdb.DuckDBPyConnection, rows: np.ndarray, roots: np.ndarray) -> None:
    """Append to `clusters` the records numbered `rows` (`idx`, ascending); `roots` is each one's cluster, as
    a place in `rows`.
    """
    con.register("cluster_roots", pa.table({"idx": rows, "root": rows[roots]}))
    con.execute("""
        insert into clusters select a.record_key, b.record_key
        from cluster_roots as f join people as a on a.idx = f.idx join people as b on b.idx = f.root
    """)
    con.unregister("cluster_roots")


def link_all_records(
    con: duckdb.DuckDBPyConnection,
    model: LinkageModel,
    records: RecordTable,
    score_pairs: PairScorer | None = None,
) -> None:
    """Link all records from nothing.

    Args:
        score_pairs: finds and scores the pairs of `people` elsewhere (`on_spark`); None: here.
    """
    build_people_table(con, records, model.learned_values)
    con.execute(f"create or replace table linked_pairs {LINKED_PAIRS_COLUMNS}")
    con.execute("create or replace table clusters (record_key varchar, cluster_key varchar)")
    rows = read_row_numbers(con, "people")
    if score_pairs:
        con.register(
            "pairs_elsewhere",
            score_pairs(con.sql("select * exclude (source_hash) from people").to_arrow_table()),
        )
        con.execute("insert into linked_pairs by name from pairs_elsewhere")
        con.unregister("pairs_elsewhere")
    elif write_candidate_pairs(con, records.profile.blocking, "pairs"):
        store_linked_pairs(con, model, "people", *score_candidate_pairs(con, model, "people"))
    columns = con.execute("""
        select a.idx as l, b.idx as r, score
        from linked_pairs join people as a on a.record_key = key_l join people as b on b.record_key = key_r
    """).fetchnumpy()
    left, right = (np.searchsorted(rows, np.asarray(columns[side])) for side in "lr")
    store_clusters(
        con, rows, cluster_records(left, right, np.asarray(columns["score"]), len(rows), model.thresholds)
    )
