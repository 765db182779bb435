"""Normal form of person records: one SQL select from columns as received to columns that can be compared."""

import duckdb

from spark_jobs.linkage.profile import RecordProfile, RecordTable

# What a receiving system writes for "nothing": never evidence that two records agree.
NO_VALUE = ("", "na", "n/a", "null", "none", "nan", "unknown", "-")


def _text(column: str) -> str:
    absent = ", ".join(f"'{value}'" for value in NO_VALUE)
    plain = f"lower(strip_accents(trim(cast({column} as varchar))))"
    return f"case when {plain} in ({absent}) then null else {plain} end"


def _clean_columns(profile: RecordProfile) -> dict[str, str]:
    """Field → SQL of its clean text."""
    names = ", ".join(_text(column) for column in profile.name_columns)
    clean = {"name": f"nullif(trim(concat_ws(' ', {names})), '')"}
    for name in (*FIELD_SQL, *profile.extra_fields):
        if name in profile.fields:
            clean[name] = _text(profile.fields[name])
    return clean


# Field → column → SQL over the fields' clean text.
FIELD_SQL = {
    "birth_date": {
        "dob": "birth_date",
        "dob_year": "left(birth_date, 4)",
        "dob_month_day": "case when right(birth_date, 5) <> '01-01' then right(birth_date, 5) end",
        "dob_year_month": "left(birth_date, 7)",
        "dob_year_day": "left(birth_date, 4) || right(birth_date, 3)",
    },
    "postcode": {
        "postcode": "nullif(regexp_replace(postcode, '[^a-z0-9]', '', 'g'), '')",
        "outcode": (
            "case when strlen(regexp_replace(postcode, '[^a-z0-9]', '', 'g')) between 5 and 7"
            " then left(regexp_replace(postcode, '[^a-z0-9]', '', 'g'), -3) end"
        ),
        "incode": (
            "case when strlen(regexp_replace(postcode, '[^a-z0-9]', '', 'g')) between 5 and 7"
            " then right(regexp_replace(postcode, '[^a-z0-9]', '', 'g'), 3) end"
        ),
        "sector": (
            "case when strlen(regexp_replace(postcode, '[^a-z0-9]', '', 'g')) between 5 and 7"
            " then left(regexp_replace(postcode, '[^a-z0-9]', '', 'g'), -2) end"
        ),
        "area": "nullif(regexp_extract(postcode, '^[a-z]+'), '')",
    },
    "place": {"place": "place"},
    "email": {
        "email": "case when email like '%_@_%' then email end",
        "email_user": (
            "case when email like '%_@_%'"
            " then nullif(regexp_replace(string_split(email, '@')[1], '\\+.*$', ''), '') end"
        ),
    },
    # Nine digits: France and Spain have no more behind the country's code, and a leading 0 comes and goes.
    "phone": {
        "phone": (
            "case when strlen(regexp_replace(phone, '[^0-9]', '', 'g')) >= 7"
            " then right(regexp_replace(phone, '[^0-9]', '', 'g'), 9) end"
        )
    },
    "country": {"country": "country"},
}


def _name_sql(ranks: tuple[str, ...]) -> dict[str, str]:
    """Column → SQL over the clean `name`."""
    rank = f"regexp_extract(name, '\\b({'|'.join(ranks)})\\b', 1)"
    return {
        "name_words": (
            "list_filter(string_split(trim(regexp_replace(replace(name, '''', ''), '[^a-z0-9]+', ' ', 'g')),"
            " ' '), lambda w: w <> '' and not regexp_matches(w, '^[0-9]'))"
        ),
        # The 6th and the 7th duke of one place share every word of their names.
        "ordinal": "nullif(regexp_extract(name, '\\b([0-9]{1,2})(st|nd|rd|th)\\b', 1), '')",
        "rank": f"nullif(regexp_replace({rank}, '^(bart|bt)$', 'baronet'), '')",
    }


def build_source_hash_sql(profile: RecordProfile) -> str:
    """SQL: a hash of the profile's source columns as they were received; DuckDB's own, as every night hashes
    every record.
    """
    return f"hash({', '.join(f'cast({column} as varchar)' for column in profile.source_columns)})"


def normalise_records(
    con: duckdb.DuckDBPyConnection, records: RecordTable, out: str, first_names: list[str]
) -> None:
    """Write table `out`: `record_key`, `source_hash` and one clean column each, one row per record.

    A name of titles alone keeps its words: "duke of leeds" must not become nothing but "leeds" beside
    "leeds".

    Args:
        first_names: words that, standing alone, are a first name (`variants.learn_first_names`); any other
            lone word is a last name.
    """
    profile = records.profile
    clean_columns = _clean_columns(profile)
    clean = ", ".join(f"{sql} as {name}" for name, sql in clean_columns.items())
    field_sql = {"name": _name_sql(profile.ranks), **FIELD_SQL, **profile.extra_fields}
    derived = [f"{sql} as {name}" for field in clean_columns for name, sql in field_sql[field].items()]
    titles = ", ".join(f"'{title}'" for title in profile.titles)
    con.execute(
        f"""
        create or replace table {out} as
        with cleaned as (
            select cast({records.key} as varchar) as record_key,
            {build_source_hash_sql(profile)} as source_hash, {clean} from {records.name}
        ),
        derived as (select record_key, source_hash, {", ".join(derived)} from cleaned),
        worded as (
            select * exclude (name_words), name_words, list_filter(name_words,
            lambda w: w not in ({titles})) as words
            from derived
        )
        select * exclude (name_words, words),
            case when len(words) > 0 then words when len(name_words) > 0 then name_words end as tokens,
            case when len(words) > 1 or list_contains($1, words[1]) then words[1] end as first,
            case when len(words) > 1 or not list_contains($1, words[1]) then words[-1] end as last,
            case when len(words) > 2 then array_to_string(words[2:-2], ' ') end as middle,
            left(first, 1) as first1, left(first, 4) as first4, left(last, 4) as last4, right(last,
            4) as last_end,
            list_distinct(list_transform(tokens, lambda w: left(w, 4))) as stems,
            nullif(array_to_string(list_sort(tokens), ' '), '') as name_key
        from worded
    """,
        [first_names],
    )
