"""The settings' values, from the environment and `.env`.

Each runtime reads its environment in one file of its own (`dags/_defaults.py`, `spark_jobs/settings.py`,
`serving_app/settings.py`) through `load_environment` and `resolve_settings`, so an unknown name or a value
that no night can use stops all of them with the same sentence.
"""

import difflib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from expectations.contracts.env_file import EnvFileError, read_env_file
from expectations.contracts.setting_declarations import SETTINGS
from expectations.contracts.setting_values import describe_flaw

PREFIX = "CONCIERGE_"
ENV_FILE = Path(__file__).resolve().parents[2] / ".env"


class SettingsError(ValueError):
    """The environment holds a setting that is unknown or not allowed."""


def load_environment(file: Path = ENV_FILE) -> dict[str, str]:
    """The environment, and the settings of `.env` that it does not name: the environment wins, even where its
    value is empty.

    Raises:
        SettingsError: the file cannot be read, or holds a name whose prefix is nearly ours: nobody else
            reads it.
    """
    try:
        values = read_env_file(file)
    except EnvFileError as error:
        raise SettingsError(str(error)) from error
    refuse_misspelt_prefix(values)
    return {name: value for name, value in values.items() if name.startswith(PREFIX)} | dict(os.environ)


def resolve_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """Every setting's value, defaults filled in.

    Raises:
        SettingsError: a name that begins with CONCIERGE_, or nearly so, and is not a setting; a value that is
            not allowed.
    """
    refuse_misspelt_prefix(environ)
    unknown = sorted(name for name in environ if name.startswith(PREFIX) and name not in SETTINGS)
    if unknown:
        near = difflib.get_close_matches(unknown[0], SETTINGS, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise SettingsError(
            f"unknown setting {', '.join(unknown)}{hint} Settings are listed in .env.example."
        )
    values = {name: environ.get(name) or setting.default for name, setting in SETTINGS.items()}
    flaws = [
        describe_flaw(SETTINGS[name], value, flaw)
        for name, value in values.items()
        if (flaw := SETTINGS[name].find_flaw(value))
    ]
    if flaws:
        raise SettingsError("\n".join(flaws))
    return values


def refuse_misspelt_prefix(names: Iterable[str]) -> None:
    """Stop at names like CONCERGE_HOME and Concierge_Home, which would otherwise be settings that nobody
    reads.

    Raises:
        SettingsError: names them, and what is meant.
    """
    own = PREFIX.rstrip("_")
    for name in sorted(names):
        prefix, separator, rest = name.partition("_")
        if not separator or prefix == own or len(prefix) > len(own) + 2:
            continue
        # One letter left out, doubled or replaced, or two exchanged, is .88 at least; CONVERGE, the nearest
        # word, is .82.
        if difflib.SequenceMatcher(None, prefix.upper(), own, autojunk=False).ratio() >= 0.85:
            near = difflib.get_close_matches(f"{PREFIX}{rest.upper()}", SETTINGS, n=1)
            hint = f"; did you mean {near[0]}?" if near else "."
            raise SettingsError(
                f"{name} is no setting: names begin with {PREFIX}{hint} Settings are listed in .env.example."
            )
