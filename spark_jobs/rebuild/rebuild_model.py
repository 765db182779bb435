"""`make rebuild RUN=…`: fit a registered model and its lists again in another home, and compare the bytes.

Reads:   the registry; the versions of fct_interactions, feat_customers and feat_items that the run logged;
         the lists that its run wrote
Writes:  a home of its own, with its own lake and registry; this one is only read
If it fails: the message says what differs: the code (check out the commit that fitted it), a table's version
(`maintain` retains those of the last week), or the bytes, which is a fault to look into.
"""

import argparse
import hashlib
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
from deltalake.exceptions import DeltaError

from expectations.contracts.home import HomePaths
from expectations.contracts.lake import (
    OPS_RUNS,
    REC_AUDIENCE_ITEMS,
    REC_CUSTOMER_ITEMS,
    REC_FOLD_IN,
    REC_ITEM_ITEMS,
    REC_ITEM_NEXT,
    REC_STEERING,
)
from expectations.contracts.tables import Table
from models.model_version import ModelVersion
from models.registry import ModelRegistry
from spark_jobs.engine.client import open_own_session
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import LandingDates, RunContext, hash_code, hash_config
from spark_jobs.run.model_registry import open_registry
from spark_jobs.score import job as scoring
from spark_jobs.settings import Settings
from spark_jobs.train.evaluate import evaluate_configuration
from spark_jobs.train.provenance import TRAINING_TABLES
from spark_jobs.train.training_run import read_training_run

ROWS_AT_ONCE = 2000  # lists as Python values in memory at once
LIST_TABLES = (
    REC_CUSTOMER_ITEMS,
    REC_ITEM_ITEMS,
    REC_AUDIENCE_ITEMS,
    REC_FOLD_IN,
    REC_ITEM_NEXT,
    REC_STEERING,
)
# Columns that name the model's number and run, which each registry counts by itself.
MODEL_NAME_COLUMNS = ("model_version", "inputs")


class RebuildError(RuntimeError):
    """Something that the model was made of is missing; the message names it."""


@dataclass(frozen=True)
class DigestComparison:
    """One file or table: its SHA-256 as it was registered or written, and as it was rebuilt."""

    name: str
    was: str
    now: str

    @property
    def equal(self) -> bool:
        return self.was == self.now

    def __str__(self) -> str:
        return f"  {self.name:<24} {self.was}  " + ("equal" if self.equal else f"NOT EQUAL: {self.now}")


def find_version(registry: ModelRegistry, name: str) -> ModelVersion:
    """The version by its number (`12`, `concierge/12`), its MLflow run, or the run that registered it.

    Raises:
        RebuildError: there is none.
    """
    number = name.rpartition("/")[2]
    for version in reversed(registry.list_versions_after(None)):
        if name in (version.run_id, version.tags.get("night")) or number == str(version.number):
            return version
    raise RebuildError(f"no version {name!r} in the registry")


def rebuild_model(
    lake: Lake, registry: ModelRegistry, version: ModelVersion, run: RunContext
) -> Iterator[DigestComparison]:
    """Fit the version again in the home of `run`, and its lists if its own run wrote them; compare digests.

    Args:
        lake: of the version's home, with a session.
        run: of another home, with the seed, the training days and the code of the version.

    Raises:
        RebuildError: a version of a table is gone.
    """
    other_lake = Lake(run.settings.lake, lake.spark)
    for table in TRAINING_TABLES:
        copy_table_version(lake, table, int(version.tags[f"table.{table.name}"]), other_lake)
    training = read_training_run(run, other_lake)
    configuration = registry.load(version).configuration
    # Tested too, as in its own run: the fold-in trust is part of the model, and the test measures it.
    artifact = evaluate_configuration(training, configuration).artifact
    files = run.settings.paths.rebuilt
    digests = artifact.save(files / "model")
    yield from (
        DigestComparison(name, value, digests[name]) for name, value in sorted(version.digests.items())
    )
    list_versions = find_list_versions(lake, version)
    if not list_versions:
        return
    other_registry = open_registry(run)
    other_registry.register(
        other_registry.log_run("rebuilt", {}, {}, {}, files=files),
        digests,
        {"verdict": "accepted"},
        accepted=True,
    )
    scoring.run(run, other_lake)
    for table in (table for table in LIST_TABLES if table.name in list_versions):
        was, now = lake.read_arrow(table, version=list_versions[table.name]), other_lake.read_arrow(table)
        yield DigestComparison(table.name, hash_table(was, table), hash_table(now, table))


def copy_table_version(lake: Lake, table: Table, version: int, target: Lake) -> None:
    """Copy one version of a table into another lake.

    Raises:
        RebuildError: the version is no longer retained.
    """
    try:
        rows = lake.scan(table, version)
        target.overwrite(pa.RecordBatchReader.from_batches(rows.schema, rows.to_batches()), table)
    except (DeltaError, FileNotFoundError, OSError) as error:
        raise RebuildError(f"{table.name} version {version} is no longer kept: {error}") from None


def find_list_versions(lake: Lake, version: ModelVersion) -> Mapping[str, int]:
    """By table, the version of the lists that the model's own run wrote with it; empty when that run did not
    score or the model was refused.
    """
    rows = lake.read_arrow(
        OPS_RUNS, ["run_id", "step", "table_name", "version_after", "finished_at"]
    ).to_pylist()
    score_rows = [row for row in rows if (row["run_id"], row["step"]) == (version.tags.get("night"), "score")]
    versions = {
        row["table_name"]: row["version_after"]
        for row in sorted(score_rows, key=lambda row: row["finished_at"])
    }
    return versions if version.accepted and REC_CUSTOMER_ITEMS.name in versions else {}


def hash_table(rows: pa.Table, table: Table) -> str:
    """SHA-256 of a table's rows sorted by key, every value in full, without `MODEL_NAME_COLUMNS`."""
    digest, compared = hashlib.sha256(), [name for name in table.columns if name not in MODEL_NAME_COLUMNS]
    for batch in (
        rows.sort_by([(name, "ascending") for name in table.key]).select(compared).to_batches(ROWS_AT_ONCE)
    ):
        for row in batch.to_pylist():
            digest.update(repr(list(row.items())).encode())  # a float's repr is all of it
    return digest.hexdigest()


def create_rebuild_context(settings: Settings, version: ModelVersion, home: Path) -> RunContext:
    """A run in another home with the version's own seed, training days and code.

    Raises:
        RebuildError: this code or these settings are not those that fitted it.
    """
    tags = version.tags
    days = json.loads(tags.get("training_days", "null"))
    other_settings = replace(
        settings,
        home=home,
        mlflow_uri=f"sqlite:///{HomePaths(home).mlflow_database}",
        seed=int(tags["seed"]),
        training_days=days,
    )
    now = datetime.now(UTC)
    dates = LandingDates(now.date(), now.date())
    run = RunContext("rebuild", dates, other_settings, now, hash_code(), hash_config(other_settings))
    for name, before, now_here in (
        ("code", tags["code_hash"], run.code_hash),
        ("settings", tags["config_hash"], run.config_hash),
    ):
        if before != now_here:
            raise RebuildError(f"it was made by {name} {before}; {now_here} is here")
    return run


def main(argv: list[str]) -> int:
    """Rebuild and compare; 1 when something differs or cannot be made again."""
    parser = argparse.ArgumentParser(prog="make rebuild", description=__doc__.splitlines()[0])
    parser.add_argument("--run", required=True, help="a model version, an MLflow run, or a night's run")
    parser.add_argument(
        "--into", type=Path, help="the home to make it in; a folder of its own that is deleted when left out"
    )
    args, settings = parser.parse_args(argv), Settings.from_environment()
    if not args.run:
        parser.error("RUN= is missing: it takes a model's version (6), its MLflow run, or a night's run id")
    registry = ModelRegistry(settings.mlflow_uri, settings.paths.mlflow_artifacts)
    with tempfile.TemporaryDirectory() as scratch:
        try:
            version = find_version(registry, args.run)
            run = create_rebuild_context(settings, version, (args.into or Path(scratch)).resolve())
            with open_own_session(settings) as spark:
                lake = Lake(settings.lake, spark)
                print(
                    f"{version.model_version}, made by {version.tags.get('night')}, again in"
                    f" {run.settings.home}:",
                    flush=True,
                )
                comparisons = list(rebuild_model(lake, registry, version, run))
        except RebuildError as error:
            print(f"rebuild: {error}", file=sys.stderr)
            return 1
    print("\n".join(map(str, comparisons)))
    return 0 if all(each.equal for each in comparisons) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
