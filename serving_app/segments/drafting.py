"""Drafts as people work on them: saved, compared with what there is, approved by somebody else."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any, Protocol

from segments.definition_changes import hash_text
from serving_app.http.problems import CannotApply, DraftOutdated
from serving_app.http.responses import format_utc
from serving_app.segments.definitions import Author, Definitions, check_reason
from serving_app.segments.drafts import Approval, Draft, DraftFiles, check_base, compare_texts
from serving_app.segments.saving import change_definitions
from serving_app.segments.service import SegmentService
from serving_app.segments.starts import describe_start


class UseFinder(Protocol):
    """What else of the shop names a segment."""

    def find(self, segment_id: str) -> dict[str, Any]:
        """Overrides and lists, as `UsesAnswer`."""


class DraftService:
    """Answers are dicts as in `draft_schemas.py`. Whatever writes raises DefinitionsUnwritable where that is
    not possible; then nothing has changed.
    """

    def __init__(
        self,
        definitions: Definitions,
        segments: SegmentService,
        uses: UseFinder,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
        most_share: float,
    ) -> None:
        """
        Args:
            most_share: of all customers who may come or go without anybody's approval.
        """
        self._definitions, self._segments, self._uses = definitions, segments, uses
        self._clock, self._new_id, self._most_share = clock, new_id, most_share
        self._drafts = DraftFiles(definitions.home)

    def list(self) -> dict:
        """Every draft, the newest first, as `DraftsAnswer`."""
        return {"drafts": [self._format(draft) for draft in self._drafts.read_all()]}

    def get(self, draft_id: str) -> dict:
        """A draft with how it differs from the newest text, as `DraftAnswer`.

        Raises:
            UnknownDraft: none has this id.
        """
        return self._format(self._drafts.read(draft_id))

    def save(self, text: str, author: Author, base: str | None = None, draft_id: str | None = None) -> dict:
        """Save a draft, or save one anew, as `DraftAnswer`; nobody has approved it then.

        Args:
            base: digest of the text that it was made of; None: of the newest.
            draft_id: None: a new one.

        Raises:
            BadDefinition: it is not understood, or no night would evaluate it.
            DraftOutdated: it was made of another text than the newest.
            UnknownDraft: none has this id.
            CannotApply: the draft is of another segment, or there are too many.
        """
        segment_id = self._definitions.parse(text, is_for_a_night=True).segment_id
        check_reason(author.reason)
        with change_definitions(self._definitions.home):
            before = self._drafts.read(draft_id) if draft_id else None
            if before and before.segment_id != segment_id:
                raise CannotApply(f"The draft is of the segment {before.segment_id}; save another one.")
            newest = self._definitions.find_next_text(segment_id)
            draft = Draft(
                draft_id or f"d_{self._new_id().replace('-', '')[:12]}",
                segment_id,
                text,
                hash_text(newest) if base is None else base,
                format_utc(self._clock()),
                author.name,
                author.reason,
            )
            check_base(draft, newest)
            self._drafts.write(draft)
        return self._format(draft)

    def delete(self, draft_id: str) -> None:
        """
        Raises:
            UnknownDraft: none has this id.
        """
        with change_definitions(self._definitions.home):
            self._drafts.read(draft_id)
            self._drafts.delete(draft_id)

    def measure(self, draft_id: str, *, with_names: bool) -> dict:
        """Who would come and go by a draft, what else names its segment, and whether somebody else must
        approve it, as `ImpactAnswer`.

        Raises:
            UnknownDraft: none has this id.
            BadDefinition: by `Definitions.parse`.
        """
        draft = self._drafts.read(draft_id)
        segment = self._definitions.parse(draft.text, is_for_a_night=True)
        impact = self._segments.measure(segment, with_names=with_names)
        uses = self._uses.find(draft.segment_id)
        n_moved = impact["n_enters"] + impact["n_leaves"]
        return {
            **impact,
            **uses,
            "draft_id": draft_id,
            "n_lists": n_moved if uses["overrides"] or uses["has_audience_list"] else 0,
            "most_share": self._most_share,
            "is_approval_needed": impact["share"] > self._most_share,
        }

    def approve(self, draft_id: str, digest: str, author: Author) -> dict:
        """Approve a draft that somebody else has saved, as `DraftAnswer`.

        Args:
            digest: of the text that is meant.

        Raises:
            UnknownDraft: none has this id.
            DraftOutdated: its text is another by now, or was made of another than the newest.
            CannotApply: who approves has saved it.
        """
        check_reason(author.reason)
        with change_definitions(self._definitions.home):
            draft = self._drafts.read(draft_id)
            if draft.saved_by == author.name:
                raise CannotApply("Who has saved a draft cannot approve it: it needs another key.")
            if draft.digest != digest:
                raise DraftOutdated("The draft was saved anew; look at it again.", digest=draft.digest)
            check_base(draft, self._definitions.find_next_text(draft.segment_id))
            draft = draft.approve(Approval(format_utc(self._clock()), author.name, author.reason))
            self._drafts.write(draft)
        return self._format(draft)

    def _format(self, draft: Draft) -> dict:
        newest = self._definitions.find_next_text(draft.segment_id)
        fields = {name: value for name, value in asdict(draft).items() if name != "approval"}
        segment = self._definitions.find_meaning(draft.text)
        return {
            **fields,
            **describe_start(segment, self._segments.find_start_obstacle()),
            "name": segment.name if segment else None,
            "digest": draft.digest,
            "is_outdated": draft.base != hash_text(newest),
            "diff": compare_texts(newest, draft.text),
            "approval": asdict(draft.approval) if draft.approval else None,
        }
