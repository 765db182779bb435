"""The queries that ask for lists, and the answer with a list."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field, field_validator

from serving_app.http.schemas import MAX_LIST_LENGTH, Id, split_at_commas
from serving_app.recommendations.cursor import MAX_CURSOR_LENGTH
from serving_app.visitors.schemas import VisitorIds

Source = Literal[
    "personal", "audience", "popular", "static", "override", "similar", "session", "cart", "new", "catalogue"
]
MAX_EXCLUDED = 1000
OPTIONAL_TEXTS = ("country", "device", "language", "filter", "cursor")


class ListQuery(VisitorIds):
    """What every list is asked for by, in a query or a body. An empty id is none: a page's template sends
    `user_id=` for whoever is not logged in.
    """

    n: int = Field(10, ge=1, le=MAX_LIST_LENGTH, description="how many items at most")
    placement: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9_.:/-]{1,64}$",
        description="where on the page: which lists and rules, as configured, and for the decision log",
    )
    mode: Literal["fill", "strict"] | None = Field(
        None,
        description="fill: lower rungs fill the list up to n; strict: the first rung that has items, alone;"
        " default: the placement's",
    )
    diversity: float | None = Field(
        None,
        ge=0,
        le=1,
        description="from 0, as scored, to 1, as different as can be; default: the placement's",
    )
    max_per_category: int | None = Field(
        None, ge=1, le=MAX_LIST_LENGTH, description="items of one category; default: the placement's"
    )
    exclude: tuple[Id, ...] = Field(
        (), max_length=MAX_EXCLUDED, description="item ids that are left out; in a query separated by commas"
    )
    country: str | None = Field(
        None, max_length=64, description="where the visitor is; default: that of the customer's profile"
    )
    age: int | None = Field(
        None, ge=0, le=150, description="the visitor's; unknown, items with a least age are left out"
    )
    device: str | None = Field(None, max_length=64, description="context.device of a filter")
    language: str | None = Field(None, max_length=64, description="context.language of a filter")
    filter: str | None = Field(
        None,
        max_length=4000,
        description="an expression that every item fits; a query has its parameters as param.<name>",
    )
    parameters: dict[str, Any] = Field({}, max_length=50, description="values of the filter's parameters")
    cursor: str | None = Field(
        None, max_length=MAX_CURSOR_LENGTH, description="next_cursor of the page before, for the next one"
    )
    explain: bool = Field(False, description="whether the answer has a trace; needs the scope admin")

    @field_validator("customer_id", "user_id", "anonymous_id", *OPTIONAL_TEXTS, mode="before")
    @classmethod
    def blank_is_none(cls, value: Any) -> Any:
        """Only here: an override for a blank id would be one for everyone."""
        return None if isinstance(value, str) and not value.strip() else value

    @field_validator("exclude", mode="before")
    @classmethod
    def split_by_comma(cls, value: Any) -> Any:
        """A query has one text for all ids; an id with a comma in it can be sent in a body."""
        return split_at_commas(value)


class ItemQuery(ListQuery):
    """The query of a list about an item."""

    item_id: Id = Field(description="the item, whatever its id holds: a slash or a dot too")


class RecommendationQuery(ListQuery):
    """The query of a visitor's list."""

    item_id: Id | None = Field(None, description="of the page, for placements with the source similar")


class WhyNotQuery(ListQuery):
    """The query for why an item is not in a list."""

    item_id: Id = Field(description="the item that is missed")
    page_item_id: Id | None = Field(None, description="what the list is asked with as item_id")


class WhyNotAnswer(BaseModel):
    """Why an item is not in a visitor's list, and the smallest change that would have it there."""

    customer_id: str | None = Field(description="whose list it is; null: a stranger's")
    placement: str
    item_id: str
    rank: int | None = Field(description="its rank in the list; null: it is not in it")
    obstacles: list["Obstacle"] = Field(description="all that keeps it out, in the order of the stages")
    rank_without: int | None = Field(
        description="its rank when every obstacle is gone; null: no list offers it, or it is in the list"
    )


class Obstacle(BaseModel):
    """What keeps an item out of a list."""

    stage: Literal["gather", "filters", "live", "overrides", "diversity", "fill"]
    reason: str = Field(description="a stable word")
    override_id: str | None
    change: str = Field(description="what would remove it, in words")


class ContributionAnswer(BaseModel):
    """One part of an item's score; all of them add up to it, to the ninth decimal."""

    of: Literal["list", "session", "fatigue", "boost"]
    adds: float
    factor: float | None = Field(
        description="by which fatigue, a boost or a bury multiplies the score so far; one below zero is"
        " divided. 0: behind all others"
    )
    override_id: str | None


class ItemAnswer(BaseModel):
    """One item of a list."""

    item_id: str
    rank: int = Field(ge=1)
    score: float | None = Field(
        description="orders items of one source, fatigue and boosts applied; null for a pinned item"
    )
    base_score: float | None = Field(description="before fatigue and boosts; null for a pinned item")
    source: Source
    is_filler: bool = Field(description="whether it stands in a rung below the one the list is named for")
    reason: str
    title: str | None
    category: str | None
    brand: str | None
    price: float | None
    currency: str | None
    image_url: str | None
    contributions: list[ContributionAnswer] | None = Field(
        None, description="with explain=true alone, in the order in which they come into the score"
    )


class Ages(BaseModel):
    """How old what an answer was made from is, in seconds."""

    list: float | None = Field(description="since the snapshot with the lists was published")
    catalogue: float | None = Field(description="since the snapshot with the items' facts was published")
    live: float | None = Field(description="since the visitor's newest event; null: none is known")
    overrides: float | None = Field(description="since the newest override was made; null: there are none")


class StageAnswer(BaseModel):
    """What one stage of a decision did."""

    stage: Literal["gather", "filters", "live", "overrides", "diversity", "fill", "explain"]
    n_seen: int
    removed: dict[str, int] = Field(description="how many candidates it removed, by reason")
    microseconds: float = Field(description="its own, without those of stages that it called")


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
    ages: Ages
    items: list[ItemAnswer]
    next_cursor: str | None = Field(description="send it as cursor for the next page; null: there is none")
    trace: list[StageAnswer] | None = Field(description="with explain=true: the stages in their order")
