"""What else of the shop names a segment: overrides, and the list of its members without one of their own."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from expectations.contracts.override import Override
from expectations.contracts.snapshot import get_audience_list_key
from serving_app.overrides.store import OverrideStore
from serving_app.storage.protocols import SnapshotStore
from serving_app.storage.snapshots import Snapshot


class SegmentUses:
    """Finds them in what is stored and published now."""

    def __init__(
        self, overrides: OverrideStore, snapshots: SnapshotStore, clock: Callable[[], datetime]
    ) -> None:
        self._overrides, self._snapshots, self._clock = overrides, snapshots, clock

    def find(self, segment_id: str) -> dict[str, Any]:
        """Overrides that name the segment and have not ended, whether it has a list, and how many items these
        may bring or take away.
        """
        now, snapshot = self._clock(), self._snapshots.get_current()
        named = [
            each
            for each in self._overrides.read_all()
            if each.segment_id == segment_id and not each.has_ended(now)
        ]
        listed = snapshot.read_list(get_audience_list_key(f"segment:{segment_id}")) if snapshot else ()
        items = {each.item_id for each in listed} | {each.item_id for each in named if each.item_id}
        categories = {each.category for each in named if each.category}
        return {
            "overrides": [format_use(each, now) for each in named],
            "has_audience_list": bool(listed),
            "n_items": len(items) + count_items(categories, snapshot),
        }


def format_use(override: Override, now: datetime) -> dict[str, Any]:
    """An override, as `UseAnswer`."""
    names = ("override_id", "kind", "item_id", "category", "placement")
    return {name: getattr(override, name) for name in names} | {"is_in_force": override.is_in_force(now)}


def count_items(categories: set[str], snapshot: Snapshot | None) -> int:
    """How many items some categories have."""
    return sum(snapshot.count_items_of_category(each) for each in categories) if snapshot else 0
