"""Learn a model from unlabelled records: variants, frequencies, u by random pairs, m by EM under several
blockings.
"""

from dataclasses import replace

import duckdb
import numpy as np
from splink import block_on

from spark_jobs.linkage.blocking import CERTAIN, EM_BLOCKING
from spark_jobs.linkage.comparisons import Comparison, Profile, comparisons_for, rules_for
from spark_jobs.linkage.model import LinkageModel
from spark_jobs.linkage.normalise import normalise
from spark_jobs.linkage.pairs import block
from spark_jobs.linkage.people import common_tokens, prepare, row_numbers
from spark_jobs.linkage.score import score
from spark_jobs.linkage.self_train import self_train
from spark_jobs.linkage.splink_settings import linker_over, settings_for
from spark_jobs.linkage.variants import learn_given, learn_place_codes, learn_variants
from spark_jobs.linkage.vectors import read_vectors

U_PAIRS = 2e6
SEED = 20250101
EM_MIN_PAIRS = 100  # fewer say nothing, and none at all makes Splink raise
CERTAIN_RECALL = (
    0.6  # share of true pairs that the CERTAIN rules find; moves the prior only, and calibration corrects it
)


def tf_columns(comparisons: list[Comparison]) -> list[str]:
    """Columns whose values' frequencies move a weight."""
    return sorted({level.tf for c in comparisons for level in c.levels if level.tf})


def frequencies(con: duckdb.DuckDBPyConnection, people: str, columns: list[str]) -> tuple[dict, dict]:
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


def filled_comparisons(con: duckdb.DuckDBPyConnection, people: str, profile: Profile) -> list[Comparison]:
    """Comparisons of which every plain column is filled somewhere: EM cannot learn what it never sees."""
    kept = []
    for comparison in comparisons_for(profile):
        counts = con.execute(
            f"select {', '.join(f'count({c})' for c in comparison.needs)} from {people}"
        ).fetchall()[0]
        if min(counts) > 0:
            kept.append(comparison)
    return kept


def learn(con: duckdb.DuckDBPyConnection, records: str, key: str, profile: Profile) -> tuple[dict, dict]:
    """Learned variants; and words of names: which are given names, which are common."""
    normalise(con, records, key, profile, "plain", [])
    given = learn_given(con, "plain")
    normalise(con, records, key, profile, "plain", given)
    learned = {"first": learn_variants(con, "plain", "first")}
    if "place" in profile.derived:
        learned["place"] = learn_variants(con, "plain", "place")
    if "place_outcodes" in profile.derived:
        learned["place_outcodes"] = learn_place_codes(con, "plain", "outcode")
        learned["place_areas"] = learn_place_codes(con, "plain", "area")
    return learned, {"given": given, "common": common_tokens(con, "plain")}


def train(
    con: duckdb.DuckDBPyConnection, records: str, key: str, profile: Profile, seed: int = SEED
) -> LinkageModel:
    """A frozen model. Leaves behind the tables `people`, `pairs` and `scored` (all candidate pairs, with
    Splink's weights).

    The connection should have `threads=1`: Splink's random sample follows the order in which threads deliver
    rows.
    """
    learned, words = learn(con, records, key, profile)
    prepare(con, records, key, profile, learned, words)
    comparisons = filled_comparisons(con, "people", profile)
    _, linker = linker_over(con, "people", settings_for(comparisons))
    certain = [block_on(*rule) for rule in rules_for(profile, CERTAIN)]
    linker.training.estimate_probability_two_random_records_match(certain, recall=CERTAIN_RECALL)
    linker.training.estimate_u_using_random_sampling(
        max_pairs=U_PAIRS, seed=seed, min_count_per_level=None, num_chunks=1
    )
    for rule in rules_for(profile, EM_BLOCKING):
        if (
            block(con, [rule], "em_pairs") < EM_MIN_PAIRS
        ):  # a shop that never asks for birthdays has none to block on
            continue
        linker.training.estimate_parameters_using_expectation_maximisation(
            block_on(*rule), record_sample_proportion=1.0, fix_u_probabilities=True
        )
    shares, rarest = frequencies(con, "people", tf_columns(comparisons))
    settings = linker.misc.save_model_to_json()
    linker.table_management.delete_tables_created_by_splink_from_db()
    weights = LinkageModel(profile.name, settings, shares, rarest, learned, words)
    block(con, rules_for(profile, profile.blocking), "pairs")
    score(con, weights, "pairs", "scored")
    left, right, features = read_vectors(con, "scored")
    rows = row_numbers(con, "people")
    left, right = np.searchsorted(rows, left), np.searchsorted(rows, right)
    return replace(weights, boosted=self_train(left, right, features, len(rows)))
