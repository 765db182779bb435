"""`make rebuild RUN=…`: make a registered model and its lists again, elsewhere, and compare byte by byte.

Reads:   the registry; the versions of fct_interactions, feat_customers and feat_items that the run logged;
the lists its night
         wrote
Writes:  a home of its own, with its own lake and registry; this one is only read
If it fails: the message says what is not as it was: the code (check out the commit it was made by), a table's
version (`maintain` keeps those of the last week), or, worth finding out, the bytes.
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

from expectations.contracts.lake import (
    OPS_RUNS,
    REC_AUDIENCE_ITEMS,
    REC_CUSTOMER_ITEMS,
    REC_FOLD_IN,
    REC_ITEM_ITEMS,
)
from expectations.contracts.tables import Table
from models.registry import Registry, Version
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import Days, Night, code_hash, config_hash
from spark_jobs.run.model_registry import open_registry
from spark_jobs.score import job as scoring
from spark_jobs.settings import Settings
from spark_jobs.train.evaluate import evaluate_configuration
from spark_jobs.train.provenance import TRAINING_TABLES
from spark_jobs.train.training_run import read_training_run

ROWS_AT_ONCE = 2000  # lists held as Python values at once
LIST_TABLES = (REC_CUSTOMER_ITEMS, REC_ITEM_ITEMS, REC_AUDIENCE_ITEMS, REC_FOLD_IN)
# Columns that name the model's number and run, which each registry counts by itself.
MODEL_NAME_COLUMNS = ("model_version", "inputs")


class RebuildError(RuntimeError):
    """Something the run was made of is not here; the message names it."""


@dataclass(frozen=True)
class DigestComparison:
    """One file or table: its SHA-256 as it was registered or written, and as it was made again."""

    name: str
    was: str
    now: str

    @property
    def equal(self) -> bool:
        return self.was == self.now

    def __str__(self) -> str:
        return f"  {self.name:<24} {self.was}  " + ("equal" if self.equal else f"NOT EQUAL: {self.now}")


def find_version(registry: Registry, run: str) -> Version:
    """The version that is meant: `12`, `concierge/12`, an MLflow run, or a night's run.

    Raises:
        CannotRebuild: there is none.
    """
    number = run.rpartition("/")[2]
    for version in reversed(registry.after(None)):
        if run in (version.run_id, version.tags.get("night")) or number == str(version.number):
            return version
    raise RebuildError(f"no version {run!r} in the registry")


def rebuild_model(
    lake: Lake, registry: Registry, version: Version, night: Night
) -> Iterator[DigestComparison]:
    """Make the version again in the night's home, and its lists where its own night wrote them.

    Args:
        lake: the home's own, with a session.
        night: of another home, under the seed, the window of days and the code of the version.

    Raises:
        CannotRebuild: a version of a table is gone.
    """
    aside = Lake(night.settings.lake, lake.spark)
    for table in TRAINING_TABLES:
        copy_table_version(lake, table, int(version.tags[f"table.{table.name}"]), aside)
    training = read_training_run(night, aside)
    configuration = registry.load(version).configuration
    # Tested too, as on its night: how far a placing by fresh events is trusted is part of the model, and the
    # test says it.
    artifact = evaluate_configuration(training, configuration).artifact
    files = night.settings.home / "rebuilt"
    digests = artifact.save(files / "model")
    yield from (
        DigestComparison(name, value, digests[name]) for name, value in sorted(version.digests.items())
    )
    written = find_list_versions(lake, version)
    if not written:
        return
    here = open_registry(night)
    here.register(
        here.log("rebuilt", {}, {}, {}, files=files), digests, {"verdict": "accepted"}, accepted=True
    )
    scoring.run(night, aside)
    for table in LIST_TABLES:
        was, now = lake.read_arrow(table, version=written[table.name]), aside.read_arrow(table)
        yield DigestComparison(table.name, hash_table(was, table), hash_table(now, table))


def copy_table_version(lake: Lake, table: Table, version: int, aside: Lake) -> None:
    """One version of a table into another lake.

    Raises:
        CannotRebuild: it is no longer kept.
    """
    try:
        rows = lake.scan(table, version)
        aside.overwrite(pa.RecordBatchReader.from_batches(rows.schema, rows.to_batches()), table)
    except (DeltaError, FileNotFoundError, OSError) as error:
        raise RebuildError(f"{table.name} version {version} is no longer kept: {error}") from None


def find_list_versions(lake: Lake, version: Version) -> Mapping[str, int]:
    """The versions of the lists that the model's own night wrote with it; empty when that night did not
    score, or refused it.
    """
    rows = lake.read_arrow(
        OPS_RUNS, ["run_id", "step", "table_name", "version_after", "finished_at"]
    ).to_pylist()
    mine = [row for row in rows if (row["run_id"], row["step"]) == (version.tags.get("night"), "score")]
    found = {
        row["table_name"]: row["version_after"] for row in sorted(mine, key=lambda row: row["finished_at"])
    }
    return found if version.accepted and {table.name for table in LIST_TABLES} <= set(found) else {}


def hash_table(rows: pa.Table, table: Table) -> str:
    """SHA-256 of a table's rows by key, every value in full, but for `MODEL_NAME_COLUMNS`."""
    found, compared = hashlib.sha256(), [name for name in table.columns if name not in MODEL_NAME_COLUMNS]
    for batch in (
        rows.sort_by([(name, "ascending") for name in table.key]).select(compared).to_batches(ROWS_AT_ONCE)
    ):
        for row in batch.to_pylist():
            found.update(repr(list(row.items())).encode())  # a float's repr is all of it
    return found.hexdigest()


def create_rebuild_context(settings: Settings, version: Version, home: Path) -> Night:
    """A night in another home under the version's own seed, days and code.

    Raises:
        CannotRebuild: this code or these settings are not those that made it.
    """
    tags = version.tags
    days = json.loads(tags.get("training_days", "null"))
    there = replace(
        settings,
        home=home,
        mlflow_uri=f"sqlite:///{home}/mlflow/mlflow.db",
        seed=int(tags["seed"]),
        training_days=days,
    )
    now = datetime.now(UTC)
    night = Night("rebuild", Days(now.date(), now.date()), there, now, code_hash(), config_hash(there))
    for what, was, mine in (
        ("code", tags["code_hash"], night.code_hash),
        ("settings", tags["config_hash"], night.config_hash),
    ):
        if was != mine:
            raise RebuildError(f"it was made by {what} {was}; {mine} is here")
    return night


def main(argv: list[str]) -> int:
    """Rebuild and compare; 1 when something differs or cannot be made again."""
    parser = argparse.ArgumentParser(prog="make rebuild", description=__doc__.splitlines()[0])
    parser.add_argument("--run", required=True, help="a model version, an MLflow run, or a night's run")
    parser.add_argument(
        "--into", type=Path, help="the home to make it in; a folder of its own that is deleted when left out"
    )
    given, settings = parser.parse_args(argv), Settings.from_environment()
    registry = Registry(settings.mlflow_uri, settings.home / "mlflow" / "artifacts")
    with tempfile.TemporaryDirectory() as scratch:
        try:
            version = find_version(registry, given.run)
            night = create_rebuild_context(settings, version, (given.into or Path(scratch)).resolve())
            from spark_jobs.lake.session import start

            lake = Lake(
                settings.lake, start("concierge rebuild", settings.spark_master, settings.spark_memory)
            )
            print(
                f"{version.model_version}, made by {version.tags.get('night')}, again in"
                f" {night.settings.home}:",
                flush=True,
            )
            compared = list(rebuild_model(lake, registry, version, night))
        except RebuildError as error:
            print(f"rebuild: {error}", file=sys.stderr)
            return 1
    print("\n".join(map(str, compared)))
    return 0 if all(each.equal for each in compared) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
