"""People records as received -> columns fit to compare, in one SQL select; and an order of rows that only
content decides.
"""

import duckdb

from spark_jobs.linkage.comparisons import Profile

RANKS = (
    "baronet",
    "bart",
    "bt",
    "baron",
    "earl",
    "duke",
    "viscount",
    "marquess",
    "marquis",
    "baroness",
    "countess",
    "duchess",
)
TITLES = (
    "sir",
    "lord",
    "lady",
    "dame",
    "baron",
    "baronet",
    "bart",
    "bt",
    "bt1",
    "earl",
    "duke",
    "duchess",
    "viscount",
    "viscountess",
    "countess",
    "marquess",
    "marquis",
    "marchioness",
    "baroness",
    "hon",
    "rt",
    "right",
    "honourable",
    "rev",
    "revd",
    "reverend",
    "dr",
    "doctor",
    "mr",
    "mrs",
    "miss",
    "ms",
    "prof",
    "professor",
    "captain",
    "capt",
    "col",
    "colonel",
    "major",
    "general",
    "admiral",
    "saint",
    "st",
    "the",
    "of",
    "and",
    "de",
    "la",
    "le",
    "von",
    "van",
    "der",
    "du",
    "jr",
    "sr",
    "junior",
    "senior",
    "esq",
    "mp",
    "kc",
    "qc",
    "phd",
    "md",
    "prince",
    "princess",
    "king",
    "queen",
    "bishop",
    "archbishop",
    "canon",
    "younger",
    "elder",
)
# What a receiving system writes for "nothing": never evidence that two records agree.
NO_VALUE = ("", "na", "n/a", "null", "none", "nan", "unknown", "-")


def _text(column: str) -> str:
    absent = ", ".join(f"'{value}'" for value in NO_VALUE)
    plain = f"lower(strip_accents(trim(cast({column} as varchar))))"
    return f"case when {plain} in ({absent}) then null else {plain} end"


def _name_sql(fields: dict[str, str]) -> str:
    if "full_name" in fields:
        return _text(fields["full_name"])
    return f"nullif(trim(concat_ws(' ', {_text(fields['first_name'])}, {_text(fields['last_name'])})), '')"


def _source_columns(profile: Profile) -> dict[str, str]:
    """First step: one clean text column per field."""
    fields = profile.fields
    clean = {"name": _name_sql(fields)}
    for name in ("birth_date", "postcode", "place", "gender", "occupation", "email", "phone", "country"):
        if name in fields:
            clean[name] = _text(fields[name])
    return clean


DERIVED_SQL = {
    "name": {
        "name_words": (
            "list_filter(string_split(trim(regexp_replace(replace(name, '''', ''), '[^a-z0-9]+', ' ', 'g')),"
            " ' '), lambda w: w <> '' and not regexp_matches(w, '^[0-9]'))"
        ),
        # The 6th and the 7th duke of one place share every word of their names.
        "ordinal": "nullif(regexp_extract(name, '\\b([0-9]{1,2})(st|nd|rd|th)\\b', 1), '')",
        "rank": (
            f"nullif(regexp_replace(regexp_extract(name, '\\b({'|'.join(RANKS)})\\b', 1), '^(bart|bt)$',"
            " 'baronet'), '')"
        ),
    },
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
    "gender": {"gender": "case when gender in ('male', 'female', 'm', 'f') then left(gender, 1) end"},
    "occupation": {"occupation": "occupation"},
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


def source_hash(profile: Profile) -> str:
    """SQL: a hash of the profile's source columns as they were received; DuckDB's own, as every night hashes
    every record.
    """
    return f"hash({', '.join(f'cast({column} as varchar)' for column in profile.fields.values())})"


def normalise(
    con: duckdb.DuckDBPyConnection, records: str, key: str, profile: Profile, out: str, given: list[str]
) -> None:
    """Write table `out`: `record_key`, `source_hash` and one clean column each, one row per row of `records`.

    A name of titles alone keeps its words: "duke of leeds" must not become nothing but "leeds" beside
    "leeds".

    Args:
        records: name of a table or view with the profile's source columns and `key`, which is unique.
        given: words that, standing alone, are a first name (`variants.learn_given`); any other lone word is a
            last name.
    """
    clean = ", ".join(f"{sql} as {name}" for name, sql in _source_columns(profile).items())
    derived = []
    for source in _source_columns(profile):
        derived += [f"{sql} as {name}" for name, sql in DERIVED_SQL[source].items()]
    titles = ", ".join(f"'{t}'" for t in TITLES)
    con.execute(
        f"""
        create or replace table {out} as
        with cleaned as (
            select cast({key} as varchar) as record_key, {source_hash(profile)} as source_hash,
            {clean} from {records}
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
        [given],
    )
