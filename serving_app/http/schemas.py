"""What comes in and what goes out over HTTP: the one declaration that requests are checked by and
openapi.json is made of.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from expectations.contracts.ids import MAX_ID_LENGTH, find_id_flaw, normalise_id

MAX_N = 100
Source = Literal["personal", "audience", "popular", "static", "override", "similar"]


def _normal(value: object) -> object:
    """An id in its normal form, the one ingest stored; what is no text is pydantic's to refuse."""
    return normalise_id(value) or value if isinstance(value, str) else value


def _is_id(value: str) -> str:
    if find_id_flaw(value.strip()):
        raise ValueError("must be printable and not blank")
    return value


# An override without an end is a typing mistake in ten years' time; and beyond year 9999 in UTC no clock can
# tell it.
LATEST = datetime(2100, 1, 1, tzinfo=UTC)


def _is_before_2100(moment: datetime) -> datetime:
    if moment >= LATEST:
        raise ValueError("must lie before 2100-01-01T00:00:00Z")
    return moment.astimezone(UTC)


Id = Annotated[
    str, Field(min_length=1, max_length=MAX_ID_LENGTH), BeforeValidator(_normal), AfterValidator(_is_id)
]
WHO = "customer_id, user_id, anonymous_id"


class Closed(BaseModel):
    """Names that are not declared are refused, and told which are: a mistyped one would otherwise change
    nothing, silently.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="wrap")
    @classmethod
    def says_what_is_allowed(cls, given: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Pydantic says of an unknown name that it is not permitted, and not which are."""
        try:
            return handler(given)
        except ValidationError as error:
            told = PydanticCustomError("unknown_name", f"unknown; allowed: {', '.join(cls.model_fields)}")
            raise ValidationError.from_exception_data(
                error.title,
                [
                    InitErrorDetails(
                        type=told if one["type"] == "extra_forbidden" else one["type"],
                        loc=one["loc"],
                        input=one["input"],
                        ctx=one.get("ctx", {}),
                    )
                    for one in error.errors()
                ],
            ) from None


class Visitor(Closed):
    """Who is asked about: one id of one kind, or none for a stranger."""

    customer_id: Id | None = Field(
        None, description="Concierge's id, of any age: merged and renamed ones resolve"
    )
    user_id: Id | None = Field(None, description="the shop's own id")
    anonymous_id: Id | None = Field(None, description="the id in a browser's cookie")

    @model_validator(mode="after")
    def one_id(self) -> Self:
        if sum(value is not None for value in (self.customer_id, self.user_id, self.anonymous_id)) > 1:
            raise ValueError(f"give at most one of {WHO}")
        return self


class ListQuery(Visitor):
    """The query of every list. An empty id is none: a page's template sends `user_id=` for whoever is not
    logged in.
    """

    n: int = Field(10, ge=1, le=MAX_N, description="how many items at most")
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


class NewOverride(Visitor):
    """An override to be made. For everyone, unless an id says for whom."""

    kind: Literal["pin", "block", "boost"]
    item_id: Id
    position: int | None = Field(
        None, ge=1, le=MAX_N, description="of a pin: its place, from 1 (the default)"
    )
    factor: float | None = Field(
        None, gt=0, le=1000, allow_inf_nan=False, description="of a boost: what scores are multiplied by"
    )
    until: Annotated[AwareDatetime, AfterValidator(_is_before_2100)] = Field(
        description="the first moment it is no longer in force, with its offset; before 2100"
    )
    note: str = Field("", max_length=500)

    @model_validator(mode="after")
    def fitting(self) -> Self:
        if self.position is not None and self.kind != "pin":
            raise ValueError("position belongs to a pin")
        if (self.factor is not None) != (self.kind == "boost"):
            raise ValueError("factor belongs to a boost, which needs one")
        return self


class OverrideAnswer(BaseModel):
    """One override in force."""

    override_id: str
    kind: Literal["pin", "block", "boost"]
    item_id: str
    customer_id: str | None = Field(description="whom it is for; null: everyone")
    position: int | None
    factor: float | None
    until: datetime
    created_at: datetime
    note: str
    matches: int | None = Field(
        description="items of the shop that it names: 0 or 1; null: nothing has been published yet"
    )


class OverridesAnswer(BaseModel):
    """Every override in force, oldest first."""

    overrides: list[OverrideAnswer]


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


class CustomerAnswer(BaseModel):
    """The slice of a customer's profile that a page may see. No personal values."""

    customer_id: str
    is_known: bool
    country: str | None
    rfm_segment: str | None
    segment_ids: list[str]
    n_orders: int
    last_order_at: datetime | None
    snapshot: str


class ReadyAnswer(BaseModel):
    """What is being served, and by which build."""

    status: Literal["ready", "degraded"] = Field(
        description="degraded: lists are served, and `problems` says what is wrong"
    )
    problems: list[str] = Field(description="empty when all is well")
    build: str
    model_version: str
    snapshot: str
    landing_date: str
    published_at: datetime
    age_seconds: float
    n_unlogged: int = Field(description="lists that this worker served and could not log, since it started")


class HealthAnswer(BaseModel):
    """The process answers."""

    status: Literal["ok"]


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[dict[str, str]] | None = None
    identifier_ids: list[str] | None = Field(None, description="with several-identifiers: which there are")
