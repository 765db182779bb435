"""The registry of models: the only module that knows MLflow.

Registered models are `concierge`, of recommenders, `concierge_predictions` and `concierge_clusters`. The
alias `champion` is the version that is used; every other version, refused ones included, stays with its
verdict and the reason in its tags.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from models.artifact import ModelArtifact, check_digests
from models.model_version import DIGEST, NAME, ModelVersion

# Said before the import, which would report its use and look for a git program.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("DO_NOT_TRACK", "true")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")

from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

CHAMPION = "champion"
# What MLflow calls a model that is not there, and an alias that is not (3.17).
ABSENT = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")
# On an accepted version until the alias names it. One that a killed process left has it still.
TO_BE_CHAMPION = "to_be_champion"
COMPARED_WITH = "compared_with"  # the number of the champion then
OF_EVERY_TRIAL = ("seed", "code_hash", "config_hash")


@dataclass(frozen=True)
class TrialRun:
    """One fit that was measured."""

    name: str
    parameters: Mapping[str, Any]
    metrics: Mapping[str, float]


@dataclass
class ModelRegistry:
    """Runs and versions under one tracking URI.

    Attributes:
        uri: SQLite under the home, or a server.
        artifacts: where files go when the URI is SQLite.
        now_ms: what the clock says, for MLflow's own times.
        name: of the registered model, and of the experiment with its runs.
    """

    uri: str
    artifacts: Path
    now_ms: int = 0
    name: str = NAME
    client: MlflowClient = field(init=False)

    def __post_init__(self) -> None:
        if self.uri.startswith("sqlite:///"):
            Path(self.uri.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
        self.client = MlflowClient(self.uri, self.uri)

    def champion(self) -> ModelVersion | None:
        """The version that is served, or None before the first was accepted."""
        try:
            return self._version(self.client.get_model_version_by_alias(self.name, CHAMPION))
        except MlflowException as error:
            if error.error_code in ABSENT:
                return None
            raise  # a registry that cannot be reached has said nothing about what was accepted

    def find_version_by_inputs(self, inputs: str) -> ModelVersion | None:
        """The newest version with this fingerprint of inputs."""
        versions = self.client.search_model_versions(f"name = '{self.name}' and tags.inputs = '{inputs}'")
        return max(map(self._version, versions), key=lambda version: version.number, default=None)

    def list_versions_after(self, version: ModelVersion | None) -> list[ModelVersion]:
        """The versions that came later, oldest first; all of them for None. Of more than a thousand, the
        newest.
        """
        records = self.client.search_model_versions(
            f"name = '{self.name}'", max_results=1000, order_by=["version_number DESC"]
        )
        versions = map(self._version, records)
        least = version.number if version else 0
        return sorted((each for each in versions if each.number > least), key=lambda each: each.number)

    def load(self, version: ModelVersion) -> ModelArtifact:
        """The version's model.

        Raises:
            DigestError: its files are not those that were registered.
        """
        return ModelArtifact.load(
            Path(self.client.download_artifacts(version.run_id, "model")), version.digests
        )

    def download_file(self, version: ModelVersion, name: str) -> Path:
        """A local copy of one file of the version's run."""
        return self.download_run_file(version.run_id, name)

    def download_run_file(self, run_id: str, name: str) -> Path:
        """A local copy of one file of a run."""
        return Path(self.client.download_artifacts(run_id, name))

    def set_champion(self, number: int | None) -> None:
        """Make a version the champion; None: there is none again, as before the first.

        Raises:
            DigestError: its files are not those that were registered; the champion stays.
        """
        if number is None:
            self.client.delete_registered_model_alias(self.name, CHAMPION)
            return
        version = self._version(self.client.get_model_version(self.name, str(number)))
        check_digests(Path(self.client.download_artifacts(version.run_id, "model")), version.digests)
        self.client.set_registered_model_alias(self.name, CHAMPION, str(number))

    def log_run(
        self,
        name: str,
        parameters: Mapping[str, Any],
        metrics: Mapping[str, float],
        tags: Mapping[str, str],
        trials: Sequence[TrialRun] = (),
        files: Path | None = None,
    ) -> str:
        """Write one run, with a child run for each trial; its id."""
        run = self._run(name, parameters, metrics, tags)
        origin = {
            key: value for key, value in tags.items() if key in OF_EVERY_TRIAL or key.startswith("table.")
        }
        for trial in trials:
            self._run(trial.name, trial.parameters, trial.metrics, {**origin, "mlflow.parentRunId": run})
        if files is not None:
            self.client.log_artifacts(run, str(files))
        return run

    def register(
        self,
        run_id: str,
        digests: Mapping[str, str],
        tags: Mapping[str, str],
        accepted: bool,
        compared_with: ModelVersion | None = None,
    ) -> ModelVersion:
        """Make the run's `model` folder a version; the champion when accepted.

        Args:
            compared_with: the champion that it was compared with. Where another one was made champion since
                (a search and a night may run at once), nobody has compared the two: the version is refused,
                and its tags say so.
        """
        now = self.champion() if accepted else compared_with
        if (now and now.number) != (compared_with and compared_with.number):
            accepted, tags = False, {**tags, **describe_changed_champion(now, compared_with)}
            for name, value in describe_changed_champion(now, compared_with).items():
                self.client.set_tag(run_id, name, value)
        if not self.client.search_registered_models(f"name = '{self.name}'"):
            self.client.create_registered_model(self.name)
        all_tags = {**tags, **{DIGEST + name: value for name, value in digests.items()}}
        if accepted:
            all_tags |= {TO_BE_CHAMPION: "yes"} | (
                {COMPARED_WITH: compared_with.number} if compared_with else {}
            )
        source = self.client.get_run(run_id).info.artifact_uri + "/model"
        record = self.client.create_model_version(
            self.name, source, run_id=run_id, tags={k: str(v)[:5000] for k, v in all_tags.items()}
        )
        if accepted:
            self.client.set_registered_model_alias(self.name, CHAMPION, record.version)
            self.client.delete_model_version_tag(self.name, record.version, TO_BE_CHAMPION)
        return self._version(self.client.get_model_version(self.name, record.version))

    def complete_registrations(self) -> None:
        """Make a version the champion that was accepted by a process that was killed before it had done so.
        Where another one became the champion meanwhile, the version is refused.
        """
        marked = f"name = '{self.name}' and tags.{TO_BE_CHAMPION} = 'yes'"
        for version in sorted(
            map(self._version, self.client.search_model_versions(marked)), key=lambda each: each.number
        ):
            now, before = self.champion(), version.tags.get(COMPARED_WITH)
            number = str(version.number)
            if (str(now.number) if now else None) == before:
                self.client.set_registered_model_alias(self.name, CHAMPION, number)
            elif now is None or now.number != version.number:
                compared_with = before and self._version(self.client.get_model_version(self.name, before))
                for name, value in describe_changed_champion(now, compared_with or None).items():
                    self.client.set_model_version_tag(self.name, number, name, value)
                    self.client.set_tag(version.run_id, name, value)
            self.client.delete_model_version_tag(self.name, number, TO_BE_CHAMPION)

    def tag_version(self, version: ModelVersion, name: str) -> None:
        """Put a mark on a version: a tag that says nothing but that it is there."""
        self.client.set_model_version_tag(self.name, str(version.number), name, "yes")

    def add_files(self, run_id: str, folder: Path) -> None:
        """Put a folder's files beside the run's; those of the same name are replaced."""
        self.client.log_artifacts(run_id, str(folder))

    def _run(
        self, name: str, parameters: Mapping[str, Any], metrics: Mapping[str, float], tags: Mapping[str, str]
    ) -> str:
        run = self.client.create_run(self._experiment, start_time=self.now_ms, run_name=name).info.run_id
        self.client.log_batch(
            run,
            metrics=[
                Metric(key, float(value), self.now_ms, 0) for key, value in metrics.items() if value == value
            ],
            params=[Param(key, str(value)[:500]) for key, value in parameters.items()],
            tags=[RunTag(key, str(value)[:5000]) for key, value in tags.items()],
        )
        self.client.set_terminated(run, end_time=self.now_ms)
        return run

    @cached_property
    def _experiment(self) -> str:
        experiment = self.client.get_experiment_by_name(self.name)
        if experiment:
            return experiment.experiment_id
        place = self.artifacts.resolve().as_uri() if self.uri.startswith("sqlite:") else None
        return self.client.create_experiment(self.name, artifact_location=place)

    def _version(self, record: Any) -> ModelVersion:
        return ModelVersion(int(record.version), record.run_id, dict(record.tags), self.name)


def describe_changed_champion(
    champion: ModelVersion | None, compared_with: ModelVersion | None
) -> dict[str, str]:
    """The tags of a version that was accepted over a champion that is none any more."""
    who, before = (each.model_version if each else "none" for each in (champion, compared_with))
    return {
        "verdict": "refused",
        "reason": f"the champion was {before} when this was compared with it and is {who} now",
    }
