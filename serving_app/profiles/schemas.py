"""What a profile is asked for by, and the answer."""

from datetime import datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, Field, field_validator, model_validator

from serving_app.http.schemas import Id, StrictModel, split_at_commas

Name = Literal[
    "is_known",
    "country",
    "rfm_segment",
    "segment_ids",
    "n_orders",
    "last_order_at",
    "traits",
    "consent",
    "live",
]
Slice = Literal["identity", "commerce", "segments", "traits", "live", "consent"]


class ProfileMask(StrictModel):
    """Which part of a profile is wanted; all of it where nothing is said."""

    fields: tuple[Name, ...] = Field((), max_length=20, description="in a query separated by commas")
    slice: tuple[Slice, ...] = Field((), max_length=6, description="named groups of fields, likewise")

    @field_validator("fields", "slice", mode="before")
    @classmethod
    def split_by_comma(cls, value: Any) -> Any:
        """A query has one text for all names."""
        return split_at_commas(value)


class ProfileQuery(ProfileMask):
    """A customer by an id that is no personal value: such may stand in an address."""

    user_id: Id | None = Field(None, description="the shop's own id")
    anonymous_id: Id | None = Field(None, description="the id in a browser's cookie")

    @model_validator(mode="after")
    def check_one_id(self) -> Self:
        if (self.user_id is None) == (self.anonymous_id is None):
            raise ValueError("give one of user_id, anonymous_id")
        return self


class ProfileLookup(ProfileMask):
    """A customer by any identifier, personal ones included: in a body, which no log and no proxy has."""

    kind: Literal["user_id", "anonymous_id", "crm_id", "email", "phone"]
    value: str = Field(min_length=1, max_length=512)


class ConsentAnswer(BaseModel):
    """What the customer last said to personalization."""

    personalization: bool | None = Field(description="null: nothing is recorded; a no has no profile at all")
    at: datetime | None = Field(description="null: nothing is recorded, or with the newest events alone")


class LiveEventAnswer(BaseModel):
    """What the customer did with an item."""

    item_id: str
    event_type: str
    occurred_at: datetime
    quantity: int


class LiveAnswer(BaseModel):
    """What is known since the last night."""

    events: list[LiveEventAnswer] = Field(description="the newest 20, newest first")
    cart: dict[str, int] = Field(description="quantity by item")
    session_id: str | None
    session_started_at: datetime | None


class ProfileAges(BaseModel):
    """How old the parts of a profile are, in seconds."""

    night: float = Field(description="since the snapshot was published: all but consent and live")
    live: float | None = Field(description="since the newest event; null: none is known")


TraitValue = bool | int | float | str | list[str]


class CustomerAnswer(BaseModel):
    """A customer's profile, or the part that was asked for: other fields are missing. No personal values.

    Of a visitor whom no night has met, what the night knows is null.
    """

    customer_id: str | None = Field(description="null: no night has met this visitor, what they did is live")
    is_known: bool | None = Field(None, description="whether somebody has a login")
    country: str | None = None
    rfm_segment: str | None = None
    segment_ids: list[str] | None = None
    n_orders: int | None = None
    last_order_at: datetime | None = None
    traits: dict[str, TraitValue] | None = Field(
        None,
        description="the shop's own by name, as of the end of the night's day, those that are known; null of"
        " who has said no to analytics since",
    )
    consent: ConsentAnswer | None = None
    live: LiveAnswer | None = None
    ages: ProfileAges
    snapshot: str
