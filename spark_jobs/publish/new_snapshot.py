"""Tonight's lists through the list gate, and into a snapshot of their own."""

import json
from datetime import date, timedelta
from pathlib import Path

from expectations.contracts import snapshot
from expectations.contracts.published import Published
from spark_jobs.publish import published_lists
from spark_jobs.publish.gate import ListsRefused, ListVerdict, evaluate_list_gate
from spark_jobs.publish.list_figures import ListFigures, measure_lists
from spark_jobs.publish.snapshot_records import encode_snapshot
from spark_jobs.publish.snapshot_tables import (
    OPERATOR_TABLES,
    OPTIONAL_TABLES,
    REQUIRED_TABLES,
    SnapshotTables,
)
from spark_jobs.publish.snapshot_writer import find_free_name, write_snapshot
from spark_jobs.run.context import RunContext
from spark_jobs.sources.declaration import Source
from spark_jobs.sources.registry import LIVE_SOURCE, find_item_case, find_item_rule_names, load_sources
from spark_jobs.sources.service_logs import find_absorbed_date, find_last_whole_day, find_spooled_date
from spark_jobs.sources.topic_landing import TopicLanding


def check_lists(context: RunContext, tables: SnapshotTables, now: Published | None) -> ListFigures:
    """Measure tonight's lists against those that readers see, and report what the gate says.

    Raises:
        ListsRefused: the gate holds them back; names each figure and its limit.
    """
    previous = (
        published_lists.read_top_items(context.settings.paths.snapshots / now.snapshot) if now else None
    )
    figures = measure_lists(tables.lists, tables.customers, tables.items, previous)
    verdict = evaluate_list_gate(figures)
    write_gate_report(context.settings.paths.list_report(context.slug), figures, verdict)
    if not verdict.passed:
        raise ListsRefused(
            "the list gate holds tonight back: " + "; ".join(str(check) for check in verdict.failed)
        )
    return figures


def write_gate_report(path: Path, figures: ListFigures, verdict: ListVerdict) -> None:
    """The gate's figures and answers as JSON, for `summary.json` and for the operator whose night was held
    back.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    checks = [check._asdict() for check in verdict.checks]
    path.write_text(
        json.dumps({"passed": verdict.passed, "figures": figures.as_dict(), "checks": checks}, indent=2)
    )


def store_snapshot(
    context: RunContext, tables: SnapshotTables, landing_date: date, model_version: str, now: Published | None
) -> tuple[str, snapshot.SnapshotMeta]:
    """The name of the snapshot that holds tonight, and where it comes from: a new one, or the published one
    where the same tables, model and code made both.
    """
    versions, folder = tables.lake.read_versions(), context.settings.paths.snapshots
    home_sources = load_sources(context.settings.sources)
    names = [table.name for table in (*REQUIRED_TABLES, *OPERATOR_TABLES, *OPTIONAL_TABLES)]
    meta = snapshot.SnapshotMeta(
        snapshot.LAYOUT,
        context.run_id,
        landing_date.isoformat(),
        context.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        model_version,
        context.code_hash,
        {name: versions[name] for name in names if name in versions},
        find_item_case(home_sources),
        home_sources[0].time_zone,
        find_live_absorbed_date(context, home_sources, landing_date).isoformat(),
    )
    if now and published_lists.is_same_content(
        published_lists.read_snapshot_meta(folder / now.snapshot), meta
    ):
        return now.snapshot, meta
    name = find_free_name(folder, context.slug)
    write_snapshot(folder / name, encode_snapshot(tables, meta, find_item_rule_names(home_sources)))
    return name, meta


def find_live_absorbed_date(context: RunContext, home_sources: list[Source], landing_date: date) -> date:
    """The last shop day whose live events have all landed."""
    settings = context.settings
    live = next(source for source in home_sources if source.name == LIVE_SOURCE)
    logs, zone = settings.paths.serving / live.origin.folder, live.time_zone
    absorbed = find_absorbed_date(logs, landing_date, context.now, zone, live.origin.time_field)
    if settings.events != "kafka":
        return absorbed
    spooled = find_spooled_date(settings.paths.spool, live.origin.time_field, zone)
    whole_until = TopicLanding(settings.paths, settings.events_topic, zone).read_whole_until()
    in_topic = find_last_whole_day(whole_until, zone) if whole_until else date.min
    return min(absorbed, in_topic, spooled - timedelta(days=1) if spooled else absorbed)
