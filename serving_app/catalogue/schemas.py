"""Changes of items as a shop sends them, and what becomes of each."""

from typing import Literal, Self

from pydantic import AwareDatetime, BaseModel, Field, model_validator

from serving_app.http.schemas import Id, StrictModel

MAX_CHANGES = 500
LARGEST = 1_000_000_000


class ItemFields(StrictModel):
    """What became so of an item; of a field with null the catalogue's value holds again. One at least."""

    price: float | None = Field(
        None, ge=0, le=LARGEST, allow_inf_nan=False, strict=True, description="in the item's currency"
    )
    n_stock: int | None = Field(
        None, ge=0, le=LARGEST, strict=True, description="how many are in stock; 0 is out of stock"
    )
    is_in_stock: bool | None = Field(None, strict=True, description="where the shop counts no stock")
    is_recommendable: bool | None = Field(None, strict=True, description="false: in no list")
    updated_at: AwareDatetime | None = Field(
        None, description="when it became so, with its offset; now, where it is left out. The newest holds"
    )

    @model_validator(mode="after")
    def check_something_changes(self) -> Self:
        if not self.model_fields_set - {"updated_at", "item_id"}:
            raise ValueError("give one at least of price, n_stock, is_in_stock, is_recommendable")
        return self


class ItemChangeEntry(ItemFields):
    """One item's change among several."""

    item_id: Id


class ItemChangesBody(StrictModel):
    """Changes of several items; each is taken or refused on its own."""

    changes: list[ItemChangeEntry] = Field(min_length=1, max_length=MAX_CHANGES)


class ItemStateAnswer(BaseModel):
    """An item after a change, as the next answers show it."""

    item_id: str
    outcome: Literal["changed", "superseded"] = Field(
        description="superseded: a newer value of each of the fields is known, nothing was changed"
    )
    is_known: bool = Field(description="false: the catalogue has no such item yet")
    price: float | None
    n_stock: int | None
    is_in_stock: bool | None
    is_recommendable: bool | None


class ChangeOutcome(BaseModel):
    """What became of one change; `index` is its place in the request, from 0."""

    index: int
    outcome: Literal["changed", "superseded", "rejected"]
    is_known: bool | None = None
    errors: list[dict[str, str]] | None = None


class ChangesAnswer(BaseModel):
    """What became of each change."""

    n_changed: int
    n_superseded: int
    n_rejected: int
    results: list[ChangeOutcome]


class ItemSearchQuery(StrictModel):
    """Which items are looked for."""

    text: str = Field(min_length=1, max_length=200, description="words of id, title, brand and category")
    limit: int = Field(20, ge=1, le=100)


class FoundItemAnswer(BaseModel):
    """An item that fits."""

    item_id: str
    title: str | None
    category: str | None
    price: float | None
    currency: str | None
    may_be_shown: bool = Field(description="whether the catalogue says it is in stock and recommendable")


class FoundItemsAnswer(BaseModel):
    """The items that fit best, those first whose id it is, or begins."""

    items: list[FoundItemAnswer]
