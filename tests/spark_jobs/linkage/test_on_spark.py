"""Spark's tasks find the pairs that one machine finds, to the last bit, and a night takes them when there are
many.
"""

import pyarrow as pa

from expectations.contracts.lake import CORE_PEOPLE
from sample_shop.customer_file import make_customer_file
from spark_jobs.lake.arrow_types import build_arrow_schema
from spark_jobs.linkage import on_spark
from spark_jobs.linkage.model import LinkageModel
from spark_jobs.linkage.state import LinkageOptions, link_people


def people(n_customers: int) -> pa.Table:
    """A customer file as `core_people` holds it."""
    file = make_customer_file(606, n_customers, 5)
    columns = {
        "source": pa.array(["shop"] * len(file)),
        "record_id": file["crm_id"],
        "birth_date": file["birth_date"].cast("date32"),
    }
    same = {
        name: file[name]
        for name in ("first_name", "last_name", "email", "phone", "city", "postcode", "country")
    }
    rows = pa.table(columns | same)
    for field in build_arrow_schema(CORE_PEOPLE):
        if field.name not in rows.column_names:
            rows = rows.append_column(field, pa.nulls(len(rows), field.type))
    return rows


# Over 10 s: Splink's many queries on Spark, which plans each of them.
def test_spark_links_the_same_pairs(spark, tmp_path, monkeypatch):
    model, shop, asked = LinkageModel.load_shipped(), people(3000), []
    here = link_people(
        tmp_path / "here.duckdb", shop, model, LinkageOptions({"email": 20, "phone": 20}), lambda: spark
    )
    monkeypatch.setattr("spark_jobs.linkage.state.MIN_RECORDS_FOR_SPARK", 1)
    monkeypatch.setattr("spark_jobs.linkage.state.RECORDS_PER_TASK", len(shop) // 2)
    pairs = on_spark.score_pairs_on_spark
    monkeypatch.setattr(
        on_spark, "score_pairs_on_spark", lambda *given: asked.append(given[2]) or pairs(*given)
    )
    there = link_people(
        tmp_path / "there.duckdb", shop, model, LinkageOptions({"email": 20, "phone": 20}), lambda: spark
    )
    assert asked == [2], "two tasks compared them"
    assert there.likeness.to_pylist() == here.likeness.to_pylist()
    assert here.likeness.num_rows > 50
