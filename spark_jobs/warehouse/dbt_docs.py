"""dbt's documentation of the published warehouse, as one page that needs no server."""

import shutil
from pathlib import Path

from spark_jobs.settings import Settings
from spark_jobs.warehouse.dbt import DbtFailed, run_dbt
from spark_jobs.warehouse.published_copy import copy_published_warehouse


def write_dbt_docs(settings: Settings) -> Path:
    """Write the page and return it: `warehouse/docs/index.html`. On Snowflake it does without the columns'
    types as built.

    Raises:
        FileNotFoundError: nothing is published yet.
        DbtFailed: dbt could not make the page; the message holds its last lines.
    """
    settings.paths.dbt_docs.mkdir(parents=True, exist_ok=True)
    with copy_published_warehouse(settings, settings.paths.dbt_docs_warehouse) as plan:
        more = [] if plan.file else ["--empty-catalog"]
        finished = run_dbt(
            settings, plan, "docs generate", "--static", *more, work=settings.paths.dbt_reading
        )
    if finished.returncode:
        raise DbtFailed("dbt docs generate failed:\n" + "\n".join(finished.stdout.splitlines()[-25:]))
    page = settings.paths.dbt_docs_page
    shutil.copyfile(settings.paths.dbt_reading / "target" / "static_index.html", page)
    return page
