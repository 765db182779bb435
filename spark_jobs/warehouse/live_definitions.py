"""The definitions in force that live between the nights, with their texts."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import duckdb

from segments.calendar import ShopCalendar
from segments.live import LiveDefinitions, LiveProgram, select_live
from segments.parsing.definitions import list_files_in_force
from segments.requirements import find_requirements
from segments.to_sql import DEFINITIONS
from spark_jobs.lake.tables import Lake
from spark_jobs.settings import Settings
from spark_jobs.sources.registry import find_shop_time_zone
from spark_jobs.warehouse.segments_in_force import load_segments_in_force

LIST_ITEMS = "warehouse.main_intermediate.int_list_items"
ORDER_FEEDS = "select source from warehouse.main_intermediate.int_order_feeds order by source"


@dataclass(frozen=True)
class LiveTexts:
    """What lives, and its program; None: nothing does.

    Attributes:
        texts: of definitions by segment id, as bytes of their files.
        order_feeds: sources whose purchases the night counts by their orders alone.
    """

    definitions: LiveDefinitions
    texts: dict[str, bytes]
    item_lists: dict[str, list[str]]
    program: LiveProgram | None
    order_feeds: tuple[str, ...] = ()

    def list_rows(self) -> list[dict[str, Any]]:
        """The rows of `feat_live_segments`."""
        return [self._make_row(segment_id, text) for segment_id, text in sorted(self.texts.items())]

    def _make_row(self, segment_id: str, text: bytes) -> dict[str, Any]:
        rules = self.definitions.rules
        named = find_requirements(rules[segment_id], rules).item_lists
        lists = {name: self.item_lists.get(name, []) for name in sorted(named)}
        return {
            "segment_id": segment_id,
            "definition": text.decode(),
            "version": hashlib.sha256(text).hexdigest()[:12],
            "is_live": segment_id in self.definitions.live,
            "fingerprint": self.program.fingerprint,
            "item_lists": json.dumps(lists),
            "order_feeds": json.dumps(self.order_feeds),
        }


def load_live_texts(settings: Settings, lake: Lake, connection: duckdb.DuckDBPyConnection) -> LiveTexts:
    """The live definitions of those in force.

    Args:
        connection: tonight's file is attached to it as `warehouse`.
    """
    definitions = select_live(load_segments_in_force(settings, lake).segments)
    if not definitions.live:
        return LiveTexts(definitions, {}, {}, None)
    files = list_files_in_force(DEFINITIONS, settings.paths.segment_definitions)
    texts = {file.stem: file.read_bytes() for file in files if file.stem in definitions.rules}
    items = read_items(connection, sorted(definitions.requirements.item_lists))
    calendar = ShopCalendar(find_shop_time_zone(settings.sources))
    program = LiveProgram(definitions, calendar, {name: frozenset(ids) for name, ids in items.items()})
    feeds = tuple(source for (source,) in connection.execute(ORDER_FEEDS).fetchall())
    return LiveTexts(definitions, texts, items, program, feeds)


def read_items(connection: duckdb.DuckDBPyConnection, names: list[str]) -> dict[str, list[str]]:
    """The items of some lists."""
    items: dict[str, list[str]] = {name: [] for name in names}
    if names:
        query = f"select list_name, item_id from {LIST_ITEMS} where list_name in (select unnest(?))"
        for name, item_id in connection.execute(f"{query} order by all", [names]).fetchall():
            items[name].append(item_id)
    return items
