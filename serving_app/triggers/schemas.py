"""What `/v1/stream` is asked for."""

from typing import Any

from pydantic import Field, field_validator

from expectations.contracts.transitions import Transition
from serving_app.http.schemas import Id, StrictModel, split_at_commas


class StreamQuery(StrictModel):
    """Which transitions are wanted; all where nothing is said."""

    segment: tuple[Id, ...] = Field((), max_length=100, description="ids of segments, separated by commas")
    customer_id: Id | None = Field(None, description="of one customer, as transitions name them")

    @field_validator("segment", mode="before")
    @classmethod
    def split_by_comma(cls, value: Any) -> Any:
        """A query has one text for all ids."""
        return split_at_commas(value)

    def wants(self, transition: Transition) -> bool:
        """Whether a transition is one of these."""
        return (not self.segment or transition.segment_id in self.segment) and (
            self.customer_id is None or transition.customer_id == self.customer_id
        )
