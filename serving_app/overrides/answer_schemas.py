"""Overrides, their effect and their audit log in answers."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from serving_app.overrides.schemas import Kind


class ListChange(BaseModel):
    """One customer's list without and with a change, as item ids."""

    customer_id: str | None = Field(description="null: a stranger")
    before: list[str]
    after: list[str]


class EffectAnswer(BaseModel):
    """What a change of overrides does to lists; live behaviour has no part in it."""

    at: datetime = Field(description="the moment of the lists: now, or when the override begins")
    placement: str
    n_items: int = Field(description="the length of the lists that are compared")
    n_customers_checked: int = Field(description="of those it is for, who have a list of their own")
    n_customers_changed: int
    is_whole: bool = Field(description="whether all were checked; else the first by id, a fair sample")
    examples: list[ListChange]
    stranger: ListChange | None = Field(description="null: the list of a stranger stays as it is")


class OverrideAnswer(BaseModel):
    """One override that has not ended. Of a dry run what would be written, or what would be deleted: it is
    not in force, and has an id only where it is about one that is there.
    """

    is_dry_run: bool = Field(description="nothing was written; `effect` says what would change")
    override_id: str | None = Field(description="null: of a dry run of a new one")
    kind: Kind
    item_id: str | None
    category: str | None
    customer_id: str | None = Field(description="whom it is for; null: not narrowed to a customer")
    segment_id: str | None
    placement: str | None
    position: int | None
    factor: float | None = Field(description="null of a bury: to the end")
    priority: int
    starts_at: datetime | None
    until: datetime
    created_at: datetime | None = Field(description="null: of a dry run of a new one")
    reason: str
    note: str = Field(description="`reason`, by its old name")
    author: str
    version: int | None = Field(description="how many times it was written; its ETag. Null: of a dry run")
    is_in_force: bool = Field(description="false of a dry run: nothing of it was written")
    matches: int | None = Field(
        description="items of the shop that it names, or that are in its category; null: not known"
    )
    matches_customers: int | None = Field(
        description="customers it is for, who may be personalised for; null: everyone, or not known"
    )
    effect: EffectAnswer | None = Field(description="of a dry run what it would do; else null")


class OverridesAnswer(BaseModel):
    """A page of overrides, oldest first."""

    overrides: list[OverrideAnswer]
    next_cursor: str | None = Field(description="asks for the next page; null: this is the last")


class AuditEntryAnswer(BaseModel):
    """One change of an override."""

    number: int = Field(description="counts up by one")
    at: datetime
    action: Literal["created", "changed", "deleted"]
    override_id: str
    before: dict[str, Any] | None = Field(description="the override as it was stored; null: there was none")
    after: dict[str, Any] | None = Field(description="as it is stored since; null: there is none")
    author: str
    reason: str
    key_id: str = Field(description="of the key that asked for it")
    undoes: int | None = Field(description="number of the entry that it took back; null: it took none back")
    can_be_undone: bool = Field(description="whether nothing newer about this override stands in the way")


class AuditAnswer(BaseModel):
    """A page of the audit log, the newest entry first."""

    entries: list[AuditEntryAnswer]
    next_before: int | None = Field(description="asks for the next page; null: this is the last")
