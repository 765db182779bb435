"""What the demo shop's pages are asked for by."""

from pydantic import BaseModel, Field


class ShelfQuery(BaseModel):
    """A category, or words that are searched."""

    category: str = Field("", max_length=200)
    q: str = Field("", max_length=200)
    page: int = Field(1, ge=1, le=10_000)


class ProductQuery(BaseModel):
    """One product, whatever its id holds."""

    id: str = Field(min_length=1, max_length=512)


class SignInForm(BaseModel):
    """As whom of the offered customers somebody wants to look at the shop; empty: as nobody."""

    user_id: str = Field("", max_length=512)
