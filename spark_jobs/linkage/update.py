"""Update the tables of `link_all_records` to the records as they are now, at a cost that follows the changes.

Records are new, changed or gone by comparison with `people`. Only pairs with a new or changed
record are blocked and scored, and only components that lost or gained something are clustered again. The
tables are then those of `link_all_records`.
"""

from dataclasses import dataclass, replace

import duckdb
import numpy as np

from spark_jobs.linkage.candidate_pairs import write_candidate_pairs
from spark_jobs.linkage.cluster import cluster_records
from spark_jobs.linkage.link import score_candidate_pairs, store_clusters, store_linked_pairs
from spark_jobs.linkage.model import LinkageModel
from spark_jobs.linkage.normalise import build_source_hash_sql
from spark_jobs.linkage.people import build_people_table, renumber_people
from spark_jobs.linkage.profile import RecordTable


@dataclass(frozen=True)
class UpdateCounts:
    """Records that were new, changed in content and gone, and how many were clustered again."""

    n_new: int
    n_changed: int
    n_gone: int
    n_clustered_again: int


def count_rows(con: duckdb.DuckDBPyConnection, table: str) -> int:
    return con.execute(f"select count(*) from {table}").fetchall()[0][0]


def find_changed_records(con: duckdb.DuckDBPyConnection, model: LinkageModel, records: RecordTable) -> None:
    """Write tables `gone` (`record_key`, `order_key`) and `arrived` (as `people`: new records, and changed
    ones as they are now).

    A record whose fields differ and whose content does not (capitals, a space) is neither; its `source_hash`
    is set.
    """
    con.execute(f"""
        create or replace table received as select cast({records.key} as varchar) as record_key,
        {build_source_hash_sql(records.profile)} as source_hash
        from {records.name}
    """)
    con.execute(
        "create or replace table gone as select record_key, order_key from people anti join received using"
        " (record_key)"
    )
    con.execute(f"""
        create or replace table differing as select * from {records.name}
        where cast({records.key} as varchar) in (
            select record_key from received anti join people using (record_key, source_hash))
    """)
    build_people_table(con, replace(records, name="differing"), model.learned_values, out="arrived")
    con.execute("""
        update people as p set source_hash = a.source_hash from arrived as a
        where a.order_key = p.order_key and a.source_hash <> p.source_hash
    """)
    con.execute("delete from arrived where order_key in (select order_key from people)")


def replace_moved_people(con: duckdb.DuckDBPyConnection) -> None:
    """Delete `gone` and the old rows of `arrived` from `people`, insert `arrived`; afterwards `idx` is right
    in both tables.
    """
    con.execute("""
        create or replace table moved as
        from gone union all select p.record_key, p.order_key
        from people as p semi join arrived using (record_key)
    """)
    con.execute("delete from people where record_key in (select record_key from moved)")
    con.execute("insert into people by name from arrived")
    con.execute("insert into moved select record_key, order_key from arrived")
    renumber_people(con, "people", "moved")
    con.execute(
        "create or replace table arrived as select p.* from people as p semi join arrived using (record_key)"
    )


def delete_pairs_of_moved_records(con: duckdb.DuckDBPyConnection) -> None:
    """Delete the pairs of `moved` from `linked_pairs`; write table `touched`: their other ends, and
    `arrived`.
    """
    has_moved = "key_l in (select record_key from moved) or key_r in (select record_key from moved)"
    con.execute(f"""
        create or replace table touched as select record_key from arrived union (
            select unnest([key_l, key_r]) as record_key from linked_pairs where {has_moved}
            except select record_key from gone)
    """)
    con.execute(f"delete from linked_pairs where {has_moved}")


def recluster_touched_components(con: duckdb.DuckDBPyConnection, model: LinkageModel) -> int:
    """Cluster the components of `touched` again; returns how many records they have.

    A component that lost a record holds, in each of its parts, the other end of a pair that went with it.
    """
    con.execute("""
        create or replace table component as
        with recursive
        beside as (select key_l as a, key_r as b from linked_pairs union all select key_r, key_l
        from linked_pairs),
        reached as (select record_key from touched union select b from reached join beside on a = record_key)
        select p.record_key, p.idx from people as p semi join reached using (record_key)
    """)
    columns = con.execute("""
        select a.idx as l, b.idx as r, score from linked_pairs
        join component as a on a.record_key = key_l join component as b on b.record_key = key_r
    """).fetchnumpy()
    rows = np.asarray(con.execute("select idx from component order by idx").fetchnumpy()["idx"])
    left, right = (np.searchsorted(rows, np.asarray(columns[side])) for side in "lr")
    con.execute("""
        delete from clusters
        where record_key in (select record_key from component union all select record_key from gone)
    """)
    store_clusters(
        con, rows, cluster_records(left, right, np.asarray(columns["score"]), len(rows), model.thresholds)
    )
    return len(rows)


def update_links(con: duckdb.DuckDBPyConnection, model: LinkageModel, records: RecordTable) -> UpdateCounts:
    """Make the tables of an earlier `link_all_records` or `update_links`, under the same model, those that
    `link_all_records` would write of these records.

    Args:
        records: all of them, as they are now.
    """
    find_changed_records(con, model, records)
    n_arrived, n_gone = count_rows(con, "arrived"), count_rows(con, "gone")
    if n_arrived + n_gone == 0:
        return UpdateCounts(0, 0, 0, 0)
    n_changed = con.execute("select count(*) from arrived semi join people using (record_key)").fetchall()[0][
        0
    ]
    replace_moved_people(con)
    delete_pairs_of_moved_records(con)
    if n_arrived and write_candidate_pairs(con, records.profile.blocking, "pairs", new="arrived"):
        con.execute(
            "create or replace table involved as from people where idx in (select l from pairs union select r"
            " from pairs)"
        )
        left, right, bits = score_candidate_pairs(con, model, "involved")
        store_linked_pairs(con, model, "involved", left, right, bits)
    return UpdateCounts(n_arrived - n_changed, n_changed, n_gone, recluster_touched_components(con, model))
