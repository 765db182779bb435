"""Every night's look for drift: the newest days' behaviour, the tables of customers and items, and how often
lists are answered.

Tables are compared with what they were for the accepted model and for the last search, by the profile
that each run leaves in its report: old versions of the tables themselves are tidied away after a week.
"""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from expectations.contracts.lake import CORE_EVENTS, FEAT_CUSTOMERS, FEAT_ITEMS
from models import drift
from models.drift import Signal
from models.registry import Registry, Version
from spark_jobs.lake.tables import Lake
from spark_jobs.train.matrices import TrainingMatrices
from spark_jobs.train.provenance import SEARCH, date_to_day, day_to_date, format_day

REPORT_FILE = "report.json"
FOUND_AGAIN_TAG = (  # mark of a version that a later search came to as well, and therefore did not make anew
    "found_again"
)
MOST_DAYS = 7  # newest days that one night looks at: a range of a year is history, not news
# What grows with time by itself (orders, segments) is no feature of these.
PROFILED_COLUMNS = (
    (FEAT_ITEMS, ("category", "brand", "price_band", "is_recommendable", "is_in_stock")),
    (FEAT_CUSTOMERS, ("country", "channel")),
)
Profile = dict[str, dict[str, int]]


def count_feature_values(lake: Lake) -> Profile:
    """How many rows have which value, by `table.column`; prices by half octaves."""
    found: Profile = {}
    for table, names in PROFILED_COLUMNS:
        rows = lake.read_arrow(table, names)
        for name in names:
            counts = pc.value_counts(rows[name]).to_pylist()
            found[f"{table.name}.{name}"] = {str(each["values"]): each["counts"] for each in counts}
    price = lake.read_arrow(FEAT_ITEMS, ["price"])["price"].cast(pa.float64()).to_numpy(zero_copy_only=False)
    bins, counts = np.unique(
        np.floor(2 * np.log2(np.where(price > 0, price, np.nan))), return_counts=True, equal_nan=True
    )
    found["feat_items.price"] = {str(each): int(n) for each, n in zip(bins, counts, strict=True)}
    return found


def count_answers_by_day(lake: Lake, first: int) -> dict[int, tuple[int, int]]:
    """By day since the first: events with an item, and those of them that answer a list the service gave."""
    if not lake.exists(CORE_EVENTS):
        return {}
    since = pc.field("occurred_date") >= pa.scalar(day_to_date(first))
    events = lake.scan(CORE_EVENTS).to_table(
        columns=["occurred_date", "request_id"], filter=since & pc.field("item_id").is_valid()
    )
    counted = (
        events.group_by("occurred_date").aggregate([("request_id", "count"), ([], "count_all")]).to_pylist()
    )
    return {date_to_day(row["occurred_date"]): (row["count_all"], row["request_id_count"]) for row in counted}


def detect_drift(
    lake: Lake, registry: Registry, material: TrainingMatrices, champion: Version | None, now: Profile
) -> dict[str, Any]:
    """What tonight says of drift, for the report: every signal with its limit, the alarms in words, the days
    looked at.

    Args:
        champion: the accepted model; what is newer than what it and the last search learned from is looked
            at. At first the newest day is.
        now: tonight's profile of the tables.
    """
    training = material.training
    until = training.behaviour.until
    search = find_last_search(registry, champion)
    seen = [each.until for each in (champion, search) if each and each.until is not None]
    learned = max(seen, default=until - 1)
    days = range(max(learned, until - MOST_DAYS), until)
    answered = count_answers_by_day(lake, until - MOST_DAYS - 2 * drift.REFERENCE_DAYS)
    found: list[tuple[str, Signal]] = []
    for each in days:
        of_day = drift.signals(
            training.behaviour.before(each + 1), each, training.category, training.price, answered
        )
        found += [(format_day(each), signal) for signal in of_day]
    for since, before in load_earlier_profiles(registry, champion, search).items():
        found += [(since, signal) for signal in drift.of_tables(before, now)]
    alarms = [f"{signal} ({when})" for when, signal in found if signal.alarms]
    return {
        "alarms": alarms,
        "signals": [{"when": when, **signal.as_dict()} for when, signal in found],
        "days": [format_day(each) for each in days],
    }


def find_search_run(version: Version | None) -> str | None:
    """The MLflow run of the search that chose a version's configuration."""
    if version is None:
        return None
    return version.run_id if version.kind == SEARCH else version.tags.get("searched")


def find_last_search(registry: Registry, champion: Version | None) -> Version | None:
    """The newest version that a search made or found again, accepted or not; None before the
    first champion.
    """
    if champion is None:
        return None
    searched = (each for each in registry.after(None) if each.kind == SEARCH or FOUND_AGAIN_TAG in each.tags)
    return max(searched, key=lambda each: each.number, default=None)


def load_earlier_profiles(
    registry: Registry, champion: Version | None, search: Version | None
) -> Mapping[str, Profile]:
    """What the tables were for the accepted model, and for the last search, whatever was said of what it
    found.

    A search that is newer than the accepted model stands alone: what moved before it, it has seen, and asking
    again every morning would not bring another answer.

    Args:
        search: the last one, of `find_last_search`.
    """
    if champion is None:
        return {}
    runs = (
        {champion.run_id: "since the accepted model"}
        if search is None or search.number <= champion.number
        else {}
    )
    if search is not None:
        runs.setdefault(search.run_id, "since the search")
    held = {
        words: json.loads(registry.file_of(run_id, REPORT_FILE).read_text()) for run_id, words in runs.items()
    }
    return {words: said["profile"] for words, said in held.items() if "profile" in said}
