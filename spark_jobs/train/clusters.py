"""Fit behavioural clusters on Spark when they are due, and register those that lie apart.

A fit whose best silhouette is low is refused, and the accepted clusters go on being used: they still say what
they said.
"""

import json
import logging
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.daily_measures import compute_psi
from models.groups.cluster_artifact import load_clustering, save_clustering
from models.groups.cluster_matching import label_centres
from models.groups.clusters import (
    CLUSTERED,
    FEWEST_CUSTOMERS,
    LEAST_K,
    MOST_K,
    Clustering,
    build_cluster_table,
    fit_scaling,
)
from models.model_version import CLUSTERS, ModelVersion
from models.predictions.history import CustomerHistory
from models.predictions.refit import find_refit_reason, hash_features
from models.registry import ModelRegistry, TrialRun
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import RunContext, TableReport
from spark_jobs.run.model_registry import open_registry
from spark_jobs.train.provenance import format_day, read_table_versions

logger = logging.getLogger(__name__)
NAME = "clusters"  # of their row in the run manifest
REPORT_FILE = "clusters.json"
MOST_CUSTOMERS = 20_000  # centres of more do not move; what a fit costs does not grow with the shop
# Below, Kaufman and Rousseeuw (1990) call what was found no structure.
LEAST_SILHOUETTE = 0.25


@dataclass(frozen=True)
class TrainedOn:
    """What a fit is made of.

    Attributes:
        table: of the customers that are learned from, as `build_cluster_table` gives it.
    """

    run: RunContext
    lake: Lake
    history: CustomerHistory
    table: np.ndarray


def train_clusters(run: RunContext, lake: Lake, history: CustomerHistory | None) -> TableReport:
    """Fit the clusters of the history's customers, unless the last fit will do."""
    n_customers = history.n_customers if history else 0
    if n_customers < FEWEST_CUSTOMERS:
        few = f"nothing to fit: {n_customers} customers did anything yet, {FEWEST_CUSTOMERS} are needed"
        return TableReport(NAME, detail={"verdict": few})
    registry = open_registry(run, CLUSTERS)
    registry.complete_registrations()
    champion = registry.champion()
    before = (
        load_clustering(registry.download_file(champion, "model"), champion.digests) if champion else None
    )
    table = build_cluster_table(history.sample_customers(MOST_CUSTOMERS, run.settings.seed), history.until)
    due = find_due_reason(registry, champion, before, history, table)
    if due is None:
        return TableReport(NAME, champion.number, champion.number, detail={"verdict": "kept: no fit is due"})
    return fit_and_register(TrainedOn(run, lake, history, table), registry, champion, before, due)


def find_due_reason(
    registry: ModelRegistry,
    champion: ModelVersion | None,
    before: Clustering | None,
    history: CustomerHistory,
    table: np.ndarray,
) -> str | None:
    """Why a fit is due; None where it is not."""
    newest = max(registry.list_versions_after(None), key=lambda version: version.number, default=None)
    fitted = json.loads(newest.tags["fitted"]) if newest else None
    drifted = {}
    # Customers who have drifted from clusters in whose place a newer fit was refused are why it was fitted.
    if before and before.features == CLUSTERED and champion.number == newest.number:
        counts = np.bincount(before.assign(table), minlength=len(before.clusters))
        expected = np.array(json.loads(champion.tags["shares"])) * len(table)
        drifted = {NAME: compute_psi(expected, counts)}
    return find_refit_reason(fitted, hash_features(CLUSTERED), history.until, history.n_customers, drifted)


def fit_and_register(
    data: TrainedOn,
    registry: ModelRegistry,
    champion: ModelVersion | None,
    before: Clustering | None,
    due: str,
) -> TableReport:
    """Fit, log the run with a child a number of clusters, and register the version."""
    from spark_jobs.train.kmeans import fit_kmeans  # pyspark.ml is for the night that fits

    run, lake, history, table = data.run, data.lake, data.history, data.table
    is_comparable = before is not None and before.features == CLUSTERED
    scaling = fit_scaling(table, before.scaling if is_comparable else None)
    fit = fit_kmeans(
        lake.spark,
        scaling.apply(table),
        range(LEAST_K, MOST_K + 1),
        len(before.clusters) if is_comparable else None,
        run.settings.seed,
    )
    clustering = label_centres(scaling, fit.centres, before)
    silhouette = fit.silhouettes[fit.k]
    accepted = bool(silhouette >= LEAST_SILHOUETTE)
    shares = np.bincount(clustering.assign(table), minlength=fit.k) / len(table)
    reason = f"silhouette {silhouette:.3f} of {fit.k} clusters, at least {LEAST_SILHOUETTE} asked"
    report = describe_clusters(clustering, shares, fit.silhouettes, due, history)
    trials = [
        TrialRun(f"k = {k}", {"k": k}, {"silhouette": fit.silhouettes[k], "inertia": fit.inertias[k]})
        for k in sorted(fit.silhouettes)
    ]
    fitted = {
        "until": history.until,
        "n_customers": history.n_customers,
        "n_away": int(not accepted),
        "features": hash_features(CLUSTERED),
    }
    tags = {
        "night": run.run_id,
        "seed": str(run.settings.seed),
        "code_hash": run.code_hash,
        "config_hash": run.config_hash,
        "verdict": "accepted" if accepted else "refused",
        "reason": reason,
        "fitted": json.dumps(fitted),
        "shares": json.dumps([round(float(share), 6) for share in shares]),
        **{f"table.{name}": str(number) for name, number in read_table_versions(lake).items()},
    }
    parameters = {"because": due, "k": fit.k, "n_customers": len(table), "features": ", ".join(CLUSTERED)}
    figures = {"silhouette": silhouette, "inertia": fit.inertia}
    with tempfile.TemporaryDirectory() as folder:
        digests = save_clustering(clustering, Path(folder) / "model")
        (Path(folder) / REPORT_FILE).write_text(json.dumps(report, indent=1))
        run_id = registry.log_run(
            f"clusters {run.run_id}", parameters, figures, tags, trials, files=Path(folder)
        )
    version = registry.register(run_id, digests, tags, accepted, champion)
    for each in report["clusters"]:
        logger.info(f"{each['cluster_id']:<12} {each['share']:6.1%} {each['name']}", extra={"table": NAME})
    verdict = f"{tags['verdict']}: {reason}"
    return TableReport(
        NAME,
        champion.number if champion else None,
        version.number,
        detail={"because": due, "verdict": verdict, "names": [each["name"] for each in report["clusters"]]},
    )


def describe_clusters(
    clustering: Clustering,
    shares: np.ndarray,
    silhouettes: dict[int, float],
    due: str,
    history: CustomerHistory,
) -> dict:
    """The fit as JSON's types: each cluster's name, share, and centre in days and amounts."""
    raw = clustering.scaling.restore(clustering.centres)
    return {
        "because": due,
        "until": format_day(history.until),
        "n_customers": history.n_customers,
        "silhouettes": {str(k): value for k, value in silhouettes.items()},
        "clusters": [
            {
                "cluster_id": cluster.group_id,
                "name": cluster.name,
                "share": float(share),
                "centre": dict(zip(clustering.features, map(float, values), strict=True)),
                "apart": dict(zip(clustering.features, map(float, centre), strict=True)),
            }
            for cluster, share, values, centre in zip(
                clustering.clusters, shares, raw, clustering.centres, strict=True
            )
        ],
    }
