"""Definitions put in force: a draft that may be, or an earlier version again."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime

from segments.definition_changes import PUBLISHED, DefinitionChange
from segments.tree.rules import Segment
from serving_app.http.problems import ApprovalNeeded, CannotApply, DraftOutdated
from serving_app.http.responses import format_utc
from serving_app.segments.definitions import Author, Definitions, check_reason
from serving_app.segments.drafts import Draft, DraftFiles, check_base
from serving_app.segments.saving import change_definitions
from serving_app.segments.service import SegmentService
from serving_app.segments.starts import describe_start

MOST_CHANGES = 200  # of one answer


class PublishingService:
    """Answers are dicts as in `draft_schemas.py`. Whatever writes raises DefinitionsUnwritable where that is
    not possible; then nothing is in force that was not.
    """

    def __init__(
        self,
        definitions: Definitions,
        segments: SegmentService,
        clock: Callable[[], datetime],
        most_share: float,
    ) -> None:
        """
        Args:
            most_share: of all customers who may come or go without anybody's approval.
        """
        self._definitions, self._segments, self._clock = definitions, segments, clock
        self._most_share, self._drafts = most_share, DraftFiles(definitions.home)

    def publish(self, draft_id: str, author: Author) -> dict:
        """Put a draft's text in force, as `PublishedAnswer`. The next night works the whole history out by
        it; it counts at once where all that it asks for is live.

        Raises:
            UnknownDraft: none has this id.
            BadDefinition: by `Definitions.parse`.
            ApprovalNeeded: more customers would come or go than may without.
            DraftOutdated: its text is another by now, or was made of another than the newest.
            CannotApply: the next night reads this text already.
        """
        check_reason(author.reason)
        draft = self._drafts.read(draft_id)
        check_base(draft, self._definitions.find_next_text(draft.segment_id))
        segment = self._definitions.parse(draft.text, is_for_a_night=True)
        share = self._check_share(draft, segment)
        with change_definitions(self._definitions.home) as log:
            if self._drafts.read(draft_id) != draft:
                raise DraftOutdated("The draft was changed just now; look at it again.")
            newest = self._definitions.find_next_text(draft.segment_id)
            check_base(draft, newest)
            if newest == draft.text:
                raise CannotApply("The next night reads this text already.")
            versions = self._definitions.list_versions(draft.segment_id)
            change = DefinitionChange(
                format_utc(self._clock()),
                draft.segment_id,
                draft.digest,
                next((each.number for each in versions if each.digest == draft.digest), None),
                "",
                author.name,
                author.reason or draft.reason,
                action=PUBLISHED,
                saved_by=draft.saved_by,
                approved_by=draft.approval.by if draft.approval else "",
                share=share,
            )
            change = self._definitions.put_in_force(log, change, draft.text)
            self._drafts.delete(draft_id)
        return asdict(change) | describe_start(segment, self._segments.find_start_obstacle())

    def roll_back(self, segment_id: str, number: int, author: Author) -> dict:
        """Let the next night read an earlier version of a definition, as `PublishedAnswer`. It was in force
        before, so it needs nobody's approval.

        Raises:
            UnknownSegment, BadDefinition, CannotApply: by `Definitions.roll_back`.
        """
        segment = self._definitions.read_version(segment_id, number)
        change = self._definitions.roll_back(segment_id, number, format_utc(self._clock()), author)
        return asdict(change) | describe_start(segment, self._segments.find_start_obstacle())

    def list_waiting(self) -> list[dict]:
        """The segments of which the next night reads another text than made the published one: id, name and
        `StartAnswer`.
        """
        obstacle = self._segments.find_start_obstacle()
        return [
            {"segment_id": each.segment_id, "name": each.name} | describe_start(each, obstacle)
            for each in self._definitions.list_waiting()
        ]

    def list_changes(self, segment_id: str | None = None) -> dict:
        """Who put which text in force and why, the newest first, as `DefinitionChangesAnswer`."""
        changes = self._definitions.list_changes(segment_id)[:MOST_CHANGES]
        return {"changes": [asdict(each) for each in changes]}

    def _check_share(self, draft: Draft, segment: Segment) -> float:
        impact = self._segments.measure(segment, with_names=False)
        if impact["share"] > self._most_share and draft.approval is None:
            names = ("n_enters", "n_leaves", "n_customers", "share")
            raise ApprovalNeeded(
                f"{impact['n_enters']:,} customers would enter and {impact['n_leaves']:,} leave,"
                f" {impact['share']:.1%} of {impact['n_customers']:,}; beyond {self._most_share:.0%} another"
                " key than the one that saved it must approve it.",
                **{name: impact[name] for name in names},
            )
        return impact["share"]
