"""What became of each value: refused by reason, or accepted and found again in the core table and
behind it.
"""

from collections import Counter
from dataclasses import dataclass, field

import duckdb
import lmdb

from benchmarks.soak.hostile.healthy import LandedTrial
from expectations.contracts import snapshot
from expectations.contracts.lake import CORE_ITEMS, QUARANTINE
from expectations.contracts.published import Published
from spark_jobs.lake.tables import Lake
from spark_jobs.settings import Settings
from spark_jobs.sources.registry import load_sources

# Of each core table, rows that have no row where the warehouse should have one.
LOST = {
    "core_events": (
        ["event_id", "event_type"],
        (
            "select count(*) from core where event_type in ('view', 'cart') and 'event:' || event_id not in "
            "(select interaction_id from fct_interactions)"
        ),
    ),
    "core_order_lines": (
        ["source", "order_id", "line_no"],
        "select count(*) from core anti join fct_order_lines using (source, order_id, line_no)",
    ),
    "core_items": (
        ["item_id"],
        "select count(*) from core where item_id not in (select item_id from dim_items)",
    ),
}


@dataclass
class FeedOutcome:
    """Of one feed's values."""

    feed: str
    n_tried: int = 0
    n_accepted: int = 0
    n_in_core: int = 0  # the others say of a key what an earlier record of it said, or are not kept by record
    reasons: Counter = field(default_factory=Counter)
    by_field: dict[str, Counter] = field(default_factory=dict)


def count_outcomes(settings: Settings, landed: list[LandedTrial]) -> list[FeedOutcome]:
    """One outcome a feed; after `ingest`."""
    lake, outcomes = Lake(settings.lake), {}
    refused = {
        (row["source_file"], row["source_line"]): row["reason"]
        for row in lake.read_arrow(QUARANTINE).to_pylist()
    }
    places = read_first_positions(settings, lake)
    rows = lake.read_arrow(CORE_ITEMS, ["item_id", "title"])
    items = {*rows["item_id"].to_pylist(), *rows["title"].to_pylist()}
    for one in landed:
        outcome = outcomes.setdefault(one.trial.feed, FeedOutcome(one.trial.feed))
        reason = refused.get((one.file, one.line))
        outcome.n_tried += 1
        outcome.by_field.setdefault(one.trial.field, Counter())[reason or "accepted"] += 1
        if reason:
            outcome.reasons[reason] += 1
            continue
        outcome.n_accepted += 1
        outcome.n_in_core += is_in_core(one, places, items)
    return list(outcomes.values())


def is_in_core(one: LandedTrial, places: set[str], items: set[str]) -> bool:
    """Whether a record is found in its core table: by where it stood, or an item by its id, or the title
    beside a hostile id.
    """
    day, name = one.file.rsplit("/", 2)[-2:]
    own = {str(one.trial.record.get(field)) for field in ("item_id", "title")}
    return f"{day}/{name}#{one.line:09d}" in places or (
        one.trial.feed.endswith("/catalogue") and bool(own & items)
    )


def read_first_positions(settings: Settings, lake: Lake) -> set[str]:
    """Where the rows of all core tables were first received."""
    tables = {
        feed.target.name: feed.target for source in load_sources(settings.sources) for feed in source.feeds
    }
    core_tables = [
        table for table in tables.values() if "first_received" in table.columns and lake.exists(table)
    ]
    return {
        place
        for table in core_tables
        for place in lake.read_arrow(table, ["first_received"])["first_received"].to_pylist()
    }


def find_lost_rows(settings: Settings) -> dict[str, int]:
    """Rows of core tables that the published warehouse lacks, and items that the published snapshot does."""
    published = Published.read(settings.home)
    lake, lost = Lake(settings.lake), {}
    with duckdb.connect(
        str(settings.paths.warehouse_builds / published.warehouse_file), read_only=True
    ) as warehouse:
        for name, (columns, query) in LOST.items():
            core = next(
                (
                    lake.read_arrow(t, columns)
                    for t in list_target_tables(settings)
                    if t.name == name and lake.exists(t)
                ),
                None,
            )
            if core is not None:
                warehouse.register("core", core)
                lost[f"{name} → warehouse"] = warehouse.execute(query).fetchall()[0][0]
    with (
        lmdb.open(str(settings.paths.snapshots / published.snapshot), readonly=True, lock=False) as env,
        env.begin() as txn,
    ):
        ids = lake.read_arrow(CORE_ITEMS, ["item_id"])["item_id"].to_pylist()
        lost["core_items → snapshot"] = sum(
            txn.get(snapshot.get_item_key(item_id)) is None for item_id in ids
        )
    return lost


def list_target_tables(settings: Settings) -> list:
    """The tables that records become rows of, and those derived."""
    sources = load_sources(settings.sources)
    return [each.target for source in sources for each in (*source.feeds, *source.derived_tables)]


def print_outcomes(outcomes: list[FeedOutcome]) -> None:
    """A line a feed, then a line a field."""
    for each in outcomes:
        accepted = f"{each.n_accepted:,} accepted ({each.n_in_core:,} with a row of their own)"
        print(f"{each.feed}: {each.n_tried:,} tried, {accepted}, {format_counts(each.reasons)}")
        for name, counts in each.by_field.items():
            print(f"    {name:<60} {format_counts(counts)}")


def format_counts(counts: Counter) -> str:
    """Each with its number, the most frequent first."""
    return ", ".join(f"{name} {n:,}" for name, n in counts.most_common())
