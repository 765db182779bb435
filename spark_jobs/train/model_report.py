"""The report of a training: a file beside the other reports of its run, lines in the log, one row of the run
manifest.
"""

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from expectations.contracts.files import write_text_atomically
from models.model_version import ModelVersion
from spark_jobs.run.context import RunContext, TableReport
from spark_jobs.train.drift import REPORT_FILE
from spark_jobs.train.provenance import REFIT
from spark_jobs.train.training_run import TrainingContext

logger = logging.getLogger(__name__)
# What the run manifest keeps of a report.
MANIFEST_FIELDS = (
    "model_version",
    "candidate",
    "kind",
    "verdict",
    "reason",
    "because",
    "n_interactions",
)


def report_model(
    run: RunContext, candidate: ModelVersion | None, served: ModelVersion | None, fields: Mapping[str, Any]
) -> list[TableReport]:
    """Write the report where the run's summary reads it, log its outcome, and return the manifest's row.

    Args:
        candidate: the version that this run registered; None where it registered none.
        served: the accepted version after this run.
        fields: the rest of the report, with `kind`, `verdict`, `reason` and `drift`.
    """
    report = {
        "model_version": served.model_version if served else None,
        "candidate": candidate.model_version if candidate else None,
        "served": describe_version(served),
        **fields,
    }
    _write_run_report(run, report)
    _log_outcome(report)
    detail = {name: report.get(name) for name in MANIFEST_FIELDS} | {"drift": report["drift"]["alarms"]}
    version_before = served.number if served and served != candidate else None
    return [TableReport("model", version_before, candidate.number if candidate else None, detail=detail)]


def report_refusal(context: TrainingContext, reason: str) -> list[TableReport]:
    """Report that nothing was trained and why; the accepted model goes on being served."""
    fields = {"kind": REFIT, "verdict": "refused", "reason": reason, "drift": {"alarms": []}}
    return report_model(context.run, None, context.champion, fields)


def report_repeat(context: TrainingContext, known: ModelVersion) -> list[TableReport]:
    """Report a version that was made of the same inputs before as it was reported then; register nothing."""
    champion = context.champion
    report = {
        "model_version": champion.model_version,
        "candidate": known.model_version,
        "served": describe_version(champion),
        **json.loads(context.registry.download_file(known, REPORT_FILE).read_text()),
        # A process that was killed may have left the file as it was before the version was refused.
        **{name: known.tags[name] for name in ("verdict", "reason")},
    }
    if known.accepted and known.number != champion.number:
        reason = (
            f"{known.model_version} was made of just this and is no longer served: rolled back to"
            f" {champion.model_version}"
        )
        report |= {"verdict": "withdrawn", "reason": reason}
    _write_run_report(context.run, report)
    logger.info(f"{known.model_version} was made of just this; nothing is trained")
    detail = {name: report.get(name) for name in MANIFEST_FIELDS}
    return [TableReport("model", champion.number, champion.number, detail=detail)]


def write_report(report: Mapping[str, Any], path: Path) -> None:
    """Write the report as JSON, to a temporary file that is then renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text_atomically(path, json.dumps(report, indent=1))


def describe_version(version: ModelVersion | None) -> dict[str, Any]:
    """What identifies a version and what was measured of it, so that a report says what was in production."""
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


def _write_run_report(run: RunContext, report: Mapping[str, Any]) -> None:
    write_report(report, run.settings.paths.model_report(run.slug))


def _log_outcome(report: Mapping[str, Any]) -> None:
    """Log the search's cost, the verdict, and whatever somebody may have to act on."""
    if report.get("search"):
        logger.info(
            "search: {n_trials} trials, {seconds} of {budget_seconds} s; cut short: {was_cut}".format(
                **report["search"]
            )
        )
    logger.info(f"{report['candidate'] or 'no model'}: {report['verdict']} ({report['reason']})")
    for name, reason in (report.get("left_out") or {}).items():
        logger.info(f"left out: {name}: {reason}")
    for warning in report.get("warnings") or ():
        logger.warning(warning)
    for alarm in report["drift"]["alarms"]:
        logger.warning(f"drift: {alarm}; a search is due")
