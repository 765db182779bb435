"""The model behind the lists in production: MLflow's alias `champion` follows a rollback.

MLflow is imported when it is asked for: readers see the run before, and it takes longer to import than that.
"""

from datetime import datetime
from typing import TYPE_CHECKING

from spark_jobs.publish.deployments import ROLLBACK, Deployment
from spark_jobs.settings import Settings

if TYPE_CHECKING:
    from models.registry import ModelRegistry


def restore_champion(settings: Settings, model_version: str, at: datetime) -> tuple[str | None, bool]:
    """Make the version the one that is served and refitted; which was before, as `concierge/<n>`, and whether
    that is a change.

    Raises:
        DigestError: its files are not those that were registered; the model in force stays.
    """
    number = parse_model_version_number(model_version)
    if number is None and not settings.paths.mlflow.exists():
        return None, False  # there never was a model
    registry = open_registry_at(settings, at)
    was = registry.champion()
    is_another = (was.number if was else None) != number
    if is_another:
        registry.set_champion(number)
    return (was.model_version if was else None), is_another


def restore_champion_from_log(settings: Settings, log: list[Deployment], at: datetime) -> str | None:
    """Bring the champion to what the log of deployments says; the version that was made champion, or None.

    Two states are not what the log says: there is no champion although lists of a model are in production,
    and the champion is still the model that the last rollback left. Any other champion was accepted since.

    Raises:
        DigestError: as `restore_champion`.
    """
    logged_version = log[-1].record["model_version"] if log else "none"
    if parse_model_version_number(logged_version) is None:
        return None
    champion = open_registry_at(settings, at).champion()
    version_before_rollback = (
        log[-2].record["model_version"] if len(log) > 1 and log[-1].by == ROLLBACK else None
    )
    if champion is None or (champion.model_version == version_before_rollback != logged_version):
        restore_champion(settings, logged_version, at)
        return logged_version
    return None


def parse_model_version_number(model_version: str) -> int | None:
    """The number of `concierge/<n>`; None for `none`, as before a model was accepted."""
    return int(model_version.rpartition("/")[2]) if "/" in model_version else None


def open_registry_at(settings: Settings, at: datetime) -> "ModelRegistry":
    """As `run.model_registry.open_registry_at`, importing MLflow only now."""
    from spark_jobs.run import model_registry

    return model_registry.open_registry_at(settings, at)
