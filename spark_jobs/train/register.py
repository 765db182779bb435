"""Put an examined model into the registry with everything that made it, and leave the report for the night's
summary.
"""

import json
import logging
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from models.evaluation import TASKS
from models.evaluation.summary import summary
from models.gate import REMEMBERED, Verdict
from models.registry import Registry, Trial, Version
from models.time_split import Windows
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import Night, TableReport
from spark_jobs.train import leaderboard, provenance
from spark_jobs.train.drift import REPORT_FILE, count_feature_values, detect_drift, find_search_run
from spark_jobs.train.evaluate import SERVED, Evaluation
from spark_jobs.train.gate_inputs import read_catalogue_coverage
from spark_jobs.train.matrices import TrainingMatrices
from spark_jobs.train.provenance import REFIT

logger = logging.getLogger(__name__)
MANIFEST_FIELDS = (
    "model_version",
    "candidate",
    "kind",
    "verdict",
    "reason",
    "because",
    "n_interactions",
)  # what the run manifest says of a model


def register_evaluation(
    night: Night,
    lake: Lake,
    registry: Registry,
    kind: str,
    material: TrainingMatrices,
    cut: Windows | None,
    examined: Evaluation,
    verdict: Verdict,
    champion: Version | None,
    trials: Sequence[Trial] = (),
    search: Mapping[str, Any] | None = None,
) -> list[TableReport]:
    """Log the run with its trials, register the version, move `champion` when accepted, write the report.

    Args:
        search: what the search that found the configuration cost, and what it did not come to
            (`SearchResult.report`).
    """
    configuration, test = examined.artifact.configuration, examined.test
    whom = leaderboard.slice_test_customers(material, test, cut) if test else {}
    board = {name: summary(found, whom) for name, found in examined.board.items()}
    quality = board[SERVED]["quality"]["mean"] if board else None
    before = champion if kind == REFIT else None
    consent, window = (
        provenance.summarise_consent(lake, material),
        provenance.list_window_dates(material, cut),
    )
    versions = provenance.read_table_versions(lake)
    tags = {
        "inputs": provenance.fingerprint_inputs(night, lake, configuration),
        **describe_origin(night, material, consent, window, versions),
        "kind": kind,
        "verdict": verdict.word,
        "reason": verdict.reason,
        "configuration": provenance.hash_configuration(configuration),
        "qualities": json.dumps(append_figure(before.qualities if before else [], quality)),
        "coverages": json.dumps(
            append_figure(before.coverages if before else [], read_catalogue_coverage(examined))
        ),
    }
    now, searched = count_feature_values(lake), find_search_run(champion)
    if kind == REFIT and searched:
        tags["searched"] = searched
    if board:
        tags["metrics"] = json.dumps(
            {"quality": board[SERVED]["quality"], **{f"{t} NDCG@10": board[SERVED][t]["ndcg"] for t in TASKS}}
        )
    said = {
        "kind": kind,
        "verdict": verdict.word,
        "reason": verdict.reason,
        "because": provenance.explain_retraining(champion.tags if champion else None, tags),
        "configuration": configuration,
        "n_customers": material.training.behaviour.n_customers,
        "n_items": material.training.behaviour.n_items,
        "n_interactions": len(material.training.behaviour),
        "n_left_out": material.n_left_out,
        "consent": consent,
        "window": window,
        "windows": {name: provenance.format_day(day) for name, day in vars(cut).items()} if cut else {},
        "n_test_customers": len(test.customers) if test else 0,
        "leaderboard": board,
        "drift": detect_drift(lake, registry, material, champion, now),
        "profile": now,
        "left_out": examined.left_out,
        "warnings": examined.warnings,
        "slices": leaderboard.measure_slices(examined.board, whom),
        "fold_in": examined.fold_in,
        "n_trials": len(trials),
        "search": dict(search or {}),
        "seed": night.settings.seed,
        "code_hash": night.code_hash,
        "config_hash": night.config_hash,
        "table_versions": versions,
        "lake_versions": lake.versions(),
    }
    parameters = {f"weight.{part}": weight for part, weight in configuration.get("weights", {}).items()}
    parameters.update({f"ranker.{name}": value for name, value in configuration.get("ranker", {}).items()})
    for part, values in configuration["parts"].items():
        parameters.update({f"{part}.{name}": value for name, value in values.items()})
    with tempfile.TemporaryDirectory() as aside:
        digests = examined.artifact.save(Path(aside) / "model")
        said["digests"] = digests
        leaderboard.write_report(said, Path(aside) / REPORT_FILE)
        if board:
            leaderboard.plot_leaderboard(board, Path(aside) / "leaderboard.png")
            leaderboard.plot_slices(said["slices"], Path(aside) / "slices.png")
        figures = {**leaderboard.flatten_leaderboard(board), **leaderboard.flatten_slices(said["slices"])}
        run = registry.log(f"{kind} {night.run_id}", parameters, figures, tags, trials, Path(aside))
    made = registry.register(run, digests, tags, verdict.accepted, champion)
    if made.accepted != verdict.accepted:  # another one was made champion while this was trained
        said |= {"verdict": made.tags["verdict"], "reason": made.tags["reason"]}
        with tempfile.TemporaryDirectory() as aside:
            leaderboard.write_report(said, Path(aside) / REPORT_FILE)
            registry.add(run, Path(aside))
        champion = registry.champion()
    return report_model(night, made, made if made.accepted else champion, said)


def describe_origin(
    night: Night,
    material: TrainingMatrices,
    consent: Mapping[str, Any],
    window: Mapping[str, str],
    versions: Mapping[str, Any],
) -> dict[str, str]:
    """What made a model, as tags of its run and version; the last three as `provenance` says them."""
    return {
        "night": night.run_id,
        "seed": str(night.settings.seed),
        "training_days": json.dumps(night.settings.training_days),
        "code_hash": night.code_hash,
        "config_hash": night.config_hash,
        "n_customers": str(material.training.behaviour.n_customers),
        "until": str(material.training.behaviour.until),
        **{f"window.{name}": day for name, day in window.items()},
        **{f"consent.{name}": str(value) for name, value in consent.items()},
        **{f"table.{name}": str(version) for name, version in versions.items()},
    }


def append_figure(before: list[float], figure: float | None) -> list[float]:
    """The last figures of a kind, and tonight's behind them where there is one."""
    return before if figure is None else [*before, figure][-REMEMBERED:]


def report_model(
    night: Night, made: Version | None, served: Version | None, said: Mapping[str, Any]
) -> list[TableReport]:
    """Leave the report where the summary looks, and a line for the run manifest."""
    full = {
        "model_version": served.model_version if served else None,
        "candidate": made.model_version if made else None,
        "served": describe_version(served),
        **said,
    }
    leaderboard.write_report(full, night.settings.home / "reports" / night.slug / "model.json")
    if full.get("search"):
        logger.info(
            "search: {n_trials} trials, {seconds} of {budget_seconds} s; cut short: {was_cut}".format(
                **full["search"]
            )
        )
    logger.info(f"{full['candidate'] or 'no model'}: {full['verdict']} ({full['reason']})")
    for name, reason in (full.get("left_out") or {}).items():
        logger.info(f"left out: {name}: {reason}")
    for warning in full.get("warnings") or ():
        logger.warning(warning)
    detail = {name: full.get(name) for name in MANIFEST_FIELDS} | {"drift": full["drift"]["alarms"]}
    for alarm in detail["drift"]:
        logger.warning(f"drift: {alarm}; a search is due")
    return [
        TableReport(
            "model",
            served.number if served and served != made else None,
            made.number if made else None,
            detail=detail,
        )
    ]


def describe_version(version: Version | None) -> dict[str, Any]:
    """What identifies a version, and what was measured of it: enough to say later what was in production."""
    if version is None:
        return {}
    tags = version.tags

    def under(prefix: str) -> dict[str, str]:
        return {name.removeprefix(prefix): value for name, value in tags.items() if name.startswith(prefix)}

    return {
        "model_version": version.model_version,
        "run_id": version.run_id,
        "digests": version.digests,
        "metrics": json.loads(tags.get("metrics", "{}")),
        "window": under("window."),
        "consent": under("consent."),
        "table_versions": {name: int(value) for name, value in under("table.").items() if value.isdigit()},
        **{name: tags.get(name) for name in ("kind", "reason", "inputs", "seed", "code_hash", "config_hash")},
    }


def report_refusal(night: Night, champion: Version, reason: str) -> list[TableReport]:
    """Make nothing, for a reason: what is accepted goes on being served, and the report says so."""
    return report_model(
        night,
        None,
        champion,
        {"kind": REFIT, "verdict": "refused", "reason": reason, "drift": {"alarms": []}},
    )


def report_repeat(night: Night, registry: Registry, known: Version, champion: Version) -> list[TableReport]:
    """These inputs made a version already: say again what was said then, register nothing."""
    said = json.loads(registry.file(known, REPORT_FILE).read_text())
    said = {
        "model_version": champion.model_version,
        "candidate": known.model_version,
        "served": describe_version(champion),
        **said,
    }
    if known.accepted and known.number != champion.number:
        reason = (
            f"{known.model_version} was made of just this and is no longer served: rolled back to"
            f" {champion.model_version}"
        )
        said |= {"verdict": "withdrawn", "reason": reason}
    leaderboard.write_report(said, night.settings.home / "reports" / night.slug / "model.json")
    logger.info(f"{known.model_version} was made of just this; nothing is trained")
    return [
        TableReport(
            "model",
            champion.number,
            champion.number,
            detail={name: said.get(name) for name in MANIFEST_FIELDS},
        )
    ]
