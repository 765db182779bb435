"""A copy of the published warehouse for dbt, which would lock the file that analysts read."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from expectations.contracts.published import Published
from spark_jobs.settings import Settings
from spark_jobs.sources.registry import find_shop_time_zone
from spark_jobs.warehouse.build_inputs import BuildPlan, read_build_inputs
from spark_jobs.warehouse.dbt import PROJECT
from spark_jobs.warehouse.generated_models import hold_models


@contextmanager
def copy_published_warehouse(settings: Settings, file: Path) -> Iterator[BuildPlan]:
    """What dbt is told of the published warehouse, copied to `file`, which is deleted in the end. On
    Snowflake there is no file.

    Raises:
        FileNotFoundError: nothing is published yet.
    """
    published = Published.read(settings.home)
    if published is None:
        raise FileNotFoundError(
            "nothing is published yet; `make run` or a night of `nightly` publishes the first warehouse"
        )
    with hold_models(PROJECT, settings):
        dbt_inputs = {
            "as_of": published.landing_date,
            "changed_days": None,
            "lake_versions": {},
            "models_hash": "",
            "time_zone": find_shop_time_zone(settings.sources),
        }
        if not published.warehouse_file:
            yield BuildPlan(None, None, dbt_inputs)
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(settings.paths.warehouse_builds / published.warehouse_file, file)
        try:
            read = read_build_inputs(file)
            dbt_inputs |= {"lake_versions": read.versions, "models_hash": read.models_hash} if read else {}
            yield BuildPlan(file, None, dbt_inputs)
        finally:
            file.unlink()
