"""What comes in and what goes out under `/v1/segments`."""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, BeforeValidator, Field, RootModel, WithJsonSchema, model_validator

from serving_app.http.schemas import Id, StrictModel
from serving_app.segments.moments import Moment, parse_moment

YAML_TYPES = ("application/yaml", "application/x-yaml", "text/yaml")
MOMENT_SCHEMA = {
    "anyOf": [
        {"type": "string", "format": "date"},
        {"type": "string", "format": "date-time"},
        {"type": "null"},
    ]
}
At = Annotated[Moment | None, BeforeValidator(parse_moment), WithJsonSchema(MOMENT_SCHEMA)]
Value = Any  # of a field or event: a number, a text, true or false; of an age a moment; of a range a list


class ExplainQuery(StrictModel):
    """Whose membership is explained, and as of when."""

    customer_id: Id | None = Field(None, description="of any age: who was merged into another is that one")
    user_id: Id | None = Field(None, description="the shop's own id")
    anonymous_id: Id | None = Field(None, description="the id in a browser's cookie")
    at: At = Field(
        None,
        description="a day, to its end as the night asks, or a moment with its offset; without it this moment"
        " of a segment that lives, else the newest day of the published night",
    )

    @model_validator(mode="after")
    def check_one_id(self) -> Self:
        if sum(one is not None for one in (self.customer_id, self.user_id, self.anonymous_id)) != 1:
            raise ValueError("give one of customer_id, user_id, anonymous_id")
        return self


class MembersQuery(StrictModel):
    """Which page of members."""

    limit: int = Field(100, ge=1, le=1000)
    cursor: str | None = Field(None, max_length=400, description="`next_cursor` of the page before")


class DefinitionBody(RootModel[dict[str, Any]]):
    """A segment's definition, in YAML or as the same in JSON: `segment_id`, `name`, `kind`, `description` and
    `members`, as segments/segment.schema.json has them.
    """

    media_types: ClassVar = ("application/json", *YAML_TYPES)


Basis = Annotated[
    Literal["live", "night"],
    Field(description="live: as it is at this moment; night: as the published night left it"),
]


class NightAnswer(BaseModel):
    """Of which night an answer is."""

    day: str = Field(description="the newest day of the published night, ISO")
    snapshot: str


class SegmentSummary(BaseModel):
    """A segment of the published night."""

    segment_id: str
    name: str
    kind: str
    description: str
    basis: Basis
    n_customers: int = Field(description="members now, or on the newest day: see basis")
    n_visitors: int = Field(description="beside them: visitors whom no night knows yet, in it now")
    version: int | None = Field(description="which of its texts made the night; null: not known")
    counts_since: str | None = Field(
        description="since when another definition counts, published after the night; null: the night's does"
    )


class SegmentsAnswer(NightAnswer):
    segments: list[SegmentSummary]


class SizeAnswer(BaseModel):
    day: str
    n_customers: int


class PeriodAnswer(BaseModel):
    since: str
    until: str | None = Field(description="null: it is in force")


class VersionAnswer(BaseModel):
    """A text of a definition that was in force."""

    version: int
    digest: str
    periods: list[PeriodAnswer]
    is_in_force: bool


class SegmentAnswer(NightAnswer, SegmentSummary):
    """A segment with its rule, its versions and how large it was."""

    rule: str | None = Field(description="in words, of what counts now; null: a model decides")
    definition: str | None = Field(description="the text that made the night; null: not known")
    next_definition: str | None = Field(description="the text that the next night reads; null: there is none")
    is_changed: bool = Field(description="the next night reads another text")
    versions: list[VersionAnswer]
    sizes: list[SizeAnswer] = Field(description="by day, oldest first; days without members are left out")


class MemberAnswer(BaseModel):
    customer_id: str
    member_since: str = Field(description="the day on which the present stay began")


class MembersAnswer(NightAnswer):
    """A page of members. Who may not be named is left out, so a page may hold fewer than its limit."""

    segment_id: str
    basis: Basis
    members: list[MemberAnswer]
    next_cursor: str | None


class ClauseAnswer(BaseModel):
    """A clause of a rule: what was measured, what it was compared with, whether it holds."""

    rule: str = Field(description="in words")
    joined: str | None = Field(description="how its parts are joined: all, any, not; null: they are not")
    holds: bool
    is_wanted: bool = Field(description="false below a `not`: the rule wants it not to hold")
    value: Value = Field(description="null: unknown, or nothing is measured")
    op: str | None
    threshold: Value
    gap: float | None = Field(description="if it is not as wanted: how far, as a share of the threshold")
    changes_at: str | None = Field(description="when it can change though nothing happens; null: never")
    parts: list["ClauseAnswer"]


class ChangeAnswer(BaseModel):
    """A clause that would have to turn."""

    needs: str = Field(description="what would then be so, in words, and what it is now")
    rule: str
    holds: bool
    value: Value
    op: str | None
    threshold: Value
    gap: float | None
    changes_at: str | None


class MembershipAnswer(NightAnswer):
    """Why somebody was in a segment at a moment or not."""

    segment_id: str
    customer_id: str | None = Field(description="null: a visitor whom no night knows yet")
    basis: Basis
    at: str = Field(description="the moment that is explained, UTC")
    is_member: bool
    sentence: str
    member_since: str | None = Field(description="the day on which the stay that covers the day began")
    clause: ClauseAnswer | None = Field(description="the rule; null: a model decides, or no customer by then")
    changes: list[ChangeAnswer] = Field(description="the smallest change that would turn it: all of these")


class OverlapAnswer(BaseModel):
    """Whom a segment shares with another."""

    segment_id: str
    n_shared: int
    n_customers: int = Field(description="of the other")
    jaccard: float = Field(description="shared, of all who are in either")
    share: float = Field(description="shared, of the first's members")


class PairAnswer(OverlapAnswer):
    with_: str = Field(alias="with", description="the first of the two")


class OverlapsAnswer(NightAnswer):
    """Each two segments that share members, once."""

    pairs: list[PairAnswer]


class CostPartAnswer(BaseModel):
    reason: str
    n_read: int
    n_made: int


class CostAnswer(BaseModel):
    """Rows that the definition reads and makes at this shop's size, estimated."""

    n_read: int
    n_made: int
    parts: list[CostPartAnswer]


class PreviewAnswer(NightAnswer):
    """What a definition would have for members."""

    segment_id: str
    n_members: int
    n_customers: int
    share: float
    sample: list[str] | None = Field(description="some customer ids; null: the key lacks the scope profiles")
    overlaps: list[OverlapAnswer]
    cost: CostAnswer


class DiffAnswer(NightAnswer):
    """Who would come and go if a definition stood in the place of the one in use."""

    segment_id: str
    n_before: int
    n_after: int
    n_enters: int
    n_leaves: int
    n_stays: int
    n_customers: int = Field(description="of the shop, of whom `share` come or go")
    share: float
    enters: list[str] | None = Field(description="some of them; null: the key lacks the scope profiles")
    leaves: list[str] | None
