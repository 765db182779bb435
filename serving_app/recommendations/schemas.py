"""The queries that ask for lists, and the answer with a list."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field, field_validator

from serving_app.http.schemas import MAX_LIST_LENGTH, Id
from serving_app.visitors.schemas import VisitorIds

Source = Literal["personal", "audience", "popular", "static", "override", "similar"]


class ListQuery(VisitorIds):
    """The query of every list. An empty id is none: a page's template sends `user_id=` for whoever is not
    logged in.
    """

    n: int = Field(10, ge=1, le=MAX_LIST_LENGTH, description="how many items at most")
    placement: str | None = Field(
        None, pattern=r"^[A-Za-z0-9_.:/-]{1,64}$", description="where on the page, for the decision log"
    )

    @field_validator("customer_id", "user_id", "anonymous_id", mode="before")
    @classmethod
    def blank_is_none(cls, value: Any) -> Any:
        """Only here: an override for a blank id would be one for everyone."""
        return None if isinstance(value, str) and not value.strip() else value


class ItemQuery(ListQuery):
    """The query of a list about an item."""

    item_id: Id = Field(description="the item, whatever its id holds: a slash or a dot too")


class ItemAnswer(BaseModel):
    """One item of a list."""

    item_id: str
    rank: int = Field(ge=1)
    score: float | None = Field(
        description="orders items of one source, boosts applied; null for a pinned item"
    )
    base_score: float | None = Field(description="the recommender's, without boosts; null for a pinned item")
    source: Source
    reason: str
    title: str | None
    category: str | None
    brand: str | None
    price: float | None
    currency: str | None
    image_url: str | None


class ListAnswer(BaseModel):
    """A list, and where it comes from."""

    request_id: str = Field(description="send it back with events about this list")
    customer_id: str | None = Field(description="whom it was made for; null: a stranger")
    placement: str
    source: Source = Field(
        description="of the list as a whole: the best rung of the ladder that gave an item"
    )
    model_version: str | None
    snapshot: str | None
    generated_at: datetime
    age_seconds: float | None = Field(description="time since the snapshot was published")
    applied_overrides: list[str] = Field(description="ids of the overrides that had a say in this list")
    items: list[ItemAnswer]
