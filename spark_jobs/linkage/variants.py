"""Variants: values that stand for one another (tom and thomas, camden and london), learned without labels.

Records that agree on everything else are almost always one person; what then differs is the same value
written in two ways. A pair of values counts once per agreeing block, so one person with twenty records is one
vote.
"""

import duckdb

RARE_TOKEN_MAX = 60  # records; a word in more is no block of its own (60 records are 1,770 pairs)
MIN_VOTES = {"first": 2, "place": 2}
MIN_SHARE = (
    0.03  # of the rarer value's blocks: below it stand chance meetings (two brothers, a mistyped date)
)
AGREE_ON = {"first": ("last", "dob"), "place": ("last", "first", "dob")}
MIN_NAMES_OF_PLACE_CODE = 2  # different last names that have this place and this outcode in one record


def learn_first_names(con: duckdb.DuckDBPyConnection, people: str) -> list[str]:
    """Words that open names of several words more often than they close them, sorted; a word of these that
    stands alone is a first name.
    """
    rows = con.execute(f"""
        select word from (
            select first as word, 1 as opens, 0 as closes from {people} where len(tokens) > 1
            union all select last, 0, 1 from {people} where len(tokens) > 1
        ) where word is not null group by word having sum(opens) > sum(closes) order by word
    """).fetchall()
    return [word for (word,) in rows]


def find_common_tokens(con: duckdb.DuckDBPyConnection, people: str) -> list[str]:
    """Words of names in more than RARE_TOKEN_MAX records."""
    rows = con.execute(f"""
        select token from (select unnest(list_distinct(tokens)) as token from {people})
        group by token having count(*) > {RARE_TOKEN_MAX} order by token
    """).fetchall()
    return [token for (token,) in rows]


def learn_value_variants(con: duckdb.DuckDBPyConnection, people: str, column: str) -> list[tuple[str, str]]:
    """Pairs of values of `column` that stand for one another, each both ways, sorted."""
    block = AGREE_ON[column]
    there = " and ".join(f"{c} is not null" for c in (*block, column))
    using = ", ".join(block)
    return con.execute(f"""
        with votes as (select distinct {using}, {column} as value from {people} where {there}),
        together as (
            select a.value as a, b.value as b, count(*) as n
            from votes as a join votes as b using ({using}) where a.value <> b.value group by all
        ),
        alone as (select value, count(*) as n from votes group by value)
        select a, b from together
        join alone as na on na.value = a join alone as nb on nb.value = b
        where together.n >= {MIN_VOTES[column]} and together.n >= {MIN_SHARE} * least(na.n, nb.n)
        order by a, b
    """).fetchall()


def learn_place_codes(con: duckdb.DuckDBPyConnection, people: str, code: str) -> list[tuple[str, str]]:
    """Pairs of a place and an outcode (or area) that are written in one record, sorted: they compare one
    record's place with another's postcode.
    """
    return con.execute(f"""
        select place, {code} from {people} where place is not null and {code} is not null
        group by all having count(distinct last) >= {MIN_NAMES_OF_PLACE_CODE} order by all
    """).fetchall()


def add_variant_columns(
    con: duckdb.DuckDBPyConnection, people: str, learned: dict[str, list[tuple[str, str]]]
) -> None:
    """Add to each record the list of values that stand for its own: `first_keys`, `place_keys`,
    `place_outcodes`.

    `first_keys` holds the name itself as well, so that blocking on it finds equal names and variants in one
    join.
    """
    for name, pairs in learned.items():
        column, target, own = {
            "first": ("first", "first_keys", True),
            "place": ("place", "place_keys", True),
            "place_outcodes": ("place", "place_outcodes", False),
            "place_areas": ("place", "place_areas", False),
        }[name]
        con.execute("create or replace temp table learned_pairs (value varchar, other varchar)")
        if pairs:
            (
                con.executemany("insert into learned_pairs values (?, ?)", pairs)
                if len(pairs) < 50
                else con.execute(
                    "insert into learned_pairs select unnest($1), unnest($2)",
                    [[a for a, _ in pairs], [b for _, b in pairs]],
                )
            )
        own_value = f"list_value(p.{column})" if own else "[]::varchar[]"
        con.execute(f"""
            create or replace table {people} as
            with others as (select value, list(other order by other) as others
            from learned_pairs group by value)
            select p.*, case when p.{column} is not null then {own_value} || coalesce(o.others,
            []::varchar[]) end as {target}
            from {people} as p left join others as o on o.value = p.{column}
        """)
