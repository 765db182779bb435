"""Answers to events, for the API's description; events themselves are declared in `contracts/events/`."""

from typing import Literal

from pydantic import BaseModel, Field


class EventOutcome(BaseModel):
    """What became of one event."""

    message_id: str | None = Field(description="null: it has none that can be read")
    outcome: Literal["accepted", "duplicate", "quarantined"]
    reason: str | None = Field(
        None, description="of a refused event: a reason code, as in the table quarantine"
    )
    detail: str | None = Field(None, description="of a refused event: which field, and what is allowed")


class EventsAnswer(BaseModel):
    """The events are stored: each is in the log, was there before, or is in quarantine."""

    success: Literal[True]
    n_accepted: int
    n_duplicate: int
    n_quarantined: int
    events: list[EventOutcome] = Field(description="in the order they were sent")


class SentBatchBody(BaseModel):
    """Events in Segment's HTTP format; each that cannot be read is refused by itself."""

    batch: list[dict] = Field(max_length=500)
    sentAt: str | None = Field(None, description="by the client's clock")  # noqa: N815 - Segment's name
    context: dict | None = Field(None, description="of every event that has not its own")
    writeKey: str | None = Field(None, description="where no header can be sent")  # noqa: N815


class SentCallBody(BaseModel):
    """One event in Segment's HTTP format."""

    messageId: str | None = Field(None, description="of two events with one id the second is a repetition")  # noqa: N815
    userId: str | int | None = None  # noqa: N815
    anonymousId: str | int | None = None  # noqa: N815
    event: str | None = Field(None, description="of a track: its name")
    properties: dict | None = None
    context: dict | None = None
    timestamp: str | None = Field(None, description="by the client's clock")
    sentAt: str | None = Field(None, description="by the client's clock")  # noqa: N815
