"""What comes in and what goes out under `/v1/identity`."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema

from serving_app.http.schemas import Id, StrictModel

DecisionKind = Literal["split", "refuse", "join", "withdraw"]


DATE_FORMAT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:$|[T ])")
AS_OF_SCHEMA = {
    "anyOf": [
        {"type": "string", "format": "date"},
        {"type": "string", "format": "date-time"},
        {"type": "null"},
    ]
}


def _parse_as_of(text: object) -> object:
    """A moment in UTC, of a day its last microsecond; what is no text is pydantic's to refuse."""
    if not isinstance(text, str):
        return text
    try:
        # Python reads weeks and days without hyphens too: of 2026-W08 it takes the Monday
        if not DATE_FORMAT.match(text):
            raise ValueError
        moment = datetime.fromisoformat(text)
        if len(text) == len("2026-02-21"):
            moment = moment.replace(tzinfo=UTC) + timedelta(days=1) - timedelta(microseconds=1)
        if moment.utcoffset() is None:
            raise ValueError
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(
            "must be a day (2026-02-21, to its end in UTC) or a moment with its offset"
        ) from None


class ExplainQuery(StrictModel):
    """The query for an explanation: which two identifiers, and as of when."""

    a: Id = Field(
        description=(
            "an identifier_id, or user_id:, anonymous_id:, crm_id:, email: or phone: (as +E.164) and the"
            " value"
        )
    )
    b: Id = Field(description="the other one, in the same way")
    as_of: Annotated[datetime | None, BeforeValidator(_parse_as_of), WithJsonSchema(AS_OF_SCHEMA)] = Field(
        None,
        description="only links first seen until then: a day (to its end, UTC), or a moment with its offset",
    )


class NewDecision(StrictModel):
    """A decision to be taken about two identifiers, each given as in a question."""

    decision: DecisionKind = Field(
        description="never one customer; this link is not followed; one customer; as if nothing had been said"
    )
    a: Id
    b: Id
    reason: str = Field(description="one line; no e-mail address and no phone number")
    decided_by: str = Field(description="who answers for it: a name or initials")


class IdentifierAnswer(BaseModel):
    """One identifier, without its value."""

    identifier_id: str
    kind: str
    customer_id: str | None = Field(
        description="whose it is now; null for a value that nobody stands behind, such as `null`"
    )
    n_links_left_out: int = Field(
        description="later links of it that are not followed and not looked at here: of a crowd's value"
    )


class LinkAnswer(BaseModel):
    """A link between two identifiers, from one of them to the other."""

    origin: IdentifierAnswer = Field(alias="from")
    to: IdentifierAnswer
    rule: str = Field(description="what says so: same_event, same_order, same_person_record, alike, decision")
    evidence: str = Field(description="the earliest record that shows it: <table>/<key>")
    weight: float = Field(description="probability that both are one person's; 1 for what was seen together")
    first_seen_at: datetime
    is_followed: bool
    held_by: str | None = Field(description="why it is not followed; null when it is")


class _DecisionAnswer(BaseModel):
    decision_id: str
    decided_at: datetime
    decision: DecisionKind
    identifier_a: str
    identifier_b: str
    decided_by: str
    reason: str


class TakenAnswer(_DecisionAnswer):
    """A decision just taken."""

    takes_effect: Literal["with the next night"]


class ExplainAnswer(BaseModel):
    """Whether two identifiers are one customer's, and why."""

    a: IdentifierAnswer
    b: IdentifierAnswer
    is_one_customer: bool
    as_of: datetime | None
    path: list[LinkAnswer] = Field(
        description="from a to b when they are one customer: strongest weakest link, then fewest"
    )
    held: list[LinkAnswer] = Field(
        description="when they are not: links that would join them, were they followed"
    )
    sentence: str
    pending: list[TakenAnswer] | None = Field(
        description=(
            "decisions about their customers that the next night will apply; null where the file cannot be"
            " read"
        )
    )
    snapshot: str


class ReviewAnswer(BaseModel):
    """One question about a merge."""

    review_id: str
    kind: str = Field(description="giant, bridge or likeness")
    customer_id: str | None
    identifier_a: str | None = Field(description="the link to decide on")
    identifier_b: str | None
    score: float = Field(description="larger is more urgent, within a kind")
    n_identifiers: int | None
    is_held_back: bool = Field(description="not served personally until decided")
    because: str | None
    decision: str | None = Field(
        description="what has been decided about the link; it counts with the next night"
    )


class ReviewsAnswer(BaseModel):
    """The questions of last night, most urgent first."""

    reviews: list[ReviewAnswer]
    snapshot: str


class DecisionAnswer(_DecisionAnswer):
    """A decision, and whether it is the last word about its pair."""

    is_in_force: bool


class DecisionsAnswer(BaseModel):
    """Every decision, in the order they were taken."""

    decisions: list[DecisionAnswer]
