"""The settings, or a sentence and an exit: what is typed at a prompt is answered in words."""

from expectations.contracts.settings import SettingsError
from spark_jobs.settings import Settings


def load_settings_or_exit() -> Settings:
    """The settings of the environment.

    Raises:
        SystemExit: one is unknown or wrong; the message says which and what is allowed.
    """
    try:
        return Settings.from_environment()
    except SettingsError as error:
        raise SystemExit(str(error)) from None
