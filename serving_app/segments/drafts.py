"""Drafts of definitions, each a file of the home: a text, on which newest text it was made, who saved it, and
who approved exactly this.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from difflib import unified_diff
from pathlib import Path

from expectations.contracts.files import write_text_atomically
from expectations.contracts.home import HomePaths
from segments.definition_changes import hash_text
from serving_app.http.problems import CannotApply, DraftOutdated, UnknownDraft

DRAFT_ID = re.compile(r"d_[a-z0-9]{8,16}")
MOST_DRAFTS = 200


@dataclass(frozen=True)
class Approval:
    """Who approved a draft, when (ISO, UTC) and why."""

    at: str
    by: str
    reason: str


@dataclass(frozen=True)
class Draft:
    """A definition that somebody works on.

    Attributes:
        base: digest of the newest text when it was saved; empty: there was none.
        saved_at: ISO, UTC.
        approval: of this text on this base; None: nobody's.
    """

    draft_id: str
    segment_id: str
    text: str
    base: str
    saved_at: str
    saved_by: str
    reason: str
    approval: Approval | None = None

    @property
    def digest(self) -> str:
        """Of its text, as the log of deployments will have it."""
        return hash_text(self.text)

    def approve(self, approval: Approval) -> "Draft":
        """The draft, approved."""
        return replace(self, approval=approval)


class DraftFiles:
    """The drafts of a home; whoever writes holds `lock_changes`."""

    def __init__(self, home: Path) -> None:
        self._folder = HomePaths(home).segment_drafts

    def read_all(self) -> list[Draft]:
        """All drafts, the newest first; what is none of them is left out."""
        return sorted(self._iterate(), key=lambda draft: (draft.saved_at, draft.draft_id), reverse=True)

    def read(self, draft_id: str) -> Draft:
        """
        Raises:
            UnknownDraft: none has this id.
        """
        if DRAFT_ID.fullmatch(draft_id) and (draft := read_draft(self._get_file(draft_id))):
            return draft
        raise UnknownDraft("No draft has this id; it may have been published or deleted.")

    def write(self, draft: Draft) -> None:
        """Store a draft, new or again.

        Raises:
            CannotApply: there are too many.
            OSError: it cannot be written.
        """
        file = self._get_file(draft.draft_id)
        self._folder.mkdir(parents=True, exist_ok=True)
        if not file.exists() and len([*self._folder.glob("d_*.json")]) >= MOST_DRAFTS:
            raise CannotApply(f"There are {MOST_DRAFTS} drafts; publish or delete some first.")
        write_text_atomically(file, json.dumps(asdict(draft), indent=1, sort_keys=True))

    def delete(self, draft_id: str) -> None:
        """
        Raises:
            OSError: it cannot be deleted.
        """
        self._get_file(draft_id).unlink(missing_ok=True)

    def _iterate(self) -> Iterator[Draft]:
        for file in self._folder.glob("d_*.json"):
            if DRAFT_ID.fullmatch(file.stem) and (draft := read_draft(file)):
                yield draft

    def _get_file(self, draft_id: str) -> Path:
        return self._folder / f"{draft_id}.json"


def read_draft(file: Path) -> Draft | None:
    """The draft of a file; None where there is none."""
    try:
        fields = json.loads(file.read_text())
        approval = fields.pop("approval")
        return Draft(**fields, approval=Approval(**approval) if approval else None)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def compare_texts(before: str | None, after: str) -> str:
    """How a text differs from the newest one, as a unified diff; empty where it does not."""
    lines = unified_diff((before or "").splitlines(), after.splitlines(), "newest", "draft", lineterm="", n=3)
    return "\n".join(lines)


def check_base(draft: Draft, newest: str | None) -> None:
    """
    Raises:
        DraftOutdated: the draft was made of another text than the newest; shows how they differ.
    """
    if draft.base != hash_text(newest):
        raise DraftOutdated(
            "The draft was made of another text than the newest; look at the difference and save it anew.",
            base=draft.base,
            newest=hash_text(newest),
            diff=compare_texts(newest, draft.text),
        )
