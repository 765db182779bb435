"""What tonight's build of the warehouse begins with: a copy of the published one, and what changed in the
lake since then.

What a warehouse has read of the lake stands in the warehouse itself (`int_build__reads`), so the two cannot
part: a file that is thrown away takes its memory with it.
"""

import hashlib
import os
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from expectations.contracts.home import HomePaths
from expectations.contracts.lake import (
    CORE_EVENTS,
    CORE_IMPRESSIONS,
    CORE_ORDER_LINES,
    LAKE,
    OPS_DELIVERIES,
)
from expectations.contracts.published import Published
from segments.parsing.definitions import list_own_files
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import ROOT, RunContext
from spark_jobs.run.warehouse_files import find_free_file
from spark_jobs.settings import Settings
from spark_jobs.snowflake.connection import connect_to_snowflake
from spark_jobs.snowflake.schema_swap import create_build_schema
from spark_jobs.sources.registry import find_shop_time_zone
from spark_jobs.warehouse.segment_moments import write_segment_moments
from spark_jobs.warehouse.segments_in_force import load_segments_in_force, mark_left_out
from spark_jobs.warehouse.survivorship import POLICY
from spark_jobs.warehouse.uploaded_lists import write_lists

SOURCE_TABLES = (
    "core_events",
    "core_order_lines",
    "core_people",
    "core_items",
    "core_consents",
    "core_identifiers",
    "core_identities",
    "core_identity_links",
    "core_identity_changes",
    "core_impressions",
    "pred_customer_scores",
    "pred_customer_clusters",
    "pred_customer_segments",
    "list_entries",
    "segment_moments",
)
DAY_PARTITIONED = (CORE_EVENTS, CORE_IMPRESSIONS, CORE_ORDER_LINES)
INPUTS_TABLE = "int_build__reads"
# Folders of what is generated, of what builds nothing, and of learned segments, whose stays are all replaced
# each night.
LEFT_OUT = {"generated", "target", "analyses", "learned"}


@dataclass(frozen=True)
class BuildInputs:
    """What a warehouse was built from: `versions` is `<table id>@<version>` of each lake table, absent ones
    left out.
    """

    versions: dict[str, str]
    models_hash: str
    as_of: date


@dataclass(frozen=True)
class BuildPlan:
    """Where and from what a build begins.

    Attributes:
        file: the file to build in; None on Snowflake.
        finished: where it belongs when it is whole.
        dbt_inputs: what dbt reads of this build, as `dbt_project/macros/run_inputs.sql` lists it.
    """

    file: Path | None
    finished: Path | None
    dbt_inputs: dict


def prepare_build(context: RunContext, lake: Lake) -> BuildPlan:
    """Copy the published file and find what changed in the lake since. Without one all is built anew."""
    paths = context.settings.paths
    for folder in (paths.warehouse_builds, paths.dbt):
        folder.mkdir(parents=True, exist_ok=True)
    if context.settings.warehouse == "snowflake":
        dbt_inputs = collect_dbt_inputs(context, lake, read_build_inputs_on_snowflake(context.settings))
        create_build_schema(
            context.settings, context.run_id, is_built_upon=dbt_inputs["changed_days"] is not None
        )
        return BuildPlan(None, None, dbt_inputs)
    # Always of one name while it is built: with another one dbt parses the whole project again.
    building, finished = paths.dbt_build, find_free_file(context)
    building.unlink(missing_ok=True)
    building.with_suffix(".duckdb.wal").unlink(missing_ok=True)
    published = Published.read(context.settings.home)
    base = (
        paths.warehouse_builds / published.warehouse_file if published and published.warehouse_file else None
    )
    before = read_build_inputs(base) if base and base.exists() else None
    dbt_inputs = collect_dbt_inputs(context, lake, before)
    if dbt_inputs["changed_days"] is not None:
        copy_file(base, building)
    return BuildPlan(building, finished, dbt_inputs)


def copy_file(source: Path, target: Path) -> None:
    """Copy a file's content; where the file system shares blocks (Btrfs, XFS), without reading or writing
    them.
    """
    with source.open("rb") as read, target.open("wb") as written:
        left = os.fstat(read.fileno()).st_size
        try:
            while left and (n := os.copy_file_range(read.fileno(), written.fileno(), left)):
                left -= n
        # Between file systems, of one that cannot, or of a system that has no such call, as macOS.
        except (OSError, AttributeError):
            left = -1
    if left:
        shutil.copyfile(source, target)


def collect_dbt_inputs(context: RunContext, lake: Lake, before: BuildInputs | None) -> dict:
    """What dbt reads of this build. `changed_days` is None when all is built anew: nothing to build on, other
    models, other tables.

    Args:
        before: what the warehouse to build on has read.
    """
    as_of, zone = (
        find_newest_landing_date(context, lake, before),
        find_shop_time_zone(context.settings.sources),
    )
    write_lists(lake, context.settings)
    segments = load_segments_in_force(context.settings, lake)
    write_segment_moments(lake, segments.rules, zone, as_of)
    now = BuildInputs(
        read_source_versions(lake), mark_left_out(hash_dbt_models(context.settings.paths), segments), as_of
    )
    return {
        "as_of": now.as_of.isoformat(),
        "changed_days": find_changed_days(lake, before, now),
        "lake_versions": now.versions,
        "models_hash": now.models_hash,
        "time_zone": zone,
    }


def find_changed_days(
    lake: Lake, before: BuildInputs | None, now: BuildInputs
) -> dict[str, list[str]] | None:
    """For each lake table partitioned by day, the days whose rows changed since `before`, ISO; None when its
    log does not hold them any more.
    """
    if before is None or before.models_hash != now.models_hash:
        return None
    changed = {}
    for table in DAY_PARTITIONED:
        table_id, _, version = before.versions.get(table.name, "@-1").partition("@")
        if table_id and now.versions.get(table.name, "").partition("@")[0] != table_id:
            return None
        days = lake.find_changed_days(table, int(version)) if table.name in now.versions else set()
        if days is None:
            return None
        changed[table.name] = sorted(day.isoformat() for day in days)
    return changed


def read_source_versions(lake: Lake) -> dict[str, str]:
    """Table id and version of each source that exists."""
    versions = {name: lake.read_table_id_and_version(LAKE[name]) for name in SOURCE_TABLES}
    return {
        name: f"{id_and_version[0]}@{id_and_version[1]}"
        for name, id_and_version in versions.items()
        if id_and_version
    }


def find_newest_landing_date(context: RunContext, lake: Lake, before: BuildInputs | None) -> date:
    """The newest landing day of all runs, this one included: the same in whatever order days come."""
    return max([context.days.last, *read_landing_dates(lake), *([before.as_of] if before else [])])


def read_landing_dates(lake: Lake) -> set[date]:
    """The landing days that were ingested whole."""
    deliveries = lake.read_arrow(OPS_DELIVERIES, ["landing_date", "n_records"]).to_pylist()
    # Without a count an ingest was begun and cut off.
    return {row["landing_date"] for row in deliveries if row["n_records"] is not None}


def hash_dbt_models(paths: HomePaths) -> str:
    """Hash of dbt's models and of the segments, the home's too: with other models, rows built by the old ones
    are not built upon.

    Without the policy of which value wins: what follows from it is worked out anew every night, so an edited
    reason or rule is no ground to build a warehouse from nothing. Nor is an analysis, which builds nothing,
    or a learned segment.
    """
    digest = hashlib.sha256()
    for folder in ("dbt_project", "segments"):
        for path in sorted((ROOT / folder).rglob("*")):
            folders = LEFT_OUT.intersection(path.relative_to(ROOT).parts)
            is_left_out = folders or path.name == POLICY
            if path.suffix in (".sql", ".yml", ".py") and not is_left_out:
                digest.update(path.read_bytes())
    for path in list_own_files(paths.segment_definitions):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def read_build_inputs(file: Path) -> BuildInputs | None:
    """What a warehouse file was built from; None when it does not say."""
    with duckdb.connect(str(file), read_only=True) as warehouse:
        try:
            return parse_inputs_rows(warehouse.execute(format_inputs_query("main_intermediate")).fetchall())
        except duckdb.CatalogException:
            return None


def read_build_inputs_on_snowflake(settings: Settings) -> BuildInputs | None:
    """What the schema that analysts read was built from; None when it does not say."""
    schema = settings.snowflake["schema"]
    with connect_to_snowflake(settings, schema) as session:
        return (
            parse_inputs_rows(session.run(format_inputs_query(schema)))
            if INPUTS_TABLE in session.list_relations(schema)
            else None
        )


def format_inputs_query(schema: str) -> str:
    return f"select table_name, lake_version, models_hash, as_of from {schema}.{INPUTS_TABLE}"


def parse_inputs_rows(rows: list[tuple]) -> BuildInputs | None:
    return (
        BuildInputs({name: version for name, version, _, _ in rows if version}, rows[0][2], rows[0][3])
        if rows
        else None
    )
