"""Table `people`: clean columns, learned columns, and a row number that only content decides."""

import duckdb

from spark_jobs.identify.linkage.normalise import normalise
from spark_jobs.identify.linkage.rules import Profile
from spark_jobs.identify.linkage.variants import add_variants

RARE_TOKEN_MAX = 60  # records; a word in more is no block of its own (60 records are 1,770 pairs)


def common_tokens(con: duckdb.DuckDBPyConnection, people: str) -> list[str]:
    """Words of names in more than RARE_TOKEN_MAX records."""
    rows = con.execute(f"""
        select token from (select unnest(list_distinct(tokens)) as token from {people})
        group by token having count(*) > {RARE_TOKEN_MAX} order by token
    """).fetchall()
    return [token for (token,) in rows]


def prepare(
    con: duckdb.DuckDBPyConnection, records: str, key: str, profile: Profile, learned: dict, words: dict, out: str = "people"
) -> None:
    """Write table `out`: `record_key`, normalised and learned columns, and `order_key`, which only content decides.

    Args:
        learned, words: as `train.learn` found them, or a frozen model's `variants` and `words`.
    """
    normalise(con, records, key, profile, out, words["given"])
    add_variants(con, out, learned)
    content = ", ".join(c for (c,) in con.execute(f"select column_name from (describe {out})").fetchall() if c != "record_key")
    con.execute(f"""
        create or replace table {out} as
        select *, list_filter(list_distinct(tokens), lambda w: not list_contains($1, w)) as rare_tokens,
            md5(to_json(struct_pack({content}))) || record_key as order_key
        from {out}
    """, [words["common"]])  # fmt: skip


def number_rows(con: duckdb.DuckDBPyConnection, people: str) -> None:
    """Set `idx`, 0..n-1 in order of content: ties broken by `idx` do not see the order of arrival.

    A record that arrives later moves the numbers of those behind it, never their order.
    """
    known = con.execute(f"select count(*) from (describe {people}) where column_name = 'idx'").fetchall()[0][0]
    con.execute(f"""
        create or replace table {people} as
        select row_number() over (order by order_key) - 1 as idx, * {"exclude (idx)" if known else ""} from {people} order by idx
    """)
