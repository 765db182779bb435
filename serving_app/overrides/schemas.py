"""Overrides as operators send them and ask for them."""

from collections.abc import Callable, Mapping
from copy import copy
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, AwareDatetime, Field, create_model, model_validator
from pydantic.fields import FieldInfo

from expectations.contracts.census import fold_category
from expectations.contracts.override import Override
from serving_app.http.schemas import MAX_LIST_LENGTH, EndTime, Id, StrictModel
from serving_app.visitors.schemas import VisitorIds

Kind = Literal["pin", "block", "boost", "bury"]
Text = Annotated[str, Field(max_length=500)]
Author = Annotated[str, Field(max_length=100)]
PLACEMENT = r"^[A-Za-z0-9_.:/-]{1,64}$"  # what a list may name as its placement
MAX_PRIORITY = 1000


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("must lie after year 1 in UTC") from None


StartTime = Annotated[AwareDatetime, AfterValidator(_in_utc)]


def names_visitor(visitor: VisitorIds) -> bool:
    """Whether a request names somebody."""
    return any(value is not None for value in (visitor.customer_id, visitor.user_id, visitor.anonymous_id))


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
    author: Author = Field("", description="who says so")

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
        if self.segment_id is not None and names_visitor(self):
            raise ValueError("give a segment or a customer, not both")
        return self


def _make_optional(field: FieldInfo) -> FieldInfo:
    optional = copy(field)
    optional.default = None
    return optional


# What is sent of it changes; null takes away what may be none.
OverrideChange = create_model(
    "OverrideChange",
    __base__=VisitorIds,
    __doc__="The fields of an override that change; null takes a value away.",
    **{
        name: (field.annotation, _make_optional(field))
        for name, field in NewOverride.model_fields.items()
        if name not in VisitorIds.model_fields
    },
)


class OverridesQuery(VisitorIds):
    """Which overrides are listed."""

    state: Literal["in_force", "scheduled", "current"] = Field(
        "in_force", description="in force now; yet to begin; or both"
    )
    kind: Kind | None = None
    item_id: Id | None = None
    category: Id | None = None
    segment_id: Id | None = None
    placement: str | None = Field(None, pattern=PLACEMENT)
    limit: int = Field(1000, ge=1, le=1000)
    cursor: str | None = Field(None, max_length=200, description="`next_cursor` of the page before")

    def selects(
        self,
        override: Override,
        now: datetime,
        normalise_item_id: Callable[[str], str],
        customer_id: str | None,
    ) -> bool:
        """Whether an override is of these.

        Args:
            customer_id: behind the ids of this query; None where there are none.
        """
        if override.has_ended(now):
            return False
        if self.state != "current" and override.is_in_force(now) != (self.state == "in_force"):
            return False
        names = (self.kind, self.segment_id, self.placement, customer_id)
        values = (override.kind, override.segment_id, override.placement, override.customer_id)
        if any(name is not None and name != value for name, value in zip(names, values, strict=True)):
            return False
        if self.category is not None and fold_category(self.category) != fold_category(
            override.category or ""
        ):
            return False
        return self.item_id is None or (
            override.item_id is not None
            and normalise_item_id(self.item_id) == normalise_item_id(override.item_id)
        )


class WriteQuery(StrictModel):
    """How a change is made."""

    dry_run: bool = Field(
        False, description="store nothing and answer with what it would do to customers' lists"
    )


class DeleteQuery(WriteQuery):
    """How an override is deleted, and what the audit log says of it."""

    reason: Text = Field("", description="why, for people")
    author: Author = Field("", description="who says so")


class UndoRequest(StrictModel):
    """What the audit log says of a change that is taken back."""

    reason: Text = Field("", description="why, for people")
    author: Author = Field("", description="who says so")


class AuditQuery(StrictModel):
    """Which entries of the audit log are listed, newest first."""

    override_id: str | None = Field(None, max_length=64)
    before: int | None = Field(None, ge=1, le=10**15, description="entries of smaller numbers only")
    limit: int = Field(100, ge=1, le=500)

    def selects(self, entry: Mapping[str, Any]) -> bool:
        """Whether an entry is of these."""
        return (self.before is None or entry["number"] < self.before) and (
            self.override_id is None or entry["override_id"] == self.override_id
        )
