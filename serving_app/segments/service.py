"""What people ask of segments: one class for `/v1/segments` and `make segments`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from segments.at_once import list_obstacles
from segments.sentences import describe_rule
from segments.sql.costs import CostLimits
from segments.tree.rules import Segment
from serving_app.http.problems import NotReady
from serving_app.segments.comparing import CHANGES, compare_members, preview_members
from serving_app.segments.counting import CountingDefinitions, summarize
from serving_app.segments.definitions import SENT, Definitions, find_segment, format_versions, get_rules
from serving_app.segments.live_answers import LiveAnswers, correct_size
from serving_app.segments.member_questions import MemberQuestions
from serving_app.segments.members import MEMBERS
from serving_app.segments.moments import find_asked
from serving_app.segments.naming import NamingRules
from serving_app.segments.schemas import ExplainQuery, MembersQuery
from serving_app.segments.sizes import list_segments, read_overlaps, read_size_table, read_sizes
from serving_app.segments.warehouse import Night, SegmentWarehouse
from serving_app.storage.protocols import SnapshotStore
from serving_app.storage.snapshots import Snapshot
from serving_app.visitors.service import VisitorResolver

N_SAMPLE = 20
# Of the customers in a query some, the same each time, and not the oldest.
SAMPLED = "select customer_id from ({}) order by md5(customer_id) limit {}"


class SegmentService:
    """Answers of the published night; answers are dicts as in `schemas.py`.

    Each raises NotReady where nothing readable is published, SegmentsBusy while another question is answered,
    and TooLargeToAnswer where it takes too much.
    """

    def __init__(
        self,
        warehouse: SegmentWarehouse,
        definitions: Definitions,
        snapshots: SnapshotStore,
        naming: NamingRules,
        visitors: VisitorResolver,
        live: LiveAnswers | None = None,
    ) -> None:
        """
        Args:
            live: None: of the night alone.
        """
        self._warehouse, self._definitions, self._snapshots = warehouse, definitions, snapshots
        self._naming, self._live = naming, live
        self._counting = CountingDefinitions(definitions, live)
        self._members = MemberQuestions(self._counting, definitions, naming, visitors, live)

    @property
    def limits(self) -> CostLimits:
        """What a definition may cost."""
        return self._warehouse.limits

    def list_segments(self) -> dict:
        """Every segment with its size and version, as `SegmentsAnswer`."""
        with self._open() as (night, snapshot):
            found = self._counting.list_summaries(list_segments(night), snapshot)
        present = self._live.find_present(snapshot) if self._live else None
        return self._say(night, snapshot) | {
            "segments": [
                correct_size(each, present) | {"version": self._find_version(each["segment_id"])}
                for each in found
            ]
        }

    def list_counting(self) -> list[dict]:
        """The segments whose definition was published since the night and counts already, as those of
        `list_segments` without sizes; asks no warehouse.
        """
        snapshot = self._snapshots.get_current()
        found = self._counting.find_all(snapshot) if snapshot else {}
        return [summarize(each.segment) for each in found.values()]

    def get(self, segment_id: str) -> dict:
        """A segment with its rule, versions and sizes, as `SegmentAnswer`.

        Raises:
            UnknownSegment: none has this id.
        """
        with self._open() as (night, snapshot):
            found = self._counting.read_segment(night, snapshot, segment_id)
            sizes = read_sizes(night, segment_id)
            counting = self._counting.find_all(snapshot).get(segment_id)
        definition = counting or self._definitions.read_in_use().get(segment_id)
        versions = self.list_versions(segment_id)
        next_text = self._definitions.find_next_text(segment_id)
        text = self._definitions.find_text_in_use(segment_id)
        present = self._live.find_present(snapshot, segment_id) if self._live else None
        return {
            **self._say(night, snapshot),
            **correct_size(found, present),
            "version": self._find_version(segment_id),
            "rule": describe_rule(definition.segment.members) if definition else None,
            "definition": text,
            "next_definition": next_text,
            "is_changed": next_text != text,
            "versions": versions,
            "sizes": sizes,
        }

    def list_versions(self, segment_id: str) -> list[dict]:
        """The texts of a segment's definition that were in force, as `VersionAnswer`, oldest first."""
        return format_versions(self._definitions.list_versions(segment_id))

    def find_start_obstacle(self) -> str:
        """Why no definition can count before the next night, in words; empty: some can, or nobody knows."""
        snapshot = self._snapshots.get_current()
        return self._live.find_start_obstacle(snapshot) if self._live and snapshot else ""

    def find_live_problem(self) -> str:
        """Why no segment lives though some should, in words; empty: they do, or none should."""
        snapshot = self._snapshots.get_current()
        return self._live.find_problem(snapshot) if self._live and snapshot else ""

    def find_waiting(self, segment_id: str) -> tuple[str, str | None] | None:
        """The digest of a text that waits for the night, and since when the service counts by it (ISO, UTC;
        None: it does not); None: no text waits.
        """
        digest = self._definitions.find_waiting(segment_id)
        if digest is None:
            return None
        newest = next(iter(self._definitions.list_changes(segment_id)), None)
        segment = self._definitions.find_meaning(self._definitions.find_next_text(segment_id))
        is_live = newest is not None and newest.digest == digest and segment is not None
        return digest, newest.at if is_live and not list_obstacles(segment.members) else None

    def list_members(self, segment_id: str, query: MembersQuery) -> dict:
        """A page of members who may be named, as `MembersAnswer`.

        Raises:
            UnknownSegment: none has this id.
            BadRequest: the cursor is none.
        """
        with self._open() as (night, snapshot):
            return self._say(night, snapshot) | self._members.list_members(night, snapshot, segment_id, query)

    def list_sizes(self, n_days: int) -> dict:
        """How many members every segment had on each of the newest days: `days`, and `sizes` by segment."""
        with self._open() as (night, _):
            return read_size_table(night, n_days)

    def list_overlaps(self) -> dict:
        """Whom each two segments share, as `OverlapsAnswer`."""
        with self._open() as (night, snapshot):
            pairs = read_overlaps(night)
        return self._say(night, snapshot) | {"pairs": pairs}

    def explain(self, segment_id: str, query: ExplainQuery) -> dict:
        """Why somebody was in a segment at a moment or not, as `MembershipAnswer`.

        Raises:
            UnknownSegment: none has this id.
            UnknownCustomer: nobody has the id, or nobody who may be named.
            BadRequest: the published night does not reach the moment.
        """
        with self._open() as (night, snapshot):
            return self._say(night, snapshot) | self._members.explain(night, snapshot, segment_id, query)

    def read(self, text: str, file: str = SENT) -> Segment:
        """The segment of a definition that is sent; `file` names it in messages.

        Raises:
            BadDefinition: it is not understood.
        """
        return self._definitions.parse(text, file)

    def read_version(self, segment_id: str, number: int) -> Segment:
        """A segment as an earlier version of its definition says.

        Raises:
            UnknownSegment: it has no such version.
            BadDefinition: the language does not understand it any more.
        """
        return self._definitions.read_version(segment_id, number)

    def preview(self, segment: Segment, *, with_names: bool) -> dict:
        """What a definition would have for members, as `PreviewAnswer`.

        Args:
            with_names: some members are named.
        """
        rules = get_rules(self._definitions.read_in_use())
        with self._open() as (night, snapshot):
            answer = preview_members(night, segment, rules, find_asked(night, None))
            named = self._sample(night, f"select customer_id from {MEMBERS}") if with_names else None
        return self._say(night, snapshot) | answer | {"sample": named}

    def diff(self, segment: Segment, *, with_names: bool) -> dict:
        """Who would come and go if a definition stood in the place of the one in use, as `DiffAnswer`.

        Raises:
            UnknownSegment: none is in use of its id.
        """
        find_segment(self._definitions.read_in_use(), segment.segment_id)
        return self.measure(segment, with_names=with_names)

    def measure(self, segment: Segment, *, with_names: bool) -> dict:
        """As `diff`, of a segment too that there is not yet: then all its members would enter."""
        with self._compare(segment) as (night, answer):
            named = {
                change: self._sample(night, f"select * from ({CHANGES}) where change = '{change}'")
                if with_names
                else None
                for change in ("enters", "leaves")
            }
        return answer | named

    def list_changes(self, segment: Segment) -> list[tuple[str, str]]:
        """Who would come or go by a definition and may be named: customer id, `enters` or `leaves`."""
        with self._compare(segment) as (night, _):
            changes = dict(night.ask(f"{CHANGES} order by customer_id"))
            return [(name, changes[name]) for name in self._naming.select(night, changes)]

    @contextmanager
    def _compare(self, segment: Segment) -> Iterator[tuple[Night, dict]]:
        definitions = self._definitions.read_in_use()
        before = definitions.get(segment.segment_id)
        with self._open() as (night, snapshot):
            asked = find_asked(night, None)
            answer = compare_members(night, before and before.segment, segment, get_rules(definitions), asked)
            yield night, self._say(night, snapshot) | answer

    def _sample(self, night: Night, query: str) -> list[str]:
        rows = night.ask(SAMPLED.format(query, N_SAMPLE))
        return self._naming.select(night, [name for (name,) in rows])

    def _find_version(self, segment_id: str) -> int | None:
        versions = self._definitions.list_versions(segment_id)
        return next((each.number for each in versions if each.is_in_force), None)

    @contextmanager
    def _open(self) -> Iterator[tuple[Night, Snapshot]]:
        snapshot = self._snapshots.get_current()
        if snapshot is None:
            raise NotReady(self._snapshots.describe_problem())
        with self._warehouse.open_night(snapshot.meta.time_zone) as night:
            yield night, snapshot

    def _say(self, night: Night, snapshot: Snapshot) -> dict[str, Any]:
        return {"day": str(night.as_of), "snapshot": snapshot.name}
