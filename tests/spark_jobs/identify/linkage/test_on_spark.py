"""Spark's tasks find the pairs that one machine finds, to the last bit."""

import duckdb

from benchmarks.shipped_linkage_model import customer_file, load
from spark_jobs.identify.linkage.link import relink
from spark_jobs.identify.linkage.model import LinkageModel
from spark_jobs.identify.linkage.on_spark import linked_pairs_on_spark


def test_spark_links_the_same_pairs(spark):
    model, con = LinkageModel.shipped(), duckdb.connect(config={"threads": 1})
    load(con, customer_file(606, 3000, 5))
    relink(con, model, "records", "crm_id")
    want = con.execute("select key_l, key_r, score, match_weight, agreements from linked_pairs order by all").fetchall()
    people = spark.createDataFrame(con.sql("select * exclude (source_hash) from people").to_arrow_table())
    got = linked_pairs_on_spark(people, model, 2).toArrow().to_pylist()
    assert sorted((r["key_l"], r["key_r"], r["score"], r["match_weight"]) for r in got) == [row[:4] for row in want]
    assert {(r["key_l"], r["key_r"]): dict(r["agreements"]) for r in got} == {row[:2]: row[4] for row in want}
    assert len(want) > 50
