"""Parts of what comes in and goes out over HTTP that several features share: strict models, ids, problems.

The models of a feature are in its `schemas.py`: requests are checked by them, and openapi.json is made of
them.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from expectations.contracts.ids import MAX_ID_LENGTH, find_id_flaw, normalise_id

MAX_LIST_LENGTH = 100
# A time span without an end is a typing mistake in ten years' time; and beyond year 9999 in UTC no clock can
# tell it.
LATEST_END = datetime(2100, 1, 1, tzinfo=UTC)


def _normalise_id(value: object) -> object:
    """An id in its normal form, the one ingest stored; what is no text is pydantic's to refuse."""
    return normalise_id(value) or value if isinstance(value, str) else value


def _check_id(value: str) -> str:
    if find_id_flaw(value.strip()):
        raise ValueError("must be printable and not blank")
    return value


def _check_end(moment: datetime) -> datetime:
    if moment >= LATEST_END:
        raise ValueError("must lie before 2100-01-01T00:00:00Z")
    return moment.astimezone(UTC)


Id = Annotated[
    str,
    Field(min_length=1, max_length=MAX_ID_LENGTH),
    BeforeValidator(_normalise_id),
    AfterValidator(_check_id),
]
EndTime = Annotated[AwareDatetime, AfterValidator(_check_end)]


class StrictModel(BaseModel):
    """A request's model that refuses undeclared names and says which are declared: a mistyped one would
    otherwise change nothing, silently.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="wrap")
    @classmethod
    def name_what_is_allowed(cls, values: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Pydantic says of an unknown name that it is not permitted, and not which are."""
        try:
            return handler(values)
        except ValidationError as error:
            unknown = PydanticCustomError("unknown_name", f"unknown; allowed: {', '.join(cls.model_fields)}")
            raise ValidationError.from_exception_data(
                error.title,
                [
                    InitErrorDetails(
                        type=unknown if flaw["type"] == "extra_forbidden" else flaw["type"],
                        loc=flaw["loc"],
                        input=flaw["input"],
                        ctx=flaw.get("ctx", {}),
                    )
                    for flaw in error.errors()
                ],
            ) from None


class DefinitionFlaw(BaseModel):
    """A mistake in a segment's definition."""

    line: int
    column: int
    message: str


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[dict[str, str]] | None = None
    identifier_ids: list[str] | None = Field(None, description="with several-identifiers: which there are")
    flaws: list[DefinitionFlaw] | None = Field(None, description="with bad-definition: each mistake")
    version: int | None = Field(None, description="with override-changed: which it has now")


def split_at_commas(value: Any) -> Any:
    """The parts of a query's text, blank ones left out; what is no text, as in a body, is itself."""
    return [part for part in value.split(",") if part.strip()] if isinstance(value, str) else value
