"""A new override as an operator sends it, and overrides in answers."""

from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field, model_validator

from serving_app.http.schemas import MAX_LIST_LENGTH, EndTime, Id
from serving_app.visitors.schemas import VisitorIds

Kind = Literal["pin", "block", "boost", "bury"]
Text = Annotated[str, Field(max_length=500)]
PLACEMENT = r"^[A-Za-z0-9_.:/-]{1,64}$"  # what a list may name as its placement
MAX_PRIORITY = 1000


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("must lie after year 1 in UTC") from None


StartTime = Annotated[AwareDatetime, AfterValidator(_in_utc)]


class NewOverride(VisitorIds):
    """An override to be made: of an item or a category; for everyone, unless a customer (by one of three
    ids), a segment or a placement narrows it.
    """

    kind: Kind
    item_id: Id | None = Field(None, description="the item it is for; a pin is always for one")
    category: Id | None = Field(
        None, description="instead of an item: the category in whose items it has its effect"
    )
    segment_id: Id | None = Field(None, description="for customers of this segment only")
    placement: str | None = Field(None, pattern=PLACEMENT, description="in lists for this placement only")
    position: int | None = Field(
        None, ge=1, le=MAX_LIST_LENGTH, description="of a pin: its place, from 1 (the default)"
    )
    factor: float | None = Field(
        None,
        gt=0,
        le=1000,
        allow_inf_nan=False,
        description="of a boost, or of a bury (below 1): what scores are multiplied by; a bury without one"
        " sinks items below all others of their source",
    )
    priority: int = Field(
        0,
        ge=-MAX_PRIORITY,
        le=MAX_PRIORITY,
        description="the higher wins among pins of a place, and among boosts and buries of an item",
    )
    starts_at: StartTime | None = Field(
        None, description="the first moment it is in force, with its offset; null: at once"
    )
    until: EndTime = Field(
        description="the first moment it is no longer in force, with its offset; before 2100"
    )
    reason: Text = Field("", description="why, for people")
    note: Text = Field("", description="what `reason` was called")
    author: str = Field("", max_length=100, description="who says so")

    @model_validator(mode="after")
    def check_fields_of_kind(self) -> Self:
        if (self.item_id is None) == (self.category is None):
            raise ValueError("give item_id or category, one of them")
        if self.kind == "pin" and self.item_id is None:
            raise ValueError("a pin needs item_id: a category cannot stand at a place")
        if self.position is not None and self.kind != "pin":
            raise ValueError("position belongs to a pin")
        if self.factor is not None and self.kind not in ("boost", "bury"):
            raise ValueError("factor belongs to a boost or a bury")
        if self.kind == "boost" and self.factor is None:
            raise ValueError("factor belongs to a boost, which needs one")
        if self.kind == "bury" and self.factor is not None and self.factor >= 1:
            raise ValueError("factor of a bury must be below 1")
        if self.reason and self.note:
            raise ValueError("note is what reason was called: give one of them")
        if self.starts_at and self.starts_at >= self.until:
            raise ValueError("starts_at must lie before until")
        return self

    @model_validator(mode="after")
    def check_one_scope(self) -> Self:
        if self.segment_id is not None and self.names_visitor():
            raise ValueError("give a segment or a customer, not both")
        return self

    def names_visitor(self) -> bool:
        return any(value is not None for value in (self.customer_id, self.user_id, self.anonymous_id))


class OverrideAnswer(BaseModel):
    """One override that has not ended."""

    override_id: str
    kind: Kind
    item_id: str | None
    category: str | None
    customer_id: str | None = Field(description="whom it is for; null: not narrowed to a customer")
    segment_id: str | None
    placement: str | None
    position: int | None
    factor: float | None = Field(description="null of a bury: to the end")
    priority: int
    starts_at: datetime | None
    until: datetime
    created_at: datetime
    reason: str
    note: str = Field(description="`reason`, by its old name")
    author: str
    version: int = Field(description="how many times it was written; its ETag")
    is_in_force: bool
    matches: int | None = Field(
        description="items of the shop that it names, of a category those in any list; null: not known"
    )


class OverridesAnswer(BaseModel):
    """Every override in force, oldest first."""

    overrides: list[OverrideAnswer]
