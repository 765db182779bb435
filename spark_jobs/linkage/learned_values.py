"""What a model learns of values: variants, frequent words of names, and how frequent each value is."""

from collections.abc import Sequence
from typing import NamedTuple

import duckdb

from spark_jobs.linkage.comparisons import Comparison
from spark_jobs.linkage.normalise import normalise_records
from spark_jobs.linkage.profile import RecordTable
from spark_jobs.linkage.variants import (
    find_common_tokens,
    learn_first_names,
    learn_place_codes,
    learn_value_variants,
)


class LearnedValues(NamedTuple):
    """Values of people that normalising and blocking use.

    Attributes:
        variants: "first", "place", "place_outcodes", "place_areas" → pairs of values.
        words: of names; "given": first names when alone, "common": in too many records to be worth a block of
            their own.
    """

    variants: dict[str, list[tuple[str, str]]]
    words: dict[str, list[str]]


NO_LEARNED_VALUES = LearnedValues(
    {"first": [], "place": [], "place_outcodes": [], "place_areas": []}, {"given": [], "common": []}
)


def learn_variants_and_words(con: duckdb.DuckDBPyConnection, records: RecordTable) -> LearnedValues:
    """Variants and words of names in these records. Leaves the table `plain` behind."""
    normalise_records(con, records, "plain", [])
    first_names = learn_first_names(con, "plain")
    normalise_records(con, records, "plain", first_names)
    variants = {"first": learn_value_variants(con, "plain", "first")}
    if "place" in records.profile.derived_columns:
        variants["place"] = learn_value_variants(con, "plain", "place")
    if "place_outcodes" in records.profile.derived_columns:
        variants["place_outcodes"] = learn_place_codes(con, "plain", "outcode")
        variants["place_areas"] = learn_place_codes(con, "plain", "area")
    return LearnedValues(variants, {"given": first_names, "common": find_common_tokens(con, "plain")})


def list_term_frequency_columns(comparisons: Sequence[Comparison]) -> list[str]:
    """Columns whose values' frequencies move a weight."""
    return sorted({level.tf for c in comparisons for level in c.levels if level.tf})


def measure_term_frequencies(
    con: duckdb.DuckDBPyConnection, people: str, columns: list[str]
) -> tuple[dict, dict]:
    """Share of each value among the filled records, for values seen twice or more; and the share of a value
    seen once.
    """
    shares, rarest = {}, {}
    for column in columns:
        rows = con.execute(
            f"select {column}, count(*) from {people} where {column} is not null group by 1 order by 1"
        ).fetchall()
        total = max(sum(n for _, n in rows), 1)
        shares[column] = {value: n / total for value, n in rows if n > 1}
        rarest[column] = 1 / total
    return shares, rarest
