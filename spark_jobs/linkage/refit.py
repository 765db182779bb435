"""Fit a model where it is known which records are one person's: by labels, or by the links of another model.

EM from nothing is not for a shop. Its households (one name, address and phone, two people) are as many as its
second cards, and EM takes them for one person: pairwise precision .80 on a sample shop, where counting over
known pairs has .999.
"""

from dataclasses import replace

import duckdb
import numpy as np
import pyarrow as pa

from spark_jobs.linkage import boosted
from spark_jobs.linkage.agreements import write_agreement_levels
from spark_jobs.linkage.candidate_pairs import write_candidate_pairs
from spark_jobs.linkage.cluster import ClusterThresholds
from spark_jobs.linkage.learned_values import (
    NO_LEARNED_VALUES,
    learn_variants_and_words,
    list_term_frequency_columns,
    measure_term_frequencies,
)
from spark_jobs.linkage.model import LinkageModel
from spark_jobs.linkage.people import build_people_table, read_row_numbers
from spark_jobs.linkage.profile import RecordTable
from spark_jobs.linkage.score import write_scored_pairs
from spark_jobs.linkage.splink_settings import build_splink_settings, create_linker
from spark_jobs.linkage.vectors import read_feature_vectors

U_PAIRS = 400_000  # 5 s
SMOOTHING = 1.0  # added to each level's count among pairs of one person: of 1,000 pairs, none is not never
U_SMOOTHING = 0.5  # the same among random pairs, of which there are a thousand times as many
MIN_PAIRS = 500  # of either kind; ten leaves of the boosted model


class TooFewKnownPairsError(ValueError):
    """Too few known pairs to fit weights on: what they would say of a level is chance."""


def measure_level_shares(
    con: duckdb.DuckDBPyConnection, comparisons: list[dict], pair_table: str, smoothing: float
) -> dict[str, dict[str, float]]:
    """Comparison → level → its share of the pairs in a table (`l`, `r`) about which the comparison says
    something.
    """
    write_agreement_levels(con, comparisons, pair_table, "people", "levels")
    shares = {}
    for comparison in comparisons:
        name = comparison["output_column_name"]
        labels = [
            level["label_for_charts"]
            for level in comparison["comparison_levels"]
            if not level.get("is_null_level")
        ]
        counts = dict(con.execute(f"select level_{name}, count(*) from levels group by 1").fetchall())
        total = sum(counts.get(label, 0) + smoothing for label in labels)
        shares[name] = {label: (counts.get(label, 0) + smoothing) / total for label in labels}
    return shares


def write_random_pairs(con: duckdb.DuckDBPyConnection, out: str) -> None:
    """Write table `out` (`l`, `r`): about U_PAIRS pairs of records, every record as often as another, none of
    one person.

    Rows in order of `idx` are in order of a hash, so neighbours at any distance have nothing to do with one
    another.
    """
    rows = read_row_numbers(con, "people")
    n = len(rows)
    places = np.arange(n)
    distances = range(1, max(1, min(U_PAIRS // max(n, 1), n // 2)) + 1)
    con.register(
        "apart",
        pa.table(
            {
                "l": np.tile(rows, len(distances)),
                "r": np.concatenate([rows[(places + distance) % n] for distance in distances]),
            }
        ),
    )
    con.execute(f"""
        create or replace table {out} as
        with persons as (select idx, person from people left join known using (record_key))
        select l, r from apart join persons as a on a.idx = l join persons as b on b.idx = r
        where l <> r and a.person is distinct from b.person
    """)
    con.unregister("apart")


def set_level_probabilities(settings: dict, m_shares: dict, u_shares: dict, prior: float) -> dict:
    """Splink's settings with the counted probabilities, and no level weighing more than a better one.

    A slip in a city is so rare that nobody's random pair shows it; counted alone it would say more than the
    same city.
    """
    for comparison in settings["comparisons"]:
        name, most = comparison["output_column_name"], np.inf
        for level in comparison["comparison_levels"]:
            if not level.get("is_null_level"):
                same, other = (
                    m_shares[name][level["label_for_charts"]],
                    u_shares[name][level["label_for_charts"]],
                )
                most = min(most, same / other)
                level |= {"m_probability": same, "u_probability": same / most}
    return settings | {"probability_two_random_records_match": prior}


def derive_rarest_shares(settings: dict) -> dict[str, float]:
    """Column → the share that leaves weights as they are: for a model that holds no values of people.

    Splink moves a weight by how much rarer a value is than agreement by chance, which it takes from the level
    of plain equality.
    """
    return {
        column: level["u_probability"]
        for comparison in settings["comparisons"]
        for level in comparison["comparison_levels"]
        if (column := level.get("tf_adjustment_column"))
        and level["sql_condition"] == f"{column}_l = {column}_r"
    }


def fit_on_known_pairs(
    con: duckdb.DuckDBPyConnection,
    records: RecordTable,
    known: str,
    thresholds: ClusterThresholds,
    holds_values: bool = True,
) -> LinkageModel:
    """A model of the records whose weights are counted and whose boosted model is fitted on known pairs.

    Args:
        known: table of `record_key`, `person`; a pair of which one record is not in it, or has no person, is
            no pair of one person and may be one of two.
        thresholds: the model's.
        holds_values: False leaves out all values of people: names, frequencies, learned variants.

    Raises:
        TooFewKnownPairsError: fewer than MIN_PAIRS known pairs of one person, or of two.
    """
    profile = records.profile
    learned = learn_variants_and_words(con, records) if holds_values else NO_LEARNED_VALUES
    build_people_table(con, records, learned)
    con.execute(
        f"create or replace table known as select record_key, person from {known} where person is not null"
    )
    write_candidate_pairs(con, profile.blocking, "pairs")
    con.execute("""
        create or replace table known_pairs as
        select l, r, a.person = b.person as is_same from pairs
        join people as p on p.idx = l join known as a on a.record_key = p.record_key
        join people as q on q.idx = r join known as b on b.record_key = q.record_key
    """)
    con.execute("create or replace table same_pairs as select l, r from known_pairs where is_same")
    write_random_pairs(con, "random_pairs")
    n_same = con.execute("select count(*) from same_pairs").fetchall()[0][0]
    n_known = con.execute("select count(*) from people semi join known using (record_key)").fetchall()[0][0]

    settings = create_linker(con, "people", build_splink_settings(profile.comparisons))[
        1
    ].misc.save_model_to_json()
    m = measure_level_shares(con, settings["comparisons"], "same_pairs", SMOOTHING)
    u = measure_level_shares(con, settings["comparisons"], "random_pairs", U_SMOOTHING)
    settings = set_level_probabilities(settings, m, u, (n_same + 0.5) / max(n_known * (n_known - 1) / 2, 1))
    columns = list_term_frequency_columns(profile.comparisons)
    is_seen, rarest = (
        measure_term_frequencies(con, "people", columns)
        if holds_values
        else ({c: {} for c in columns}, derive_rarest_shares(settings))
    )
    model = LinkageModel(
        profile.name, settings, is_seen, rarest, learned.variants, learned.words, None, thresholds
    )

    write_scored_pairs(con, model, "known_pairs", "scored")
    _, _, features = read_feature_vectors(con, "scored")
    same = con.execute("select is_same from known_pairs order by l, r").fetchnumpy()["is_same"].astype(bool)
    if min(same.sum(), (~same).sum()) < MIN_PAIRS:
        raise TooFewKnownPairsError(
            f"{same.sum():,} known pairs of one person and {(~same).sum():,} of two; it takes {MIN_PAIRS} of"
            " either"
        )
    return replace(model, boosted=boosted.fit_monotone_booster(features, np.asarray(same)))
