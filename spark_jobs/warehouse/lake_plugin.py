"""dbt-duckdb's way into the lake: the source `core_x` is the Delta table of that name, read only as far as a
model asks.

Differs from the adapter's own `delta` plugin in two things. A table that no night has written yet is an empty
table of its contract's shape, so a shop without a web log builds the same models. And the tables are
registered with every cursor instead of when a model asks: the adapter keeps what it registered in a
dictionary that two threads change under each other ("dictionary changed size during iteration").
"""

from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin

from expectations.contracts.lake import LAKE
from spark_jobs.lake.tables import Lake
from spark_jobs.warehouse.build_inputs import SOURCE_TABLES


class Plugin(BasePlugin):
    """Found by dbt-duckdb by this name; configured in `dbt_project/profiles.yml`."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Open each table once, so that all models see one version of it."""
        lake = Lake(Path(plugin_config["root"]))
        self.tables = {name: lake.scan(LAKE[name]) for name in SOURCE_TABLES}

    def configure_cursor(self, cursor: Any) -> None:
        """Make the tables known as `temp.main.<table>`, with columns and filters pushed down into Delta's
        files.
        """
        for name, rows in self.tables.items():
            cursor.register(name, rows)
