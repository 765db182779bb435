"""Stop the night's engine, whatever became of the night.

Reads:   engine/engine.json
Writes:  nothing
If it fails: an engine that nobody uses ends by itself after half an hour.
"""

from spark_jobs.engine.client import make_starter
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import RunContext, TableReport


def run(context: RunContext, lake: Lake) -> list[TableReport]:
    """End the home's engine, if it has one."""
    make_starter(context.settings.paths).end()
    return []
