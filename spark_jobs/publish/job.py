"""Let readers see tonight: one immutable snapshot, the list gate, then the deployment.

Reads:   rec_*_v1, fct_interactions, feat_customers, feat_items, core_items, core_consents,
         core_identities, core_identity_changes, core_identity_decisions, core_identity_links,
         core_identity_reviews
Writes:  serving/snapshots/<run>/, reports/<run>/lists.json, serving/production.jsonl, published.json,
         warehouse/concierge.duckdb, serving/restrictions/, summary.json
If it fails: readers keep last night's result. A refusal by the gate names the figure and its limit; clear the
task once its cause is gone, or leave it: the next night is judged on its own.
"""

from dataclasses import replace
from datetime import date

from expectations.contracts.published import Published
from spark_jobs.lake.tables import Lake
from spark_jobs.publish import published_lists, restrictions, rule_files, summary
from spark_jobs.publish.deployments import (
    build_publish_deployment,
    deploy,
    publish_lock,
    restore_last_deployment,
)
from spark_jobs.publish.new_snapshot import check_lists, store_snapshot
from spark_jobs.publish.retention import delete_unretained_files
from spark_jobs.publish.snapshot_tables import SnapshotTables
from spark_jobs.run.context import RunContext, TableReport
from spark_jobs.run.identity_inputs import read_applied_identity_inputs
from spark_jobs.run.input_fingerprint import hash_inputs
from spark_jobs.run.warehouse_files import find_built_file
from spark_jobs.snowflake.schema_swap import swap_in_build


def run(context: RunContext, lake: Lake) -> list[TableReport]:
    """Publish the night, or find that readers see it already.

    Raises:
        ListsRefused: the gate held the lists back.
        NothingToPublish: a table that a snapshot is made of does not exist.
        FileNotFoundError: the night's warehouse file was not built.
    """
    with publish_lock(context.settings.home):
        return publish_run(context, lake)


def publish_run(context: RunContext, lake: Lake) -> list[TableReport]:
    """`run`, under the publish lock."""
    home, snapshots = context.settings.home, context.settings.paths.snapshots
    now = restore_last_deployment(home)  # finishes what a killed publish or rollback left undone
    landing_date = max(context.days.last, date.fromisoformat(now.landing_date)) if now else context.days.last
    identity, versions = read_applied_identity_inputs(lake), lake.read_versions()
    inputs = hash_inputs(context, landing_date, identity)
    tables = SnapshotTables(lake)
    # Before the gate: restrictions hold whatever becomes of tonight's lists.
    restricted = restrictions.write_restrictions(home, tables, landing_date)
    if (
        now
        and (now.inputs, now.table_versions) == (inputs, versions)
        and published_lists.read_snapshot_meta(snapshots / now.snapshot)
    ):
        return finish_repeated_publish(context, lake, now)
    figures = check_lists(context, tables, now)
    built = find_warehouse_file(context)
    name, meta = store_snapshot(context, tables, landing_date, figures.model_versions[0], now)
    record = Published(
        context.run_id,
        meta.landing_date,
        meta.published_at,
        name,
        built,
        meta.model_version,
        inputs,
        versions,
    )
    rules = rule_files.collect_rules_in_force(context, identity)
    swap_in_build(context.settings, context.run_id)
    page = summary.build_summary(context, lake, record)
    deploy(home, build_publish_deployment(home, context.slug, record, rules))
    summary.write_summary(page, home)
    pruned = delete_unretained_files(home)
    detail = {**figures.as_dict(), **restricted, "snapshot": name, "switched": True, "pruned": pruned}
    return [TableReport("published", n_rows=figures.n_lists, detail=detail)]


def finish_repeated_publish(context: RunContext, lake: Lake, now: Published) -> list[TableReport]:
    """The report where readers see tonight already; writes the summary that a killed publish did not."""
    home = context.settings.home
    if summary.read_run_id(home) != now.run_id:
        published_context = replace(context, run_id=now.run_id)
        summary.write_summary(summary.build_summary(published_context, lake, now), home)
    detail = {"snapshot": now.snapshot, "switched": False, "pruned": delete_unretained_files(home)}
    return [TableReport("published", detail=detail)]


def find_warehouse_file(context: RunContext) -> str:
    """The name of tonight's warehouse file; empty on Snowflake, which swaps its own schema."""
    return "" if context.settings.warehouse == "snowflake" else find_built_file(context).name
