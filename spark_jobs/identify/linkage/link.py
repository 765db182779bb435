"""Link records under a frozen model: all of them, or new ones against all. Both leave the same tables.

`people` (one row per record), `linked_pairs` (`key_l`, `key_r`, `score`: log-odds in bits of every pair above the floor, the
two in order of content) and `clusters` (`record_key`, `cluster_key`: the key of one record of the cluster).
"""

import duckdb
import numpy as np
import pyarrow as pa

from spark_jobs.identify.linkage import boosted
from spark_jobs.identify.linkage.cluster import cluster, recluster, round_score
from spark_jobs.identify.linkage.model import LinkageModel
from spark_jobs.identify.linkage.pairs import block
from spark_jobs.identify.linkage.people import number_rows, prepare
from spark_jobs.identify.linkage.rules import BLOCKING, PROFILES, rules_for
from spark_jobs.identify.linkage.score import score
from spark_jobs.identify.linkage.vectors import read_vectors


def score_pairs(con: duckdb.DuckDBPyConnection, model: LinkageModel, people: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row numbers and rounded log-odds of the pairs in table `pairs`, those above the floor only."""
    score(con, model, "pairs", "scored", people)
    left, right, features = read_vectors(con, "scored")
    weight = features[:, 0] if model.boosted is None else boosted.bits(boosted.predict(model.boosted, features))
    bits = round_score(weight)
    keep = bits > model.thresholds.floor
    return left[keep], right[keep], bits[keep]


def keep_pairs(con: duckdb.DuckDBPyConnection, left: np.ndarray, right: np.ndarray, bits: np.ndarray) -> None:
    """Append to `linked_pairs`, under record keys: row numbers move when records arrive."""
    con.register("found", pa.table({"l": left, "r": right, "score": bits}))
    con.execute("""
        insert into linked_pairs select a.record_key, b.record_key, f.score
        from found as f join people as a on a.idx = f.l join people as b on b.idx = f.r
    """)
    con.unregister("found")


def keep_clusters(con: duckdb.DuckDBPyConnection, root: np.ndarray) -> None:
    con.register("found", pa.table({"idx": np.arange(len(root)), "root": root}))
    con.execute("""
        create or replace table clusters as select a.record_key, b.record_key as cluster_key
        from found as f join people as a on a.idx = f.idx join people as b on b.idx = f.root order by all
    """)
    con.unregister("found")


def relink(con: duckdb.DuckDBPyConnection, model: LinkageModel, records: str, key: str) -> None:
    """Link all of table `records` from nothing."""
    profile = PROFILES[model.profile]
    prepare(con, records, key, profile, model.variants, model.words)
    number_rows(con, "people")
    n = con.execute("select count(*) from people").fetchall()[0][0]
    block(con, rules_for(profile, BLOCKING), "pairs")
    left, right, bits = score_pairs(con, model, "people")
    con.execute("create or replace table linked_pairs (key_l varchar, key_r varchar, score double)")
    keep_pairs(con, left, right, bits)
    keep_clusters(con, cluster(left, right, bits, n, model.thresholds))


def link_new(con: duckdb.DuckDBPyConnection, model: LinkageModel, records: str, key: str) -> int:
    """Link table `records`, none of them known yet, into what `relink` or an earlier `link_new` left.

    Only pairs with a new record are blocked and scored; only components they touch are clustered again. The tables are then
    equal to those of `relink` over all records. Returns how many records were clustered again.
    """
    profile = PROFILES[model.profile]
    prepare(con, records, key, profile, model.variants, model.words, out="arrived")
    con.execute("insert into people by name select * from arrived")
    number_rows(con, "people")
    con.execute("create or replace table arrived as select p.* from people as p semi join arrived using (record_key)")
    block(con, rules_for(profile, BLOCKING), "pairs", new="arrived")
    con.execute("create or replace table involved as from people where idx in (select l from pairs union select r from pairs)")
    left, right, bits = score_pairs(con, model, "involved")
    keep_pairs(con, left, right, bits)

    all_pairs = con.execute("""
        select a.idx as l, b.idx as r, p.score from linked_pairs as p
        join people as a on a.record_key = p.key_l join people as b on b.record_key = p.key_r
    """).fetchnumpy()
    before = con.execute("""
        select coalesce(root.idx, p.idx) as root from people as p left join clusters as c using (record_key)
        left join people as root on root.record_key = c.cluster_key order by p.idx
    """).fetchnumpy()["root"]
    new = con.execute("select idx from arrived").fetchnumpy()["idx"]
    after, n_again = recluster(
        np.asarray(all_pairs["l"]), np.asarray(all_pairs["r"]), np.asarray(all_pairs["score"]), np.asarray(before),
        np.asarray(new), model.thresholds,
    )  # fmt: skip
    keep_clusters(con, after)
    return n_again
