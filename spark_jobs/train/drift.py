"""Drift, looked for every night: in the newest days' behaviour, in the tables of customers and items, and in
how often served lists are answered by an event.

Tables are compared with their state at the accepted model and at the last search, by the profile in each
run's report; the table versions themselves are deleted after a week.
"""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from expectations.contracts.lake import CORE_EVENTS, FEAT_CUSTOMERS, FEAT_ITEMS
from models import drift
from models.drift import DriftSignal
from models.model_version import ModelVersion
from models.registry import ModelRegistry
from spark_jobs.lake.tables import Lake
from spark_jobs.train.matrices import TrainingMatrices
from spark_jobs.train.provenance import SEARCH, date_to_day, day_to_date, format_day

REPORT_FILE = "report.json"
FOUND_AGAIN_TAG = "found_again"  # of a version that a later search found as well and did not register again
MOST_DAYS = 7  # newest days that one run looks at: a backfill's range of a year is history
# Without values that grow with time by themselves (orders, segments).
PROFILED_COLUMNS = (
    (FEAT_ITEMS, ("category", "brand", "price_band", "is_recommendable", "is_in_stock")),
    (FEAT_CUSTOMERS, ("country", "channel")),
)
Profile = dict[str, dict[str, int]]


def count_feature_values(lake: Lake) -> Profile:
    """Rows per value, by `table.column`; prices in half octaves."""
    profile: Profile = {}
    for table, names in PROFILED_COLUMNS:
        rows = lake.read_arrow(table, names)
        for name in names:
            counts = pc.value_counts(rows[name]).to_pylist()
            profile[f"{table.name}.{name}"] = {str(each["values"]): each["counts"] for each in counts}
    price = lake.read_arrow(FEAT_ITEMS, ["price"])["price"].cast(pa.float64()).to_numpy(zero_copy_only=False)
    bins, counts = np.unique(
        np.floor(2 * np.log2(np.where(price > 0, price, np.nan))), return_counts=True, equal_nan=True
    )
    profile["feat_items.price"] = {str(each): int(n) for each, n in zip(bins, counts, strict=True)}
    return profile


def count_answered_events_by_day(lake: Lake, first: int) -> dict[int, tuple[int, int]]:
    """By day since the first: people's events with an item, and those of them that came from a served
    list.
    """
    if not lake.exists(CORE_EVENTS):
        return {}
    since = pc.field("occurred_date") >= pa.scalar(day_to_date(first))
    is_people_made = ~pc.coalesce(pc.field("is_bot"), pc.scalar(False))
    events = lake.scan(CORE_EVENTS).to_table(
        columns=["occurred_date", "request_id"],
        filter=since & pc.field("item_id").is_valid() & is_people_made,
    )
    counted = (
        events.group_by("occurred_date").aggregate([("request_id", "count"), ([], "count_all")]).to_pylist()
    )
    return {date_to_day(row["occurred_date"]): (row["count_all"], row["request_id_count"]) for row in counted}


def detect_drift(
    lake: Lake,
    registry: ModelRegistry,
    matrices: TrainingMatrices,
    champion: ModelVersion | None,
    profile: Profile,
) -> dict[str, Any]:
    """Drift for the report: every signal with its limit, the alarms as sentences, the days looked at.

    Args:
        champion: the accepted model. Days newer than those that it and the last search were fitted on are
            looked at; without one, the newest day.
        profile: of tonight's tables.
    """
    training = matrices.training
    until = training.behaviour.until
    search = find_last_search(registry, champion)
    fitted_until = [each.until for each in (champion, search) if each and each.until is not None]
    days = range(max(max(fitted_until, default=until - 1), until - MOST_DAYS), until)
    answered = count_answered_events_by_day(lake, until - MOST_DAYS - 2 * drift.REFERENCE_DAYS)
    found: list[tuple[str, DriftSignal]] = []
    for day in days:
        signals = drift.compute_drift_signals(
            training.behaviour.before(day + 1), day, training.category, training.price, answered
        )
        found += [(format_day(day), signal) for signal in signals]
    for since, before in load_earlier_profiles(registry, champion, search).items():
        found += [(since, signal) for signal in drift.compare_tables(before, profile)]
    return {
        "alarms": [f"{signal} ({when})" for when, signal in found if signal.is_alarm],
        "signals": [{"when": when, **signal.as_dict()} for when, signal in found],
        "days": [format_day(day) for day in days],
    }


def find_search_run(version: ModelVersion | None) -> str | None:
    """The MLflow run of the search that chose a version's configuration."""
    if version is None:
        return None
    return version.run_id if version.kind == SEARCH else version.tags.get("searched")


def find_last_search(registry: ModelRegistry, champion: ModelVersion | None) -> ModelVersion | None:
    """The newest version that a search registered or found again, accepted or not; None if no champion."""
    if champion is None:
        return None
    searched = (
        each
        for each in registry.list_versions_after(None)
        if each.kind == SEARCH or FOUND_AGAIN_TAG in each.tags
    )
    return max(searched, key=lambda each: each.number, default=None)


def load_earlier_profiles(
    registry: ModelRegistry, champion: ModelVersion | None, search: ModelVersion | None
) -> Mapping[str, Profile]:
    """The tables' profiles at the accepted model and at the last search, whatever the verdict on that.

    A search that is newer than the accepted model is the only reference: it has seen what moved before it,
    and repeating it every morning would give the same answer.

    Args:
        search: the last one, of `find_last_search`.
    """
    if champion is None:
        return {}
    references = {}
    if search is None or search.number <= champion.number:
        references[champion.run_id] = "since the accepted model"
    if search is not None:
        references.setdefault(search.run_id, "since the search")
    reports = {
        name: json.loads(registry.download_run_file(run_id, REPORT_FILE).read_text())
        for run_id, name in references.items()
    }
    return {name: report["profile"] for name, report in reports.items() if "profile" in report}
