"""The last change of each key, against replaying the changes one by one."""

from datetime import UTC, datetime

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import write_deltalake
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.contracts.lake import CORE_CONSENTS, CORE_IDENTITIES
from spark_jobs.lake.tables import Lake, build_arrow_schema
from spark_jobs.warehouse.changed_rows import Watermark, format_last_changes_query, stage_changed_rows
from spark_jobs.warehouse.load_sql import CHANGE_COLUMN, hash_table_shape

# A version: what it does to keys a to d. A rewritten row is a delete and an insert of one version, in either
# order.
versions = st.lists(
    st.dictionaries(st.sampled_from("abcd"), st.sampled_from(["put", "gone", "rewrite"]), min_size=1),
    max_size=8,
)


def feed_of(story: list[dict[str, str]], shuffled) -> tuple[list[dict], dict[str, str | None]]:
    """The change feed that Delta would write for it, in any order, and what holds for each key
    that changed.
    """
    rows, holds = [], {}
    for version, doings in enumerate(story, start=1):
        for key, doing in doings.items():
            before, value = holds.get(key), f"{key}{version}"
            if doing == "gone":
                if before:
                    rows.append((key, before, "delete", version))
                holds[key] = None
            elif doing == "put" and before:
                rows += [(key, before, "update_preimage", version), (key, value, "update_postimage", version)]
                holds[key] = value
            else:
                rows += [(key, before, "delete", version)] * bool(before) + [(key, value, "insert", version)]
                holds[key] = value
    changed = {row[0] for row in rows}
    return shuffled(rows), {key: value for key, value in holds.items() if key in changed}


@settings(deadline=None, max_examples=40)  # the first example loads DuckDB
@given(versions, st.randoms())
def test_last_change_of_each_key(story, draw):
    rows, holds = feed_of(story, lambda rows: draw.sample(rows, len(rows)))
    names = ["identifier_id", "customer_id", "_change_type", "_commit_version"]
    feed = pa.table(
        [pa.array([row[n] for row in rows], pa.int64() if n == 3 else pa.string()) for n in range(4)], names
    )
    with duckdb.connect() as connection:
        connection.register("feed", feed)
        found = connection.execute(
            f"select identifier_id, case when {CHANGE_COLUMN} = 'upsert' then customer_id end from"
            f" ({format_last_changes_query(CORE_IDENTITIES)})"
        ).fetchall()
    assert len(found) == len(holds)
    assert dict(found) == holds


def test_changes_that_spark_wrote(spark, tmp_path):
    """Spark's MERGE, append and compaction leave a feed that delta-rs reads: three keys changed, three rows
    are staged.
    """
    lake, kind = Lake(tmp_path / "lake", spark), CORE_IDENTITIES

    def frame(**whose):
        return spark.createDataFrame(list(whose.items()), "identifier_id string, customer_id string")

    lake.upsert(frame(a="1", b="1", c="2", d="2"), kind)
    before = Watermark(*lake.read_table_id_and_version(kind), hash_table_shape(kind))
    lake.upsert(frame(a="1", b="3", e="4"), kind)
    lake.replace(frame(a="1", b="3", d="2", e="4"), kind)  # c is gone
    now = Watermark(*lake.read_table_id_and_version(kind), hash_table_shape(kind))
    staged = stage_changed_rows(lake, kind, before, now, tmp_path / "staged")
    assert (staged.n_rows, staged.is_full) == (3, False)
    rows = duckdb.read_parquet([str(file) for file in staged.files]).order("identifier_id").fetchall()
    assert rows == [("b", "3", "upsert"), ("c", "2", "delete"), ("e", "4", "upsert")]


def test_nothing_of_a_table_that_was_never_written(tmp_path):
    staged = stage_changed_rows(
        Lake(tmp_path),
        CORE_IDENTITIES,
        None,
        Watermark("", -1, hash_table_shape(CORE_IDENTITIES)),
        tmp_path / "staged",
    )
    assert (staged.files, staged.n_rows, staged.is_full) == ([], 0, True)


def test_times_leave_as_utc_without_a_zone(tmp_path):
    """Half past eleven in UTC, whatever the zone of the machine."""
    at = datetime(2026, 3, 29, 23, 30, 0, 5, tzinfo=UTC)
    row = {
        "identifier_id": "i",
        "purpose": "p",
        "consented_at": at,
        "source": "s",
        "is_granted": True,
        "consented_date": at.date(),
        "feed": "f",
    }
    lake = Lake(tmp_path / "lake")
    write_deltalake(
        lake.path(CORE_CONSENTS), pa.Table.from_pylist([row], schema=build_arrow_schema(CORE_CONSENTS))
    )
    now = Watermark(*lake.read_table_id_and_version(CORE_CONSENTS), hash_table_shape(CORE_CONSENTS))
    [file] = stage_changed_rows(lake, CORE_CONSENTS, None, now, tmp_path / "staged").files
    column = pq.read_table(file)["consented_at"]
    assert column.type == pa.timestamp("us")
    assert column.to_pylist() == [at.replace(tzinfo=None)]
