"""What comes in and what goes out of drafts, and of definitions that are put in force."""

from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from serving_app.http.schemas import Id, StrictModel
from serving_app.segments.schemas import DiffAnswer

Reason = Annotated[str, StringConstraints(strip_whitespace=True, max_length=300)]
REASON = "why, in one line without an e-mail address or phone number; it is logged with the key's id"


class SaveQuery(StrictModel):
    """What is said of a draft beside its text."""

    base: str | None = Field(
        None,
        max_length=64,
        description="digest of the text that it was made of; empty: there was none; without it the newest",
    )
    reason: Reason = Field("", description=REASON)


class ApproveBody(StrictModel):
    """Which text of a draft is approved."""

    digest: str = Field(max_length=64, description="of the draft's text, as it was looked at")
    reason: Reason = Field("", description=REASON)


class PublishBody(StrictModel):
    """Why a draft is published."""

    reason: Reason = Field("", description=f"{REASON}; empty: the draft's own")


class RollBackBody(StrictModel):
    """Which version is to be in force again."""

    version: int = Field(ge=1)
    reason: Reason = Field("", description=REASON)


class DefinitionChangesQuery(StrictModel):
    """Of which segment."""

    segment_id: Id | None = None


class ApprovalAnswer(BaseModel):
    at: str
    by: str = Field(description="the key's id")
    reason: str


class StartAnswer(BaseModel):
    """From when on a definition counts if it is published now."""

    rule: str | None = Field(description="in words; null: its text is not understood any more")
    counts_from: str = Field(description="`now`: all it asks for is live; else `next night`")
    obstacles: list[str] = Field(description="why it has to wait for the night")


class DraftAnswer(StartAnswer):
    """A definition that somebody works on."""

    draft_id: str
    segment_id: str
    name: str | None
    text: str
    digest: str = Field(description="of the text; an approval names it")
    base: str = Field(description="digest of the newest text when it was saved; empty: there was none")
    is_outdated: bool = Field(description="another text was put in force since: it must be saved anew")
    diff: str = Field(description="to the newest text, as a unified diff")
    saved_at: str
    saved_by: str = Field(description="the key's id")
    reason: str
    approval: ApprovalAnswer | None = Field(description="of exactly this text; null: nobody's")


class DraftsAnswer(BaseModel):
    """All drafts, the newest first."""

    drafts: list[DraftAnswer]


class UseAnswer(BaseModel):
    """An override that names a segment."""

    override_id: str
    kind: str
    item_id: str | None
    category: str | None
    placement: str | None
    is_in_force: bool


class ImpactAnswer(DiffAnswer):
    """Who would come and go by a draft, and what else would change by it."""

    draft_id: str
    overrides: list[UseAnswer] = Field(description="those that name the segment and have not ended")
    has_audience_list: bool = Field(description="its members without a list of their own get the segment's")
    n_lists: int = Field(description="customers whose lists may change: those who come or go, where anything")
    n_items: int = Field(description="items that those overrides and that list may bring or take away")
    most_share: float = Field(description="of all customers who may come or go without an approval")
    is_approval_needed: bool


class DefinitionChangeAnswer(BaseModel):
    """A text that was put in force, as it is logged."""

    at: str
    segment_id: str
    digest: str
    version: int | None = Field(description="its number; null: no night had it yet")
    was: str = Field(description="digest of the text before; empty: there was none")
    by: str = Field(description="the key's id")
    reason: str
    kept: str = Field(description="where in the home the text before is, if no night had it")
    action: str = Field(description="published, or rolled back")
    saved_by: str
    approved_by: str = Field(description="empty: nobody's approval was needed")
    share: float | None = Field(description="of all customers who come or go; null: nobody counted")


class PublishedAnswer(StartAnswer, DefinitionChangeAnswer):
    """A text that was put in force, and from when on it counts."""


class DefinitionChangesAnswer(BaseModel):
    """Who put which text in force and why, the newest first; 200 at most."""

    changes: list[DefinitionChangeAnswer]
