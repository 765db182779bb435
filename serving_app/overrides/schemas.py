"""A new override as an operator sends it, and overrides in answers."""

from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, Field, model_validator

from serving_app.http.schemas import MAX_LIST_LENGTH, EndTime, Id
from serving_app.visitors.schemas import VisitorIds


class NewOverride(VisitorIds):
    """An override to be made. For everyone, unless an id says for whom."""

    kind: Literal["pin", "block", "boost"]
    item_id: Id
    position: int | None = Field(
        None, ge=1, le=MAX_LIST_LENGTH, description="of a pin: its place, from 1 (the default)"
    )
    factor: float | None = Field(
        None, gt=0, le=1000, allow_inf_nan=False, description="of a boost: what scores are multiplied by"
    )
    until: EndTime = Field(
        description="the first moment it is no longer in force, with its offset; before 2100"
    )
    note: str = Field("", max_length=500)

    @model_validator(mode="after")
    def check_fields_of_kind(self) -> Self:
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
