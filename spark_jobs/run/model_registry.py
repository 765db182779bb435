"""The model registry of a home."""

from datetime import datetime

from models.registry import ModelRegistry
from spark_jobs.run.context import RunContext
from spark_jobs.settings import Settings


def open_registry(context: RunContext) -> ModelRegistry:
    """The registry of the run's home, at the run's time."""
    return open_registry_at(context.settings, context.now)


def open_registry_at(settings: Settings, at: datetime) -> ModelRegistry:
    """The registry of the settings' home; what is registered gets the time `at`."""
    return ModelRegistry(settings.mlflow_uri, settings.paths.mlflow_artifacts, int(at.timestamp() * 1000))
