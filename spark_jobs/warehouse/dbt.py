"""Build the warehouse: `dbt build` into tonight's own file, begun as a copy of the published one.

Analysts keep reading the published file; `publish` points them at the new one when the night has passed its
checks. A build that fails leaves `warehouse/builds/` as it was.
"""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from segments.in_force import SegmentsInForce
from segments.parsing.traits import load_traits
from segments.sql_traits import load_shop_sql_traits
from segments.trait_models import find_bounds
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import ROOT, RunContext, TableReport
from spark_jobs.settings import Settings
from spark_jobs.snowflake.connection import LAKE_SCHEMA
from spark_jobs.snowflake.schema_swap import get_build_schema_name, mark_build_finished
from spark_jobs.warehouse.build_inputs import BuildPlan, prepare_build
from spark_jobs.warehouse.dbt_results import (
    LEFT_OUT,
    SEGMENTS_LEFT_OUT,
    build_table_reports,
    describe_failure,
)
from spark_jobs.warehouse.generated_models import hold_models
from spark_jobs.warehouse.segments_in_force import load_segments_in_force
from spark_jobs.warehouse.trait_failures import find_failed_traits, merge_results

logger = logging.getLogger(__name__)
PROJECT = ROOT / "dbt_project"
PROFILE = "dim_customer_traits"
# dbt's names for our settings; a secret's begins as dbt wants it, so that its logs show stars.
SNOWFLAKE_VARIABLES = {
    "account": "SNOWFLAKE_ACCOUNT",
    "user": "SNOWFLAKE_USER",
    "role": "SNOWFLAKE_ROLE",
    "warehouse": "SNOWFLAKE_WAREHOUSE",
    "database": "SNOWFLAKE_DATABASE",
    "schema": "SNOWFLAKE_SCHEMA",
    "host": "SNOWFLAKE_HOST",
    "port": "SNOWFLAKE_PORT",
    "protocol": "SNOWFLAKE_PROTOCOL",
    "private_key_path": "SNOWFLAKE_PRIVATE_KEY_PATH",
    "private_key_passphrase": "DBT_ENV_SECRET_SNOWFLAKE_PRIVATE_KEY_PASSPHRASE",
    "password": "DBT_ENV_SECRET_SNOWFLAKE_PASSWORD",
    "lake_schema": "SNOWFLAKE_LAKE_SCHEMA",
}


class DbtFailed(RuntimeError):  # noqa: N818 - reads as what it says
    """`dbt build` did not finish; the message names the nodes that failed and why."""


def run(context: RunContext, lake: Lake) -> list[TableReport]:
    """Build every dbt model and run every dbt test on what the lake holds now."""
    beginning = prepare_build(context, lake)
    # Unit tests hold the code to its rows of an example; they are for `make test`, not for a night's data. Of
    # what dbt writes as JSON a night reads the results alone, which `dbt_process` writes.
    arguments = ("--exclude-resource-type", "unit_test", "--no-write-json")
    results = build_warehouse(context.settings, beginning, *arguments)
    if context.settings.warehouse == "snowflake":
        mark_build_finished(context.settings, context.run_id)
    return build_table_reports(context.settings, beginning, results)


def build_warehouse(settings: Settings, beginning: BuildPlan, *arguments: str) -> dict:
    """Run `dbt build` in a process of its own; its `run_results.json`. The file joins `builds/` by one rename
    at the end.

    Raises:
        DbtFailed: a model or a test failed.
        SegmentError, PolicyError: no segment's definition, or the survivorship policy cannot be understood;
        nothing is built.
    """
    segments = load_segments_in_force(settings, Lake(settings.lake))
    for sentence in segments.sentences:
        logger.warning(f"segment left out: {sentence}")
    results = get_results_file(settings.paths.dbt, "build")
    results.unlink(missing_ok=True)
    with hold_models(PROJECT, settings, segments) as left_out:
        finished = run_dbt(settings, beginning, "build", *arguments)
    if finished.returncode:
        outcome, failed = build_without_failed_traits(
            settings, beginning, segments, finished.stdout, *arguments
        )
        left_out += failed
    else:
        outcome = json.loads(results.read_text())
    if beginning.file:
        beginning.file.rename(beginning.finished)
    return outcome | {LEFT_OUT: left_out, SEGMENTS_LEFT_OUT: segments.sentences}


def build_without_failed_traits(
    settings: Settings, beginning: BuildPlan, segments: SegmentsInForce, output: str, *arguments: str
) -> tuple[dict, list[str]]:
    """Build what a failed build lacks where all that failed are SQL traits: the results of both, and a
    sentence for each of these.

    Raises:
        DbtFailed: something else failed, or fails now.
    """
    results = get_results_file(settings.paths.dbt, "build")
    sql_traits, _ = load_shop_sql_traits()
    failed: dict[str, str] = {}
    before = None
    is_built = False
    while not is_built:  # dbt names one file that it cannot read; of what it can build, all that fail
        others = [trait.model for trait in sql_traits if trait.model not in failed]
        newly_failed = {} if before else find_failed_traits(output, results, others)
        if not newly_failed:
            raise DbtFailed(describe_failure(output, results))
        failed |= newly_failed
        before = json.loads(results.read_text()) if results.exists() else None
        results.unlink(missing_ok=True)
        kept = [f"int_kept_traits__{model}" for model in failed]
        part = ["--select", *kept, f"{PROFILE}+"] if before else []
        with hold_models(PROJECT, settings, segments, kept=failed):
            finished = run_dbt(settings, beginning, "build", *part, *arguments)
        output, is_built = finished.stdout, finished.returncode == 0
    sentences = [f"{model}: {why}" for model, why in sorted(failed.items())]
    return merge_results(before, json.loads(results.read_text())), sentences


def run_dbt(
    settings: Settings, beginning: BuildPlan, command: str, *arguments: str, work: Path | None = None
) -> subprocess.CompletedProcess:
    """One dbt command on this project; all that it said stands in `stdout`.

    Args:
        work: the folder of the home for what dbt generates; None for that of the nights.
    """
    work = work or settings.paths.dbt
    program = ("spark_jobs.warehouse.dbt_process", str(get_results_file(work, command)))
    words = build_dbt_command(settings, work, command, *arguments, program=program)
    return subprocess.run(
        words,
        cwd=PROJECT,
        env=build_dbt_environment(settings, beginning),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def get_results_file(work: Path, command: str) -> Path:
    """The file of a command's results; in dbt's `target/run_results.json` stands what ended last."""
    return work / f"{command.split()[0]}_results.json"


def build_dbt_command(
    settings: Settings,
    work: Path,
    command: str,
    *arguments: str,
    program: Sequence[str] = ("dbt.cli.main",),
) -> list[str]:
    """The words that start dbt on this project.

    Args:
        work: the folder for what dbt generates and logs.
        command: `build`, `docs generate`, …
        program: the module that runs dbt, and what it is to be told before dbt's own words.
    """
    return [
        sys.executable,
        "-m",
        *program,
        *command.split(),
        "--project-dir",
        str(PROJECT),
        "--profiles-dir",
        str(PROJECT),
        "--target",
        settings.warehouse,
        "--target-path",
        str(work / "target"),
        "--log-path",
        str(work / "logs"),
        "--log-level-file",
        "info",
        *arguments,
    ]


def add_trait_moments(dbt_inputs: dict) -> dict:
    """What dbt reads of a build, with the bounds of the traits' windows at its end."""
    as_of, time_zone = date.fromisoformat(dbt_inputs["as_of"]), dbt_inputs["time_zone"]
    return dbt_inputs | {"trait_moments": find_bounds(load_traits(), as_of, time_zone)}


def build_dbt_environment(
    settings: Settings, beginning: BuildPlan, schema: str | None = None
) -> dict[str, str]:
    """What dbt may know: this run, where it builds, where the lake lies, and how to reach Snowflake.

    Args:
        schema: Snowflake's schema to build in; None for the one that a run builds in.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("CONCIERGE_")}
    reach = {
        **settings.snowflake,
        "schema": schema or get_build_schema_name(settings),
        "lake_schema": LAKE_SCHEMA,
    }
    variables = {name: reach[ours] for ours, name in SNOWFLAKE_VARIABLES.items() if reach.get(ours)}
    return {
        **inherited,
        **variables,
        "PYTHONPATH": str(ROOT),
        "LAKE_ROOT": str(settings.lake),
        "WAREHOUSE_FILE": str(beginning.file or ""),
        "NIGHT": json.dumps(add_trait_moments(beginning.dbt_inputs), sort_keys=True),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
