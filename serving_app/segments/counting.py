"""The definitions that were published since the night and count already, as questions about segments need
them.
"""

from typing import Any, NamedTuple

from segments.tree.rules import Segment
from serving_app.http.problems import UnknownSegment
from serving_app.segments.definitions import Definitions
from serving_app.segments.live_answers import LiveAnswers
from serving_app.segments.sizes import read_segment
from serving_app.segments.warehouse import Night
from serving_app.storage.snapshots import Snapshot


class Counting(NamedTuple):
    """A definition that counts since the night, and from when on (ISO, UTC)."""

    segment: Segment
    since: str


class CountingDefinitions:
    """Finds them for a snapshot."""

    def __init__(self, definitions: Definitions, live: LiveAnswers | None) -> None:
        """
        Args:
            live: None: none counts before the night.
        """
        self._definitions, self._live = definitions, live

    def find_all(self, snapshot: Snapshot) -> dict[str, Counting]:
        """Those that count now, by segment."""
        starts = self._live.find_starts(snapshot) if self._live else {}
        found = {}
        for segment_id, since in sorted(starts.items()):
            text = self._definitions.find_next_text(segment_id)
            segment = self._definitions.find_meaning(text) if text else None
            if segment:
                found[segment_id] = Counting(segment, since)
        return found

    def list_summaries(self, found: list[dict[str, Any]], snapshot: Snapshot) -> list[dict[str, Any]]:
        """Segments with from when on another definition counts than the night's, and those that the night
        does not have, by id.

        Args:
            found: of the night, as `list_segments` has them.
        """
        counting, known = self.find_all(snapshot), {each["segment_id"] for each in found}
        news = [summarize(each.segment) for name, each in counting.items() if name not in known]
        both = sorted([*found, *news], key=lambda each: each["segment_id"])
        return [each | {"counts_since": find_since(counting, each["segment_id"])} for each in both]

    def read_segment(self, night: Night, snapshot: Snapshot, segment_id: str) -> dict[str, Any]:
        """A segment with its size by the night, none of one that the night does not have.

        Raises:
            UnknownSegment: none has this id.
        """
        counting = self.find_all(snapshot)
        since = {"counts_since": find_since(counting, segment_id)}
        try:
            return read_segment(night, segment_id) | since
        except UnknownSegment:
            if segment_id not in counting:
                raise
            return summarize(counting[segment_id].segment) | since


def find_since(counting: dict[str, Counting], segment_id: str) -> str | None:
    """From when on another definition counts than the night's; None: the night's does."""
    return counting[segment_id].since if segment_id in counting else None


def summarize(segment: Segment) -> dict[str, Any]:
    """A segment that no night has evaluated, as `list_segments` has those of the night."""
    names = ("segment_id", "name", "kind", "description")
    return {name: getattr(segment, name) for name in names} | {"n_customers": 0}
