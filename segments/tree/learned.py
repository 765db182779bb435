"""A learned segment: its members are whom a model finds each night, not who meets a rule."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class LearnedSegment:
    """A lookalike of a segment, or the prospects of an item or a category.

    Attributes:
        seed: of a lookalike, the segment whose members others are to be like.
        item, category: of prospects, what its members are to want; one of the two.
        size: how many members; None where a share is asked for.
        share: how many, of all who may be in it.
    """

    segment_id: str
    name: str
    description: str
    seed: str | None = None
    item: str | None = None
    category: str | None = None
    size: int | None = None
    share: float | None = None

    @property
    def kind(self) -> Literal["lookalike", "prospects"]:
        """As `dim_segments` has it."""
        return "lookalike" if self.seed else "prospects"

    def count_members(self, n_customers: int) -> int:
        """How many members it is to have, of so many customers who may be in it."""
        return self.size if self.size is not None else round(self.share * n_customers)
