"""dbt's documentation of the published warehouse, as one page that needs no server."""

import shutil
from pathlib import Path

from expectations.contracts.published import Published
from spark_jobs.settings import Settings
from spark_jobs.warehouse.build_inputs import BuildPlan, read_build_inputs
from spark_jobs.warehouse.dbt import PROJECT, DbtFailed, generate_models, run_dbt


def write_dbt_docs(settings: Settings) -> Path:
    """Write the page and return it: `warehouse/docs/index.html`.

    dbt reads a copy of the published file, because it would lock the file itself; on Snowflake the page does
    without the columns' types as built.

    Raises:
        FileNotFoundError: nothing is published yet.
        DbtFailed: dbt could not make the page; the message holds its last lines.
    """
    published = Published.read(settings.home)
    if published is None:
        raise FileNotFoundError(
            "nothing is published yet; `make run` or a night of `nightly` publishes the first warehouse"
        )
    generate_models(PROJECT)
    file, more = None, ["--empty-catalog"]
    dbt_inputs = {
        "as_of": published.landing_date,
        "changed_days": None,
        "lake_versions": {},
        "models_hash": "",
    }
    settings.paths.dbt_docs.mkdir(parents=True, exist_ok=True)
    if published.warehouse_file:
        file, more = settings.paths.dbt_docs_warehouse, []
        shutil.copyfile(settings.paths.warehouse_builds / published.warehouse_file, file)
        read = read_build_inputs(file)
        dbt_inputs |= {"lake_versions": read.versions, "models_hash": read.models_hash} if read else {}
    finished = run_dbt(settings, BuildPlan(file, None, dbt_inputs), "docs generate", "--static", *more)
    if file:
        file.unlink()
    if finished.returncode:
        raise DbtFailed("dbt docs generate failed:\n" + "\n".join(finished.stdout.splitlines()[-25:]))
    page = settings.paths.dbt_docs_page
    shutil.copyfile(settings.paths.dbt / "target" / "static_index.html", page)
    return page
