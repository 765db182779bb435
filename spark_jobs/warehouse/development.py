"""A warehouse of one's own: any dbt command on last night's lake, beside the published warehouse.

On DuckDB it is `warehouse/development/warehouse.duckdb`, which begins as a copy of the published file, so
that one model is built without those before it; on Snowflake a schema `<SCHEMA>_DEV_<USER>`, which begins
empty.
Nothing here writes what readers or a night read.
"""

import getpass
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from spark_jobs.lake.tables import Lake
from spark_jobs.settings import Settings
from spark_jobs.sources.registry import find_shop_time_zone
from spark_jobs.warehouse.build_inputs import (
    BuildPlan,
    hash_dbt_models,
    read_landing_dates,
    read_source_versions,
)
from spark_jobs.warehouse.dbt import PROJECT, build_dbt_command, build_dbt_environment
from spark_jobs.warehouse.generated_models import hold_models
from spark_jobs.warehouse.segments_in_force import load_segments_in_force, mark_left_out

BUILDING = ("build", "run")  # the commands that write models


class NothingIngested(RuntimeError):  # noqa: N818 - reads as what it says
    """The lake holds nothing to build on; the message says what fills it."""


def run_dbt_in_development(settings: Settings, words: Sequence[str]) -> int:
    """Run dbt with these words, on the screen it was started from; dbt's exit code.

    Incremental models are built whole: what changed since the last build is known to a run alone.

    Raises:
        NothingIngested: no run has filled the lake yet.
        SegmentError, PolicyError: as `generate_models`; nothing is built.
    """
    plan = plan_development_build(settings)
    command, *arguments = words
    whole = ["--full-refresh"] if command in BUILDING and "--full-refresh" not in arguments else []
    with hold_models(PROJECT, settings):
        return subprocess.run(
            build_dbt_command(settings, settings.paths.dbt_development, command, *arguments, *whole),
            cwd=PROJECT,
            env=build_dbt_environment(settings, plan, get_development_schema_name(settings)),
        ).returncode


def plan_development_build(settings: Settings) -> BuildPlan:
    """Where the build goes and what dbt is told: all that the lake holds, as of its newest landing day.

    Raises:
        NothingIngested: as above.
    """
    lake = Lake(settings.lake)
    dates = read_landing_dates(lake)
    if not dates:
        raise NothingIngested(f"nothing has been ingested into {settings.lake} yet; `make run` fills it")
    file = None if settings.warehouse == "snowflake" else copy_published_warehouse(settings)
    dbt_inputs = {
        "as_of": max(dates).isoformat(),
        "changed_days": None,
        "lake_versions": read_source_versions(lake),
        "models_hash": mark_left_out(hash_dbt_models(settings.paths), load_segments_in_force(settings, lake)),
        "time_zone": find_shop_time_zone(settings.sources),
    }
    return BuildPlan(file, None, dbt_inputs)


def copy_published_warehouse(settings: Settings) -> Path:
    """The development file; a copy of the published one where that is newer, or there was none."""
    published, file = settings.paths.warehouse_file, settings.paths.development_warehouse
    file.parent.mkdir(parents=True, exist_ok=True)
    if published.exists() and (not file.exists() or file.stat().st_mtime_ns < published.stat().st_mtime_ns):
        part = file.with_name(f".{file.name}.part")
        shutil.copyfile(published, part)
        part.replace(file)
    return file


def get_development_schema_name(settings: Settings) -> str:
    """The schema of whoever asks, on Snowflake."""
    user = re.sub(r"\W", "_", getpass.getuser()).upper()
    return f"{settings.snowflake['schema']}_DEV_{user}"
