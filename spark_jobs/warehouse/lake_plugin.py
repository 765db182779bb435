"""dbt-duckdb's way into the lake: the source `core_x` is the Delta table of that name, read only as far as a
model asks.

Differs from the adapter's own `delta` plugin in two things. A table that no night has written yet is an empty
table of its contract's shape, so a shop without a web log builds the same models. And the tables are views
over Parquet files in a database of their own in memory, made once, which all cursors see: dbt opens one for
every model and test, and registering ten tables with each took 1.5 of a small night's 15 CPU seconds.
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
        """List each table's files once, so that all models see one version of it."""
        self.lake = Lake(Path(plugin_config["root"]))
        self.files = {
            name: self.lake.list_files(LAKE[name]) if self.lake.exists(LAKE[name]) else []
            for name in SOURCE_TABLES
        }

    def configure_connection(self, conn: Any) -> None:
        """Make the tables known as `lake.main.<table>`, with columns and filters pushed down into Delta's
        files.
        """
        conn.execute("attach ':memory:' as lake")
        with conn.cursor() as cursor:
            cursor.execute("use lake")
            for name, files in self.files.items():
                self.lake.create_view(cursor, LAKE[name], files=files)
