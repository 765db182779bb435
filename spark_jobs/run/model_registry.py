"""The model registry of a home."""

from datetime import datetime

from models.model_version import NAME
from models.registry import ModelRegistry
from spark_jobs.run.context import RunContext
from spark_jobs.settings import Settings


def open_registry(context: RunContext, name: str = NAME) -> ModelRegistry:
    """The registry of the run's home, at the run's time; `name` is the registered model's."""
    return open_registry_at(context.settings, context.now, name)


def open_registry_at(settings: Settings, at: datetime, name: str = NAME) -> ModelRegistry:
    """The registry of the settings' home; what is registered gets the time `at`."""
    time_ms = int(at.timestamp() * 1000)
    return ModelRegistry(settings.mlflow_uri, settings.paths.mlflow_artifacts, time_ms, name)
