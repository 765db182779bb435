"""Let readers see tonight: one immutable snapshot, the list gate, then the one switch.

Reads:   rec_*_v1, feat_customers, feat_items, core_items, core_consents, core_identities,
core_identity_changes,
         core_identity_decisions, core_identity_links, core_identity_reviews
Writes:  serving/snapshots/<run>/, reports/<run>/lists.json, published.json, warehouse/concierge.duckdb,
         serving/production.jsonl, serving/restrictions/, summary.json
If it fails: readers keep last night's result. A refusal by the gate names the figure and its limit; clear the
task once its cause is gone, or leave it: the next night is judged on its own.
"""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

from expectations.contracts import snapshot
from expectations.contracts.published import Published
from spark_jobs.lake.tables import Lake
from spark_jobs.publish import published_lists, restrictions, summary
from spark_jobs.publish.deployments import log_missing_deployment, log_publish
from spark_jobs.publish.gate import ListsRefused, ListVerdict, evaluate_gate
from spark_jobs.publish.list_figures import ListFigures, measure_lists
from spark_jobs.publish.snapshot_records import (
    FOLD_IN_TABLES,
    OPERATOR_TABLES,
    REQUIRED_TABLES,
    SnapshotTables,
    encode_snapshot,
)
from spark_jobs.publish.snapshot_writer import write_snapshot
from spark_jobs.publish.switch import (
    delete_unretained_files,
    deploy,
    find_free_name,
    get_snapshots_folder,
    link_warehouse_file,
    publish_lock,
)
from spark_jobs.run.context import RunContext, TableReport
from spark_jobs.run.identity_inputs import read_applied_identity_inputs
from spark_jobs.run.input_fingerprint import hash_inputs
from spark_jobs.run.warehouse_files import find_built_file
from spark_jobs.snowflake.schema_swap import swap_in_build
from spark_jobs.sources.registry import find_item_case, load_sources

NEEDS_SPARK = False


def run(night: RunContext, lake: Lake) -> list[TableReport]:
    """Publish the night, or find that readers see it already.

    Raises:
        ListsRefused: the gate held the lists back.
        NothingToPublish: a table that a snapshot is made of does not exist.
        FileNotFoundError: the night's warehouse file was not built.
    """
    with publish_lock(night.settings.home):
        return publish_run(night, lake)


def publish_run(night: RunContext, lake: Lake) -> list[TableReport]:
    """`run`, with nobody else at the switch."""
    home, now = night.settings.home, Published.read(night.settings.home)
    landing_date = max(night.days.last, date.fromisoformat(now.landing_date)) if now else night.days.last
    inputs, versions = (
        hash_inputs(night, landing_date, read_applied_identity_inputs(lake)),
        lake.read_versions(),
    )
    sources = SnapshotTables(lake)
    restricted = restrictions.write_restrictions(
        home, sources, landing_date
    )  # first: it holds whatever becomes of tonight's lists
    if (
        now
        and (now.inputs, now.table_versions) == (inputs, versions)
        and published_lists.read_meta(get_snapshots_folder(home) / now.snapshot)
    ):
        # A publish that was killed behind the switch left these undone.
        link_warehouse_file(home, now)
        seen = replace(night, run_id=now.run_id)
        log_publish(seen, lake, now)
        if summary.read_run_id(home) != now.run_id:
            summary.write_summary(summary.build_summary(seen, lake, now), home)
        return [
            TableReport(
                "published",
                detail={"snapshot": now.snapshot, "switched": False, "pruned": delete_unretained_files(home)},
            )
        ]
    if now:
        log_missing_deployment(home, now)
    figures = measure_lists(
        sources.lists,
        sources.customers,
        sources.items,
        published_lists.read_top_items(get_snapshots_folder(home) / now.snapshot) if now else None,
    )
    verdict = evaluate_gate(figures)
    write_gate_report(night.settings.paths.reports(night.slug) / "lists.json", figures, verdict)
    if not verdict.passed:
        raise ListsRefused(
            "the list gate holds tonight back: " + "; ".join(str(check) for check in verdict.failed)
        )
    built = find_warehouse_file(night)
    read = {
        table.name: versions[table.name]
        for table in (*REQUIRED_TABLES, *OPERATOR_TABLES, *FOLD_IN_TABLES)
        if table.name in versions
    }
    meta = snapshot.Meta(
        snapshot.LAYOUT,
        night.run_id,
        landing_date.isoformat(),
        night.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        figures.model_versions[0],
        night.code_hash,
        read,
        find_item_case(load_sources(night.settings.sources)),
    )
    if now and published_lists.is_same_content(
        published_lists.read_meta(get_snapshots_folder(home) / now.snapshot), meta
    ):
        name = now.snapshot
    else:
        name = find_free_name(get_snapshots_folder(home), night.slug)
        write_snapshot(get_snapshots_folder(home) / name, encode_snapshot(sources, meta))
    record = Published(
        night.run_id, meta.landing_date, meta.published_at, name, built, meta.model_version, inputs, versions
    )
    swap_in_build(night.settings, night.run_id)
    page = summary.build_summary(night, lake, record)
    deploy(home, record, night.slug)
    log_publish(night, lake, record)
    summary.write_summary(page, home)
    detail = {
        **figures.as_dict(),
        **restricted,
        "snapshot": name,
        "switched": True,
        "pruned": delete_unretained_files(home),
    }
    return [TableReport("published", n_rows=figures.n_lists, detail=detail)]


def find_warehouse_file(night: RunContext) -> str:
    """The name of tonight's warehouse file; empty on Snowflake, which swaps its own schema."""
    if night.settings.warehouse == "snowflake":
        return ""
    return find_built_file(night).name


def write_gate_report(path: Path, figures: ListFigures, verdict: ListVerdict) -> None:
    """The gate's figures and answers as JSON, for `summary.json` and for the operator whose night was held
    back.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    checks = [check._asdict() for check in verdict.checks]
    path.write_text(
        json.dumps({"passed": verdict.passed, "figures": figures.as_dict(), "checks": checks}, indent=2)
    )
