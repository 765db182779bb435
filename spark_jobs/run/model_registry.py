"""The model registry of a run's home."""

from models.registry import ModelRegistry
from spark_jobs.run.context import RunContext


def open_registry(context: RunContext) -> ModelRegistry:
    """The registry of this home."""
    settings = context.settings
    return ModelRegistry(
        settings.mlflow_uri, settings.paths.mlflow_artifacts, int(context.now.timestamp() * 1000)
    )
