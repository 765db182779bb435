"""Agreements of a pair of records in words: the level that each comparison reached. Splink's result gives a
level's bits and not its name.
"""

import duckdb


def build_agreement_level_sql(comparison: dict) -> str:
    """SQL over `<column>_l`, `<column>_r`: the label of the level a pair reaches, null where the comparison
    says nothing.

    Args:
        comparison: one of a model's Splink settings.
    """
    branches, otherwise = [], "null"
    for level in comparison["comparison_levels"]:
        label = (
            "null" if level.get("is_null_level") else "'" + level["label_for_charts"].replace("'", "''") + "'"
        )
        if level["sql_condition"].strip().upper() == "ELSE":
            otherwise = label
        else:
            branches.append(f"when {level['sql_condition']} then {label}")
    return f"case {' '.join(branches)} else {otherwise} end"


def write_agreement_levels(
    con: duckdb.DuckDBPyConnection, comparisons: list[dict], pairs: str, people: str, out: str
) -> None:
    """Write table `out`: the columns of `pairs` (`l`, `r`: `idx` of both records) and one
    `level_<comparison>` each.
    """
    labels = ", ".join(
        f"{build_agreement_level_sql(c)} as level_{c['output_column_name']}" for c in comparisons
    )
    con.execute(f"""
        create or replace table {out} as
        with sides as (
            select pair.*, columns(a.*) as '\\0_l', columns(b.*) as '\\0_r'
            from {pairs} as pair join {people} as a on a.idx = pair.l join {people} as b on b.idx = pair.r
        )
        select l, r, {labels} from sides
    """)


def build_match_weight_sql(comparison: str, columns: set[str]) -> str:
    """SQL over scored pairs: the match weight of a comparison with its term frequency part, bits.

    Args:
        columns: the columns of the scored pairs.
    """
    frequency = f"mw_tf_adj_{comparison}"
    return f"(s.mw_{comparison} + s.{frequency})" if frequency in columns else f"s.mw_{comparison}"
