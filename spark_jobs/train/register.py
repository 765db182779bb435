"""Put an evaluated model into the registry with everything that made it, and report it."""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from models.evaluation import TASKS
from models.evaluation.summary import summarise_metrics
from models.gate import REMEMBERED, GateVerdict
from models.model_version import ModelVersion
from spark_jobs.run.context import TableReport
from spark_jobs.train import leaderboard, provenance
from spark_jobs.train.configuration_search import SearchResult
from spark_jobs.train.drift import REPORT_FILE, count_feature_values, detect_drift, find_search_run
from spark_jobs.train.evaluate import SERVED, Evaluation
from spark_jobs.train.gate_inputs import read_catalogue_coverage
from spark_jobs.train.model_report import report_model, write_report
from spark_jobs.train.provenance import REFIT
from spark_jobs.train.steering import flatten_steering
from spark_jobs.train.training_run import TrainingContext, TrainingRun

Board = Mapping[str, Mapping[str, Any]]  # the leaderboard's rows as figures, by name


def register_evaluation(
    context: TrainingContext,
    training: TrainingRun,
    kind: str,
    evaluation: Evaluation,
    verdict: GateVerdict,
    search: SearchResult | None = None,
) -> list[TableReport]:
    """Log the MLflow run with its trials, register the version, move `champion` when accepted, report it.

    Args:
        kind: `refit` or `search`, as in `provenance`.
        search: the search that found the configuration, with its trials and its cost.
    """
    registry, champion, test = context.registry, context.champion, evaluation.test
    configuration, trials = evaluation.artifact.configuration, search.trials if search else ()
    groups = leaderboard.slice_test_customers(training.matrices, test, training.windows) if test else {}
    board = {name: summarise_metrics(measured, groups) for name, measured in evaluation.board.items()}
    profile, origin = count_feature_values(context.lake), read_origin(context, training)
    tags = {
        "inputs": provenance.fingerprint_inputs(context.run, context.lake, configuration),
        **list_origin_tags(context, training, origin),
        "kind": kind,
        "verdict": verdict.word,
        "reason": verdict.reason,
        "configuration": provenance.hash_configuration(configuration),
        **list_quality_tags(champion if kind == REFIT else None, board, read_catalogue_coverage(evaluation)),
    }
    searched = find_search_run(champion)
    if kind == REFIT and searched:
        tags["searched"] = searched
    report = {
        "kind": kind,
        "verdict": verdict.word,
        "reason": verdict.reason,
        "because": provenance.explain_retraining(champion.tags if champion else None, tags),
        "configuration": configuration,
        **describe_training(training, origin),
        "n_test_customers": len(test.customers) if test else 0,
        "leaderboard": board,
        "drift": detect_drift(context.lake, registry, training.matrices, champion, profile),
        "profile": profile,
        "left_out": evaluation.left_out,
        "warnings": evaluation.warnings,
        "slices": leaderboard.measure_slices(evaluation.board, groups),
        "fold_in": evaluation.fold_in,
        "steering": evaluation.steering.report,
        "n_trials": len(trials),
        "search": dict(search.report) if search else {},
        "seed": context.run.settings.seed,
        "code_hash": context.run.code_hash,
        "config_hash": context.run.config_hash,
        "table_versions": origin["table_versions"],
        "lake_versions": context.lake.read_versions(),
    }
    with tempfile.TemporaryDirectory() as folder:
        digests = evaluation.artifact.save(Path(folder) / "model")
        report["digests"] = digests
        write_report(report, Path(folder) / REPORT_FILE)
        if board:
            leaderboard.plot_leaderboard(board, Path(folder) / "leaderboard.png")
            leaderboard.plot_slices(report["slices"], Path(folder) / "slices.png")
        figures = {
            **leaderboard.flatten_leaderboard(board),
            **leaderboard.flatten_slices(report["slices"]),
            **flatten_steering(evaluation.steering.report),
        }
        run_name, parameters = f"{kind} {context.run.run_id}", list_mlflow_parameters(configuration)
        mlflow_run_id = registry.log_run(run_name, parameters, figures, tags, trials, Path(folder))
    candidate = registry.register(mlflow_run_id, digests, tags, verdict.accepted, champion)
    if candidate.accepted != verdict.accepted:  # another one was made champion while this was trained
        report |= {"verdict": candidate.tags["verdict"], "reason": candidate.tags["reason"]}
        with tempfile.TemporaryDirectory() as folder:
            write_report(report, Path(folder) / REPORT_FILE)
            registry.add_files(mlflow_run_id, Path(folder))
        champion = registry.champion()
    return report_model(context.run, candidate, candidate if candidate.accepted else champion, report)


def read_origin(context: TrainingContext, training: TrainingRun) -> dict[str, Mapping[str, Any]]:
    """What a model was made of, as `provenance` reads it: `consent`, `window` and `table_versions`."""
    return {
        "consent": provenance.summarise_consent(context.lake, training.matrices),
        "window": provenance.format_window_dates(training.matrices, training.windows),
        "table_versions": provenance.read_table_versions(context.lake),
    }


def list_origin_tags(
    context: TrainingContext, training: TrainingRun, origin: Mapping[str, Mapping[str, Any]]
) -> dict[str, str]:
    """What a model was made of, as tags of its MLflow run and version."""
    run, behaviour = context.run, training.matrices.training.behaviour
    return {
        "night": run.run_id,
        "seed": str(run.settings.seed),
        "training_days": json.dumps(run.settings.training_days),
        "code_hash": run.code_hash,
        "config_hash": run.config_hash,
        "n_customers": str(behaviour.n_customers),
        "until": str(behaviour.until),
        **{f"window.{name}": day for name, day in origin["window"].items()},
        **{f"consent.{name}": str(value) for name, value in origin["consent"].items()},
        **{f"table.{name}": str(version) for name, version in origin["table_versions"].items()},
    }


def list_quality_tags(before: ModelVersion | None, board: Board, coverage: float | None) -> dict[str, str]:
    """The last figures of a configuration, tonight's behind them, and tonight's with their intervals.

    Args:
        before: the accepted version of the same configuration; None for a new one.
        coverage: tonight's, of the catalogue; None without a test.
    """
    quality = board[SERVED]["quality"]["mean"] if board else None
    tags = {
        "qualities": json.dumps(append_recent_figure(before.qualities if before else [], quality)),
        "coverages": json.dumps(append_recent_figure(before.coverages if before else [], coverage)),
    }
    if board:
        by_task = {f"{task} NDCG@10": board[SERVED][task]["ndcg"] for task in TASKS}
        tags["metrics"] = json.dumps({"quality": board[SERVED]["quality"], **by_task})
    return tags


def append_recent_figure(before: list[float], figure: float | None) -> list[float]:
    """The last `REMEMBERED` figures, tonight's behind them where there is one."""
    return before if figure is None else [*before, figure][-REMEMBERED:]


def describe_training(training: TrainingRun, origin: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Sizes and days of what a model was fitted on, for its report."""
    behaviour, windows = training.matrices.training.behaviour, training.windows
    return {
        "n_customers": behaviour.n_customers,
        "n_items": behaviour.n_items,
        "n_interactions": len(behaviour),
        "n_left_out": training.matrices.n_left_out,
        "consent": origin["consent"],
        "window": origin["window"],
        "windows": (
            {name: provenance.format_day(day) for name, day in vars(windows).items()} if windows else {}
        ),
    }


def list_mlflow_parameters(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration as MLflow parameters: `weight.<part>`, `ranker.<name>`, `<part>.<name>`."""
    parameters = {f"weight.{part}": weight for part, weight in configuration.get("weights", {}).items()}
    parameters.update({f"ranker.{name}": value for name, value in configuration.get("ranker", {}).items()})
    for part, values in configuration["parts"].items():
        parameters.update({f"{part}.{name}": value for name, value in values.items()})
    return parameters
