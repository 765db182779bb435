"""Put an examined model into the registry with everything that made it, and leave the report for the night's summary."""

import hashlib
import json
import tempfile
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from expectations.contracts.lake import FCT_INTERACTIONS, FEAT_CUSTOMERS, FEAT_ITEMS
from models.gate import REMEMBERED, Verdict
from models.split import Windows
from models.tracking import Registry, Trial, Version
from spark_jobs.night import Night, TableReport
from spark_jobs.tables import Lake
from spark_jobs.train import report
from spark_jobs.train.examine import SERVED, Examined
from spark_jobs.train.matrices import Material

TABLES = (FCT_INTERACTIONS, FEAT_CUSTOMERS, FEAT_ITEMS)
REPORT = "report.json"
REFIT, SEARCH = "refit", "search"
EPOCH = date(1970, 1, 1)


def open_registry(night: Night) -> Registry:
    """The registry of this home."""
    settings = night.settings
    return Registry(settings.mlflow_uri, settings.home / "mlflow" / "artifacts", int(night.now.timestamp() * 1000))


def fingerprint(night: Night, lake: Lake, configuration: Mapping[str, Any]) -> str:
    """What a model is made from: versions of the tables, code, settings, configuration. Equal means the same model."""
    made_from = [table_versions(lake), night.code_hash, night.config_hash, configuration]
    return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()[:24]


def table_versions(lake: Lake) -> dict[str, int | None]:
    return {table.name: lake.version(table) for table in TABLES}


def register(
    night: Night, lake: Lake, registry: Registry, kind: str, material: Material, cut: Windows | None, examined: Examined,
    verdict: Verdict, champion: Version | None, trials: Sequence[Trial] = (),
) -> list[TableReport]:  # fmt: skip
    """Log the run with its trials, register the version, move `champion` when accepted, write the report."""
    configuration = examined.artifact.configuration
    board = {name: report.row(found, examined.test) for name, found in examined.board.items()}
    quality = board[SERVED]["quality"]["mean"] if board else None
    before = qualities(champion) if kind == REFIT else []
    measured = [*before, quality][-REMEMBERED:] if quality is not None else before
    tags = {
        "kind": kind, "verdict": verdict.word, "reason": verdict.reason, "seed": str(night.settings.seed),
        "inputs": fingerprint(night, lake, configuration), "code_hash": night.code_hash, "config_hash": night.config_hash,
        "night": night.run_id, "qualities": json.dumps(measured),
        **{f"table.{name}": str(version) for name, version in table_versions(lake).items()},
    }  # fmt: skip
    said = {
        "kind": kind, "verdict": verdict.word, "reason": verdict.reason, "configuration": configuration,
        "n_customers": material.training.behaviour.n_customers, "n_items": material.training.behaviour.n_items,
        "n_interactions": len(material.training.behaviour), "n_left_out": material.n_left_out,
        "windows": days(cut), "n_test_customers": len(examined.test.customers) if examined.test else 0,
        "leaderboard": board, "n_trials": len(trials), "seed": night.settings.seed, "code_hash": night.code_hash,
        "table_versions": table_versions(lake),
    }  # fmt: skip
    parameters = {f"weight.{part}": weight for part, weight in configuration["weights"].items()}
    for part, values in configuration["parts"].items():
        parameters.update({f"{part}.{name}": value for name, value in values.items()})
    with tempfile.TemporaryDirectory() as aside:
        digests = examined.artifact.save(Path(aside) / "model")
        report.write(said, Path(aside) / REPORT)
        if board:
            report.picture(board, Path(aside) / "leaderboard.png")
        run = registry.log(f"{kind} {night.run_id}", parameters, report.metrics(board), tags, trials, Path(aside))
    made = registry.register(run, digests, tags, verdict.accepted)
    served = made if verdict.accepted else champion
    return say(night, made, served, said)


def qualities(version: Version | None) -> list[float]:
    """The mean qualities of a version's configuration as it was accepted night after night, its own last."""
    return json.loads(version.tags.get("qualities", "[]")) if version else []


def say(night: Night, made: Version | None, served: Version | None, said: Mapping[str, Any]) -> list[TableReport]:
    """Leave the report where the summary looks, and a line for the run manifest."""
    full = {
        "model_version": served.model_version if served else None,
        "candidate": made.model_version if made else None,
        **said,
    }
    report.write(full, night.settings.home / "reports" / night.slug / "model.json")
    print(f"  {full['candidate']}: {full['verdict']} ({full['reason']})")
    detail = {name: full[name] for name in ("model_version", "candidate", "verdict", "reason")}
    return [
        TableReport("model", served.number if served and served != made else None, made.number if made else None, detail=detail)
    ]


def repeat(night: Night, registry: Registry, known: Version, champion: Version) -> list[TableReport]:
    """These inputs made a version already: say again what was said then, register nothing."""
    said = json.loads(registry.file(known, REPORT).read_text())
    said = {**said, "model_version": champion.model_version, "candidate": known.model_version}
    report.write(said, night.settings.home / "reports" / night.slug / "model.json")
    print(f"  {known.model_version} was made of just this; nothing is trained")
    detail = {name: said[name] for name in ("model_version", "candidate", "verdict", "reason")}
    return [TableReport("model", champion.number, champion.number, detail=detail)]


def days(cut: Windows | None) -> dict[str, str]:
    """The windows as dates."""
    if cut is None:
        return {}
    return {name: (EPOCH + timedelta(days=value)).isoformat() for name, value in vars(cut).items()}
