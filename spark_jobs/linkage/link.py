"""Link all records under a frozen model.

It leaves the tables `people` (one row per record), `linked_pairs` (every pair above the floor, the two in
order of content: `score` log-odds in bits; `match_weight` the bits of all comparisons together, without the
prior; `agreements` comparison → level and its bits) and `clusters` (`record_key`, `cluster_key`: the key of
one record of the cluster). `update` keeps them equal to what this would leave when records come, change and
go.
"""

from collections.abc import Callable

import duckdb
import numpy as np
import pyarrow as pa

from spark_jobs.linkage import boosted
from spark_jobs.linkage.agreements import bits_sql, read_levels
from spark_jobs.linkage.candidate_pairs import block
from spark_jobs.linkage.cluster import cluster, round_score
from spark_jobs.linkage.model import LinkageModel
from spark_jobs.linkage.people import prepare, row_numbers
from spark_jobs.linkage.profile import RecordTable
from spark_jobs.linkage.score import score
from spark_jobs.linkage.vectors import vector_batches

PairsOf = Callable[[pa.Table], pa.Table]
LINKED_PAIRS = (
    "(key_l varchar, key_r varchar, score double, match_weight double, agreements map(varchar, varchar))"
)


def score_pairs(
    con: duckdb.DuckDBPyConnection, model: LinkageModel, people: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`idx` of both records and rounded log-odds of the pairs in table `pairs`, those above the
    floor only.
    """
    score(con, model, "pairs", "scored", people)
    booster = None if model.boosted is None else boosted.load(model.boosted)
    kept = [(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0))]
    for left, right, features in vector_batches(con, "scored"):
        bits = round_score(
            features[:, 0] if booster is None else boosted.bits(boosted.predict(booster, features))
        )
        keep = bits > model.thresholds.floor
        kept.append((left[keep], right[keep], bits[keep]))
    left, right, bits = (np.concatenate(parts) for parts in zip(*kept, strict=True))
    return left, right, bits


def keep_pairs(
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
    con.register("found_pairs", pa.table({"l": left, "r": right, "score": bits}))
    con.execute("create or replace table found as from found_pairs")
    con.unregister("found_pairs")
    read_levels(con, model.splink["comparisons"], "found", people, "said")
    columns = {name for (name,) in con.execute("select column_name from (describe scored)").fetchall()}
    bits_of = {name: bits_sql(name, columns) for name in names}
    entries = ", ".join(
        f"{{'k': '{name}', 'v': level_{name} || printf(' %+.1f', {sql})}}" for name, sql in bits_of.items()
    )
    con.execute(f"""
        insert into linked_pairs
        select a.record_key, b.record_key, f.score, round({" + ".join(bits_of.values())}, 3),
            map_from_entries(list_filter([{entries}], lambda entry: entry.v is not null))
        from found as f join said using (l, r) join scored as s on s.idx_l = f.l and s.idx_r = f.r
        join {people} as a on a.idx = f.l join {people} as b on b.idx = f.r
    """)


def keep_clusters(con: duckdb.DuckDBPyConnection, rows: np.ndarray, root: np.ndarray) -> None:
    """Append to `clusters` the records numbered `rows` (`idx`, ascending); `root` is each one's cluster, as a
    place in `rows`.
    """
    con.register("found_roots", pa.table({"idx": rows, "root": rows[root]}))
    con.execute("""
        insert into clusters select a.record_key, b.record_key
        from found_roots as f join people as a on a.idx = f.idx join people as b on b.idx = f.root
    """)
    con.unregister("found_roots")


def relink(
    con: duckdb.DuckDBPyConnection,
    model: LinkageModel,
    records: RecordTable,
    pairs_of: PairsOf | None = None,
) -> None:
    """Link all records from nothing.

    Args:
        pairs_of: finds and scores the pairs of `people` elsewhere (`on_spark`); None: here.
    """
    prepare(con, records, model.learned_values)
    con.execute(f"create or replace table linked_pairs {LINKED_PAIRS}")
    con.execute("create or replace table clusters (record_key varchar, cluster_key varchar)")
    rows = row_numbers(con, "people")
    if pairs_of:
        con.register(
            "pairs_elsewhere",
            pairs_of(con.sql("select * exclude (source_hash) from people").to_arrow_table()),
        )
        con.execute("insert into linked_pairs by name from pairs_elsewhere")
        con.unregister("pairs_elsewhere")
    elif block(con, records.profile.blocking, "pairs"):
        keep_pairs(con, model, "people", *score_pairs(con, model, "people"))
    got = con.execute("""
        select a.idx as l, b.idx as r, score
        from linked_pairs join people as a on a.record_key = key_l join people as b on b.record_key = key_r
    """).fetchnumpy()
    left, right = (np.searchsorted(rows, np.asarray(got[side])) for side in "lr")
    keep_clusters(con, rows, cluster(left, right, np.asarray(got["score"]), len(rows), model.thresholds))
