"""Train a linkage model on unlabelled records: u by random pairs, m by EM under several blocking rules."""

from dataclasses import replace

import duckdb
import numpy as np
from splink import block_on

from benchmarks.linkage.historical_figures import CERTAIN_RULES, EM_BLOCKING
from benchmarks.linkage.self_training import train_on_own_clusters
from spark_jobs.linkage.candidate_pairs import write_candidate_pairs
from spark_jobs.linkage.comparisons import Comparison
from spark_jobs.linkage.learned_values import (
    learn_variants_and_words,
    list_term_frequency_columns,
    measure_term_frequencies,
)
from spark_jobs.linkage.model import LinkageModel
from spark_jobs.linkage.people import build_people_table, read_row_numbers
from spark_jobs.linkage.profile import RecordProfile, RecordTable
from spark_jobs.linkage.score import write_scored_pairs
from spark_jobs.linkage.splink_settings import build_splink_settings, create_linker
from spark_jobs.linkage.vectors import read_feature_vectors

U_PAIRS = 2e6
SEED = 20250101
EM_MIN_PAIRS = 100  # fewer say nothing, and none at all makes Splink raise
# Share of true pairs that CERTAIN_RULES find; it moves the prior only, and calibration corrects it.
CERTAIN_RECALL = 0.6


def select_filled_comparisons(
    con: duckdb.DuckDBPyConnection, people: str, profile: RecordProfile
) -> list[Comparison]:
    """Comparisons of which every plain column is filled somewhere: EM cannot learn what it never sees."""
    kept = []
    for comparison in profile.comparisons:
        counts = con.execute(
            f"select {', '.join(f'count({c})' for c in comparison.needs)} from {people}"
        ).fetchall()[0]
        if min(counts) > 0:
            kept.append(comparison)
    return kept


def train_by_em(con: duckdb.DuckDBPyConnection, records: RecordTable, seed: int = SEED) -> LinkageModel:
    """A model trained without labels.

    Leaves behind the tables `people`, `pairs` and `scored` (all candidate pairs, with Splink's weights).

    The connection should have `threads=1`: Splink's random sample follows the order in which threads deliver
    rows.
    """
    profile, learned = records.profile, learn_variants_and_words(con, records)
    build_people_table(con, records, learned)
    comparisons = select_filled_comparisons(con, "people", profile)
    _, linker = create_linker(con, "people", build_splink_settings(comparisons))
    certain = [block_on(*rule) for rule in CERTAIN_RULES]
    linker.training.estimate_probability_two_random_records_match(certain, recall=CERTAIN_RECALL)
    linker.training.estimate_u_using_random_sampling(
        max_pairs=U_PAIRS, seed=seed, min_count_per_level=None, num_chunks=1
    )
    for rule in EM_BLOCKING:
        if write_candidate_pairs(con, [rule], "em_pairs") < EM_MIN_PAIRS:
            continue
        linker.training.estimate_parameters_using_expectation_maximisation(
            block_on(*rule), record_sample_proportion=1.0, fix_u_probabilities=True
        )
    shares, rarest = measure_term_frequencies(con, "people", list_term_frequency_columns(comparisons))
    settings = linker.misc.save_model_to_json()
    linker.table_management.delete_tables_created_by_splink_from_db()
    weights = LinkageModel(profile.name, settings, shares, rarest, learned.variants, learned.words)
    write_candidate_pairs(con, profile.blocking, "pairs")
    write_scored_pairs(con, weights, "pairs", "scored")
    left, right, features = read_feature_vectors(con, "scored")
    rows = read_row_numbers(con, "people")
    left, right = np.searchsorted(rows, left), np.searchsorted(rows, right)
    return replace(weights, boosted=train_on_own_clusters(left, right, features, len(rows)))
