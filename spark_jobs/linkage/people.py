"""Table `people`: normalised columns, learned columns, and a row number that depends on content alone."""

import duckdb
import numpy as np

from spark_jobs.linkage.learned_values import LearnedValues
from spark_jobs.linkage.normalise import normalise_records
from spark_jobs.linkage.profile import RecordTable
from spark_jobs.linkage.variants import add_variant_columns

BUCKET_DIGITS = 10  # hex digits of the content's hash that a row's number begins with: 40 bits
IN_BUCKET = 2**23  # numbers in one bucket, so the whole fits 63 bits; records of equal content share a bucket

# In order of `order_key`, so ties broken by it do not see the order of arrival; and a record that comes or
# goes moves only the numbers of its own bucket, which is to say none but those of records with equal content.
BUCKET = f"('0x' || left(order_key, {BUCKET_DIGITS}))::bigint"
NUMBER = f"{BUCKET} * {IN_BUCKET} + row_number() over (partition by {BUCKET} order by order_key) - 1"


def build_people_table(
    con: duckdb.DuckDBPyConnection, records: RecordTable, learned: LearnedValues, out: str = "people"
) -> None:
    """Write table `out`: normalised and learned columns, `record_key`, `source_hash`, `order_key` and `idx`.

    `source_hash` is of the fields as received; `order_key` is a hash of the normalised content, and the key
    last.

    Args:
        learned: of these records, or of a frozen model.
    """
    normalise_records(con, records, out, learned.words["given"])
    add_variant_columns(con, out, learned.variants)
    received = {"record_key", "source_hash"}
    columns = [name for (name,) in con.execute(f"select column_name from (describe {out})").fetchall()]
    content = ", ".join(name for name in columns if name not in received)
    con.execute(
        f"""
        create or replace table {out} as
        with known as (
            select *, list_filter(list_distinct(tokens), lambda w: not list_contains($1, w)) as rare_tokens,
                md5(to_json(struct_pack({content}))) || record_key as order_key
            from {out}
        )
        select {NUMBER} as idx, * from known
    """,
        [learned.words["common"]],
    )


def renumber_people(con: duckdb.DuckDBPyConnection, people: str, moved: str) -> None:
    """Number the rows again in the buckets of the order keys in table `moved`, after records came or went."""
    con.execute(f"""
        update {people} as p set idx = n.idx from (
            select record_key, {NUMBER} as idx from {people} where {BUCKET} in (select {BUCKET} from {moved})
        ) as n where n.record_key = p.record_key and n.idx is distinct from p.idx
    """)


def read_row_numbers(con: duckdb.DuckDBPyConnection, people: str) -> np.ndarray:
    """`idx` of every record, ascending: `np.searchsorted` in it turns an `idx` into a row 0..n-1."""
    return np.asarray(con.execute(f"select idx from {people} order by idx").fetchnumpy()["idx"])
