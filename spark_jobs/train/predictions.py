"""Fit the predictors of customers' traits when they are due, and register those that pass.

A trait that does not pass has no predictor, so no score, and its reason is in the run manifest and with the
version. Where none passes there is no champion any more: an older predictor would be used that a newer test
has refused.
"""

import json
import logging
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from models.model_version import PREDICTIONS, ModelVersion
from models.predictions.artifact import PredictionArtifact
from models.predictions.features import build_features, name_features
from models.predictions.history import CustomerHistory
from models.predictions.refit import find_refit_reason, find_tenths, hash_features, measure_score_drift
from models.predictions.scoring import select_usable
from models.predictions.training import TraitResult, train_trait
from models.predictions.traits import TRAITS
from models.registry import ModelRegistry
from spark_jobs.lake.tables import Lake
from spark_jobs.learning_data.behaviour import open_learning_data
from spark_jobs.learning_data.customer_history import read_customer_history
from spark_jobs.run.context import RunContext, TableReport
from spark_jobs.run.model_registry import open_registry
from spark_jobs.sources.registry import find_shop_time_zone
from spark_jobs.train.provenance import format_day, read_table_versions

logger = logging.getLogger(__name__)
NAME = "predictors"  # of their row in the run manifest
REPORT_FILE = "predictions.json"


def read_history(run: RunContext, lake: Lake) -> CustomerHistory | None:
    """What customers did whom predictions and clusters may learn from; None when nobody did anything."""
    zone = find_shop_time_zone(run.settings.sources)
    with open_learning_data(lake, zone, run.settings.spark_memory) as con:
        found = read_customer_history(con, lake)
    return found[0] if found else None


def train_predictions(run: RunContext, lake: Lake, history: CustomerHistory | None) -> TableReport:
    """Fit every trait, unless the last fit will do."""
    registry = open_registry(run, PREDICTIONS)
    registry.complete_registrations()
    if history is None:
        return TableReport(NAME, detail={"verdict": "nothing to learn: nobody did anything yet"})
    champion = registry.champion()
    due = find_due_reason(registry, champion, history)
    if due is None:
        number = champion.number if champion else None
        return TableReport(NAME, number, number, detail={"verdict": "kept: no fit is due"})
    results = [train_trait(history, trait, run.settings.seed) for trait in TRAITS]
    return register_traits(run, lake, registry, history, results, due)


def find_due_reason(
    registry: ModelRegistry, champion: ModelVersion | None, history: CustomerHistory
) -> str | None:
    """Why a fit is due; None where it is not."""
    newest = max(registry.list_versions_after(None), key=lambda version: version.number, default=None)
    fitted = json.loads(newest.tags["fitted"]) if newest else None
    drifted = {}
    if newest and newest.accepted and champion is None:
        return "the step that refused the last fit was killed before it was written"
    if champion and champion.number == newest.number:
        folder = registry.download_file(champion, "model")
        predictors = PredictionArtifact.load(folder, champion.digests).predictors
        tenths = json.loads(champion.tags["tenths"])
        table = build_features(history, history.until)
        for predictor in select_usable(predictors):
            rows = table[predictor.trait.find_customers(history, history.until)]
            name = predictor.trait.name
            drifted[name] = measure_score_drift(tenths[name], predictor.score(rows)) if len(rows) else 0.0
    return find_refit_reason(
        fitted, hash_features(name_features()), history.until, history.n_customers, drifted
    )


def register_traits(
    run: RunContext,
    lake: Lake,
    registry: ModelRegistry,
    history: CustomerHistory,
    results: list[TraitResult],
    due: str,
) -> TableReport:
    """Log the run, register the version with the traits that passed, and report each trait's verdict."""
    champion = registry.champion()
    artifact = PredictionArtifact(tuple(result.predictor for result in results if result.predictor))
    verdicts = {result.trait.name: f"{result.verdict.word}: {result.verdict.reason}" for result in results}
    for name, verdict in verdicts.items():
        logger.info(f"{name:<14} {verdict}", extra={"table": NAME})
    report = {
        "because": due,
        "until": format_day(history.until),
        "n_customers": history.n_customers,
        "traits": [result.report() for result in results],
    }
    accepted = bool(artifact.predictors)
    with tempfile.TemporaryDirectory() as folder:
        digests = artifact.save(Path(folder) / "model")
        (Path(folder) / REPORT_FILE).write_text(json.dumps(report, indent=1))
        tags = list_tags(run, lake, history, results, artifact)
        run_id = registry.log_run(
            f"predictions {run.run_id}", {"because": due}, flatten_figures(results), tags, files=Path(folder)
        )
    if not accepted and champion:
        registry.set_champion(None)  # first: a step that is killed here leaves none, and the next one fits
    version = registry.register(run_id, digests, tags, accepted, champion)
    before = champion.number if champion else None
    return TableReport(NAME, before, version.number, detail={"because": due, **verdicts})


def list_tags(
    run: RunContext,
    lake: Lake,
    history: CustomerHistory,
    results: list[TraitResult],
    artifact: PredictionArtifact,
) -> dict[str, str]:
    """What the predictors were made of, what came of each trait, and how they score today's customers."""
    away = [result.trait.name for result in results if not result.predictor]
    table = build_features(history, history.until)
    tenths = {}
    for predictor in artifact.predictors:
        rows = table[predictor.trait.find_customers(history, history.until)]
        tenths[predictor.trait.name] = find_tenths(predictor.score(rows)) if len(rows) else [0.0] * 9
    fitted = {
        "until": history.until,
        "n_customers": history.n_customers,
        "n_away": len(away),
        "features": hash_features(name_features()),
    }
    return {
        "night": run.run_id,
        "seed": str(run.settings.seed),
        "code_hash": run.code_hash,
        "config_hash": run.config_hash,
        "verdict": "accepted" if artifact.predictors else "refused",
        "reason": f"stay away: {', '.join(away)}" if away else "every trait passed",
        "fitted": json.dumps(fitted),
        "tenths": json.dumps(tenths),
        **{f"table.{name}": str(number) for name, number in read_table_versions(lake).items()},
    }


def flatten_figures(results: list[TraitResult]) -> Mapping[str, Any]:
    """Figures as MLflow metrics: `purchase_7d.model.auc`."""
    return {
        f"{result.trait.name}.{prediction.replace(' ', '_')}.{key}": values[0]
        for result in results
        for prediction, row in result.figures.items()
        for key, values in row.items()
    }
