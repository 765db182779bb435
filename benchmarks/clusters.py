"""How stable behavioural clusters are on Online Retail and a home of the sample shop, fitted as a night does:

    python -m benchmarks.clusters [--data FOLDER] [--home HOME]

On unchanged data: fitted again with other seeds, which customers' labels change. Over time: fitted anew every
week of the last four, which labels change by the fit (the same customers that day by both), and by what they
did in the week (both days by one fit). Ends with 1 where a fit of unchanged data changes more than one label
in a hundred.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
from pyspark.sql import SparkSession

from benchmarks.leaderboard.datasets import SHARED
from benchmarks.lookalikes import load_home, load_online_retail
from models.groups.cluster_matching import label_centres
from models.groups.clusters import LEAST_K, MOST_K, Clustering, build_cluster_table, fit_scaling
from models.predictions.history import CustomerHistory
from spark_jobs.lake.session import start_spark_session
from spark_jobs.train.kmeans import fit_kmeans

SEEDS = range(1, 6)
WEEKS = 4
MOST_CHANGED = 0.01


def fit(
    spark: SparkSession, table: np.ndarray, before: Clustering | None, seed: int
) -> tuple[Clustering, dict]:
    """Clusters of a table, and the silhouettes by their number."""
    scaling = fit_scaling(table, before.scaling if before else None)
    accepted = len(before.clusters) if before else None
    found = fit_kmeans(spark, scaling.apply(table), range(LEAST_K, MOST_K + 1), accepted, seed)
    return label_centres(scaling, found.centres, before), found.silhouettes


def list_labels(clustering: Clustering, table: np.ndarray) -> np.ndarray:
    """The cluster id of each customer."""
    return np.array([cluster.group_id for cluster in clustering.clusters])[clustering.assign(table)]


def print_shop(spark: SparkSession, name: str, history: CustomerHistory) -> float:
    """The shop's figures; the largest share of labels that a fit of unchanged data changed."""
    table = build_cluster_table(history, history.until)
    start = time.monotonic()
    first, silhouettes = fit(spark, table, None, SEEDS[0])
    print(f"\n{name}: {history.n_customers:,} customers, fitted in {time.monotonic() - start:.1f} s")
    print("  silhouettes", "  ".join(f"{k}: {value:.3f}" for k, value in silhouettes.items()))
    labels = list_labels(first, table)
    for cluster in first.clusters:
        print(f"  {cluster.group_id:<10} {np.mean(labels == cluster.group_id):6.1%}  {cluster.name}")
    changed = []
    for seed in SEEDS[1:]:
        again, _ = fit(spark, table, first, seed)
        changed.append(float(np.mean(list_labels(again, table) != labels)))
    print("  changed by another seed:", "  ".join(f"{share:.2%}" for share in changed))
    print_weeks(spark, history)
    return max(changed)


def print_weeks(spark: SparkSession, history: CustomerHistory) -> None:
    """A line for each weekly fit: what it changed, and what customers did."""
    days = [
        day for day in range(history.until - 7 * WEEKS, history.until + 1, 7) if day > history.day.min() + 28
    ]
    before, labels, known_before = None, None, None
    for day in days:
        known = np.isin(np.arange(history.n_customers), history.customer[history.day < day])
        table = build_cluster_table(history, day)
        now, _ = fit(spark, table[known], before, SEEDS[0])
        if before is not None:
            old = list_labels(before, table)
            by_fit = np.mean(list_labels(now, table)[known] != old[known])
            stayed = known & known_before
            by_week = np.mean(old[stayed] != labels[stayed])
            print(
                f"  a week on, {known.sum():,} customers: {by_fit:.2%} changed by the fit,"
                f" {by_week:.2%} by the week;"
                f" {', '.join(f'{each.number} {each.name}' for each in now.clusters)}"
            )
        before, labels, known_before = now, list_labels(now, table), known


def main(argv: list[str]) -> int:
    """Print both shops; 1 where labels are not stable."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=SHARED / "online_retail")
    parser.add_argument("--home", type=Path, help="of the sample shop")
    args = parser.parse_args(argv)
    spark = start_spark_session("clusters", "local[1]", "1g")
    try:
        worst = [print_shop(spark, "Online Retail", load_online_retail(args.data)[0])]
        if args.home:
            worst.append(print_shop(spark, "sample shop", load_home(args.home)[0]))
    finally:
        spark.stop()
    return int(max(worst) > MOST_CHANGED)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
