"""What a timeline is asked for by, and the answer."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field, field_validator

from serving_app.http.schemas import StrictModel, split_at_commas

Kind = Literal["event", "order", "list", "segment", "identity", "override", "consent"]
Source = Literal["decision_log", "event_log", "transitions", "override_audit", "live"]


class TimelineQuery(StrictModel):
    """Which part of a timeline is wanted."""

    kinds: tuple[Kind, ...] = Field(
        (), max_length=7, description="in a query separated by commas; none: all of them"
    )
    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = Field(None, max_length=600, description="`next_cursor` of the page before")

    @field_validator("kinds", mode="before")
    @classmethod
    def split_by_comma(cls, value: Any) -> Any:
        """A query has one text for all names."""
        return split_at_commas(value)


class TimelineEntry(BaseModel):
    """One thing that happened. Fields that do not belong to its kind are null."""

    at: datetime = Field(description="what a night worked out of a day stands at the end of the shop's day")
    kind: Kind
    what: str = Field(description="a stable word: view, cart, ordered, served, entered, left, merged, …")
    sentence: str = Field(description="the same for people")
    item_id: str | None
    title: str | None
    quantity: int | None
    order_id: str | None
    amount: str | None = Field(description="of an order, in `currency`: decimal text")
    currency: str | None
    request_id: str | None = Field(description="of a list, or of the list that an event came from")
    placement: str | None
    items: list[str] | None = Field(description="of a list, in its order")
    clicked: list[str] | None = Field(description="of a list; null: known after the night")
    applied_overrides: list[str] | None = Field(
        description="ids of those that had a say in a list; null: the lake cannot say now"
    )
    segment_id: str | None
    override_id: str | None
    override_kind: str | None
    other_customer_id: str | None = Field(
        description="with whom they were merged or split; null of whoever may not be named"
    )
    purpose: str | None
    reason: str | None = Field(description="why a segment or identity changed, as the warehouse has it")
    is_since_night: bool = Field(description="whether it is later than the published night")


class TimelineAnswer(BaseModel):
    """A page of a customer's timeline, the newest first."""

    customer_id: str
    entries: list[TimelineEntry]
    next_cursor: str | None = Field(description="asks for the next page; null: this is the last")
    unread: list[Source] = Field(description="what was too long to be read whole, or not there to be read")
    day: str = Field(description="the newest day of the published night")
    snapshot: str
