"""How a request says who is asking."""

from typing import Self

from pydantic import Field, model_validator

from serving_app.http.schemas import Id, StrictModel


class VisitorIds(StrictModel):
    """Who is asking, or asked about: one id of one kind, or none for a stranger."""

    customer_id: Id | None = Field(
        None, description="Concierge's id, of any age: merged and renamed ones resolve"
    )
    user_id: Id | None = Field(None, description="the shop's own id")
    anonymous_id: Id | None = Field(None, description="the id in a browser's cookie")

    @model_validator(mode="after")
    def check_one_id(self) -> Self:
        if sum(value is not None for value in (self.customer_id, self.user_id, self.anonymous_id)) > 1:
            raise ValueError("give at most one of customer_id, user_id, anonymous_id")
        return self
