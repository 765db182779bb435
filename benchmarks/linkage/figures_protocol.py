"""The protocol over the historical figures: thresholds from one half of the people, figures of the other."""

import argparse
import json
import time
from dataclasses import replace
from hashlib import sha256

import duckdb
import numpy as np
import pyarrow as pa

from benchmarks.linkage.cluster_metrics import (
    compute_adjusted_rand_index,
    measure_calibration_error,
    summarise_clusters,
)
from benchmarks.linkage.em_training import train_by_em
from benchmarks.linkage.historical_figures import HISTORICAL_FIGURES
from benchmarks.linkage.labelled_training import build_labelled_features, train_on_labels
from benchmarks.linkage.sample_shop import read_peak_gb
from benchmarks.linkage.threshold_search import cluster_by_thresholds, select_thresholds
from spark_jobs.linkage import boosted
from spark_jobs.linkage.cluster import ClusterThresholds, cluster_records, round_scores
from spark_jobs.linkage.link import link_all_records
from spark_jobs.linkage.model import LinkageModel
from spark_jobs.linkage.people import read_row_numbers
from spark_jobs.linkage.profile import RecordTable
from spark_jobs.linkage.update import update_links
from spark_jobs.linkage.vectors import read_feature_vectors

FIGURES = RecordTable("records", "rid", HISTORICAL_FIGURES)


def load_figures(con: duckdb.DuckDBPyConnection, path: str, shuffle: int) -> None:
    """Write table `records`: the file's rows, shuffled and renumbered."""
    con.execute(f"create table source as select *, row_number() over () as position from '{path}'")
    n = con.execute("select count(*) from source").fetchall()[0][0]
    numbers = np.random.default_rng(shuffle).permutation(n)
    con.register("mixed", pa.table({"position": np.arange(1, n + 1), "number": numbers}))
    con.execute("""
        create table records as
        select lpad(number::varchar, 6, '0') as rid, source.*
        from source join mixed using (position) order by rid
    """)
    con.unregister("mixed")


def summarise_within_half(clusters: np.ndarray, person: np.ndarray, judged: np.ndarray) -> list[float]:
    """The same, judged records only: wrong pairs with the other half do not count."""
    return summarise_clusters(clusters[judged], person[judged], np.ones(judged.sum()))


def hash_partition(clusters: np.ndarray, names: np.ndarray) -> str:
    """Equal for equal partitions, whatever the rows' order and numbers."""
    groups: dict[int, list[str]] = {}
    for root, name in zip(clusters.tolist(), names.tolist(), strict=True):
        groups.setdefault(root, []).append(name)
    return sha256(json.dumps(sorted(sorted(group) for group in groups.values())).encode()).hexdigest()[:16]


def print_mean(name: str, rows: list[list[float]]) -> None:
    """Print mean and standard deviation over the splits."""
    mean, spread = np.mean(rows, axis=0), np.std(rows, axis=0)
    print(
        f"{name:34s} " + " ".join(f"{m:.4f}±{s:.4f}" for m, s in zip(mean, spread, strict=True)), flush=True
    )


def measure_figures(con: duckdb.DuckDBPyConnection, options: argparse.Namespace) -> None:
    """The whole protocol over the historical figures in table `records`."""
    start = time.time()
    model = train_by_em(con, FIGURES)
    print(f"train {time.time() - start:.1f} s, peak {read_peak_gb():.2f} GB", flush=True)
    begun = time.time()
    left, right, features = read_feature_vectors(con, "scored")
    rows = read_row_numbers(con, "people")
    n, left, right = len(rows), np.searchsorted(rows, left), np.searchsorted(rows, right)
    probability = boosted.predict_match_probability(model.boosted, features)
    score = round_scores(boosted.convert_to_log_odds(probability))
    default = cluster_records(left, right, score, n, ClusterThresholds())
    print(
        f"score and cluster {time.time() - begun:.1f} s, train to clusters {time.time() - start:.1f} s, peak"
        f" {read_peak_gb():.2f} GB",
        flush=True,
    )
    got = con.execute("""
        select r.cluster, r.unique_id
        from people as p join records as r on r.rid = p.record_key order by p.idx
    """).fetchnumpy()
    person = np.unique(got["cluster"].astype(str), return_inverse=True)[1]
    everyone = np.ones(n)
    same = person[left] == person[right]
    true = sum(k * (k - 1) / 2 for k in np.bincount(person))
    print(
        f"candidate pairs {len(left):,}, recall of pairs {same.sum() / true:.4f}, "
        f"above the floor {(score > ClusterThresholds().floor).sum():,}"
    )
    raw = 1 / (1 + np.exp2(-features[:, 0].astype(float)))
    near = (probability > 0.01) & (probability < 0.99)
    of_raw, of_trained = (
        " / ".join(f"{measure_calibration_error(p, same, n_bins):.4f}" for n_bins in (10, 15))
        for p in (raw, probability)
    )
    of_near = measure_calibration_error(probability[near], same[near])
    print(
        f"calibration error, all candidate pairs, 10 / 15 bins: raw {of_raw}, self-trained {of_trained}; only"
        f" the {near.sum():,} pairs in .01-.99: {of_near:.4f}"
    )
    print_mean("default thresholds, everyone", [summarise_clusters(default, person, everyone)])
    print("partition of the source's rows, digest", hash_partition(default, got["unique_id"]))

    begun = time.time()
    clusterings = cluster_by_thresholds(left, right, score, n)
    print(f"{len(clusterings)} threshold settings tried in {time.time() - begun:.1f} s")
    rows, rows_within, labelled_rows, labelled_within, errors = [], [], [], [], []
    for split in range(options.splits):
        known = (np.random.default_rng(100 + split).random(person.max() + 1) < 0.5)[person]
        limits = select_thresholds(clusterings, person, known)
        rows.append(summarise_clusters(clusterings[limits], person, ~known))
        rows_within.append(summarise_within_half(clusterings[limits], person, ~known))
        print("  split", split, limits, [f"{v:.4f}" for v in rows[-1]], flush=True)
        if options.no_labels:
            continue
        begun = time.time()
        more = build_labelled_features(left, right, features, score, default)
        booster = train_on_labels(left, right, more, person, known)
        p = boosted.predict_match_probability(booster, more)
        del more
        seconds = time.time() - begun
        s = round_scores(boosted.convert_to_log_odds(p))
        tried = cluster_by_thresholds(left, right, s, n)
        limits = select_thresholds(tried, person, known)
        labelled_rows.append(summarise_clusters(tried[limits], person, ~known))
        labelled_within.append(summarise_within_half(tried[limits], person, ~known))
        judged = ~known[left] & ~known[right]
        errors.append(
            [
                measure_calibration_error(p[judged], same[judged], 10),
                measure_calibration_error(p[judged], same[judged]),
            ]
        )
        print(
            "    labelled",
            limits,
            [f"{v:.4f}" for v in labelled_rows[-1]],
            f"ece {errors[-1][1]:.4f}, {seconds:.1f} s",
            flush=True,
        )
    print(f"{'':34s} pairwise P / R / F1, B-cubed P / R / F1 (mean ± sd over splits)")
    print_mean("no labels", rows)
    print_mean("no labels, within the half", rows_within)
    if labelled_rows:
        print_mean("labels of the other half", labelled_rows)
        print_mean("labels, within the half", labelled_within)
        print("calibration error with labels, 10 / 15 bins", np.mean(errors, axis=0))
    print(f"peak {read_peak_gb():.2f} GB")
    del features

    measure_increment(con, model)
    print(f"peak {read_peak_gb():.2f} GB")


def measure_increment(con: duckdb.DuckDBPyConnection, model: LinkageModel) -> None:
    """1 % of the records arrive last: the same clusters as relinking all under the same frozen model?"""
    con.execute("create table old as from records where hash(rid) % 100 <> 0")
    begun = time.time()
    link_all_records(con, model, FIGURES)
    full = time.time() - begun
    want = con.execute("select record_key, cluster_key from clusters order by 1").fetchnumpy()
    pairs = con.execute("select key_l, key_r, score from linked_pairs order by all").fetchnumpy()
    link_all_records(con, model, replace(FIGURES, name="old"))
    begun = time.time()
    updated = update_links(con, model, FIGURES)
    seconds = time.time() - begun
    got = con.execute("select record_key, cluster_key from clusters order by 1").fetchnumpy()
    again = con.execute("select key_l, key_r, score from linked_pairs order by all").fetchnumpy()
    equal = all(np.array_equal(pairs[c], again[c]) for c in pairs)
    print(
        f"incremental: {updated.n_new} new records {seconds:.2f} s, full relink under the frozen model"
        f" {full:.2f} s ({seconds / full:.1%}); {updated.n_clustered_again:,} records clustered again; pairs"
        f" equal {equal}, clusters equal {np.array_equal(want['cluster_key'], got['cluster_key'])}, ARI"
        f" {compute_adjusted_rand_index(want['cluster_key'], got['cluster_key'])}"
    )
