"""A night's warehouse file by name. A build never takes a name that is taken: readers may be at that file,
and no gate has passed the new one yet."""

import re
from pathlib import Path

from spark_jobs.run.context import RunContext


def find_free_file(context: RunContext) -> Path:
    """Where the night's build belongs when it is whole: named after the run, with a number behind it from the
    second on.
    """
    builds = list_builds(context)
    return context.settings.paths.warehouse_build(context.slug, max(builds, default=0) + 1)


def find_built_file(context: RunContext) -> Path:
    """What the run built last: `export` and `publish` read it.

    Raises:
        FileNotFoundError: the run built nothing.
    """
    builds = list_builds(context)
    if not builds:
        raise FileNotFoundError(
            f"{context.settings.paths.warehouse_build(context.slug)} was not built; `dbt` makes it"
        )
    return builds[max(builds)]


def list_builds(context: RunContext) -> dict[int, Path]:
    """The run's builds by their number."""
    name = re.compile(re.escape(context.slug) + r"(?:\.(\d+))?\.duckdb")
    builds = {
        path: name.fullmatch(path.name) for path in context.settings.paths.warehouse_builds.glob("*.duckdb")
    }
    return {int(match[1] or 1): path for path, match in builds.items() if match}
