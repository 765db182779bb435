"""What forms and lists of the console call things by: items, segments, placements, the shop's time."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo

from expectations.contracts.snapshot import ItemFacts
from serving_app.http.problems import ApiError
from serving_app.recommendations.placements import DEFAULT, Placements
from serving_app.segments.service import SegmentService
from serving_app.storage.protocols import SnapshotStore

WORD = re.compile(r"[^\s;,()]*[0-9][^\s;,()]*")  # what may be an item's id in a sentence


class NamedSegment(NamedTuple):
    """A segment that one may choose."""

    segment_id: str
    name: str
    n_customers: int | None


class ShopFacts:
    """Looks names up in the published snapshot and the placements of the home."""

    def __init__(
        self, snapshots: SnapshotStore, placements: Placements, segment_service: SegmentService
    ) -> None:
        self._snapshots, self._placements = snapshots, placements
        self._segment_service = segment_service
        self._segments: tuple[str, list[NamedSegment]] = ("", [])  # of which snapshot

    @property
    def zone(self) -> tzinfo:
        """The shop's time zone; UTC before anything is published."""
        snapshot = self._snapshots.get_current()
        return ZoneInfo(snapshot.meta.time_zone) if snapshot else UTC

    def find_item(self, item_id: str) -> ItemFacts | None:
        """An item of the published night, by its id in whatever letter case the shop has."""
        snapshot = self._snapshots.get_current()
        return snapshot.read_item(snapshot.normalise_item_id(item_id)) if snapshot else None

    def find_titles(self, item_ids: Iterable[str | None]) -> dict[str, str]:
        """Titles by item id; of an item without one, or that is not known, its id."""
        names = {name for name in item_ids if name}
        return {name: (item.title if (item := self.find_item(name)) else None) or name for name in names}

    def name_items(self, sentence: str) -> str:
        """A sentence of the service with items called by their titles instead of their ids."""
        return WORD.sub(
            lambda word: (item.title if (item := self.find_item(word[0])) else None) or word[0], sentence
        )

    def list_placements(self) -> list[str]:
        """The names of the home's placements."""
        return [name for name in self._placements.list_names() if name != DEFAULT]

    def list_segments(self) -> list[NamedSegment]:
        """Every segment that one may be in: of the night, asked once a night, and none of these where the
        warehouse cannot be asked now; and those whose definition counts since.
        """
        found = self._list_segments_of_night()
        known = {segment.segment_id for segment in found}
        news = (
            NamedSegment(one["segment_id"], one["name"], None)
            for one in self._segment_service.list_counting()
        )
        return [*found, *(segment for segment in news if segment.segment_id not in known)]

    def _list_segments_of_night(self) -> list[NamedSegment]:
        snapshot = self._snapshots.get_current()
        name = snapshot.name if snapshot else ""
        if self._segments[0] != name:
            try:
                found = self._segment_service.list_segments()["segments"]
            except ApiError:  # another question is being answered, or none can be
                return []
            segments = [NamedSegment(one["segment_id"], one["name"], one["n_customers"]) for one in found]
            self._segments = (name, segments)
        return self._segments[1]


def name_segments(segments: Iterable[NamedSegment]) -> Mapping[str, str]:
    """Names by segment id."""
    return {segment.segment_id: segment.name for segment in segments}
