"""Splink's settings from declared comparisons, and a Splink linker over a table of a connection."""

import logging
from collections.abc import Sequence

import duckdb
from splink import DuckDBAPI, Linker, SettingsCreator
from splink import comparison_library as cl

from spark_jobs.linkage.comparisons import Comparison


def build_splink_comparison(comparison: Comparison) -> cl.CustomComparison:
    """One comparison: null level, the declared levels, and the rest as disagreement."""
    levels = [
        {"sql_condition": comparison.null_sql, "label_for_charts": "nothing to say", "is_null_level": True}
    ]
    for level in comparison.levels:
        one = {"sql_condition": level.sql, "label_for_charts": level.label}
        if level.tf:
            one |= {"tf_adjustment_column": level.tf, "tf_adjustment_weight": level.tf_weight}
        levels.append(one)
    levels.append({"sql_condition": "ELSE", "label_for_charts": "different"})
    return cl.CustomComparison(comparison_levels=levels, output_column_name=comparison.name)


def build_splink_settings(comparisons: Sequence[Comparison]) -> SettingsCreator:
    """Settings of a model over table `people` keyed by row number `idx`; candidate pairs are registered, not
    blocked here.
    """
    return SettingsCreator(
        link_type="dedupe_only",
        comparisons=[build_splink_comparison(c) for c in comparisons],
        blocking_rules_to_generate_predictions=[],
        unique_id_column_name="idx",
        retain_matching_columns=False,
        retain_intermediate_calculation_columns=True,
        em_convergence=1e-4,
        max_iterations=30,
    )


def create_linker(
    con: duckdb.DuckDBPyConnection, people: str, settings: SettingsCreator | dict
) -> tuple[DuckDBAPI, Linker]:
    """Splink's API and linker on this connection, silent: at INFO it writes a screen for every comparison."""
    api = DuckDBAPI(connection=con)
    linker = Linker(api.register(people), settings)
    logging.getLogger("splink").setLevel(logging.ERROR)  # the constructor sets it back to INFO
    return api, linker
