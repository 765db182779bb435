"""A night's warehouse file by name. A build never takes a name that is taken: readers may be at that file,
and no gate has passed the new one yet."""

import re
from pathlib import Path

from spark_jobs.run.context import Night


def builds(home: Path) -> Path:
    return home / "warehouse" / "builds"


def free_file(night: Night) -> Path:
    """Where the night's build belongs when it is whole: named after the run, with a number behind it from the
    second on.
    """
    made = builds_of(night)
    return builds(night.settings.home) / (
        f"{night.slug}.{max(made) + 1}.duckdb" if made else f"{night.slug}.duckdb"
    )


def built_file(night: Night) -> Path:
    """What the run built last: `export` and `publish` read it.

    Raises:
        FileNotFoundError: the run built nothing.
    """
    made = builds_of(night)
    if not made:
        raise FileNotFoundError(
            f"{builds(night.settings.home) / night.slug}.duckdb was not built; `dbt` makes it"
        )
    return made[max(made)]


def builds_of(night: Night) -> dict[int, Path]:
    """The run's builds by their number."""
    name = re.compile(re.escape(night.slug) + r"(?:\.(\d+))?\.duckdb")
    found = {path: name.fullmatch(path.name) for path in builds(night.settings.home).glob("*.duckdb")}
    return {int(match[1] or 1): path for path, match in found.items() if match}
