"""Which items may be shown at all, and why not: one predicate that every rung, pin, filler and fallback asks.

Each reason is a stable word that a program may compare. What is not known of a visitor restricts: an item
that is sold in some countries alone is not shown to somebody whose country is unknown, nor one with a least
age to somebody of unknown age.
"""

from collections.abc import Callable, Set
from typing import NamedTuple

from expectations.contracts.item_rules import encode_country
from expectations.contracts.restrictions import RestrictionView
from expectations.contracts.snapshot import ItemFacts

EXCLUDED, RESTRICTED, UNKNOWN_ITEM = "excluded", "restricted", "unknown_item"
DISCONTINUED, NOT_RECOMMENDABLE, OUT_OF_STOCK = "discontinued", "not_recommendable", "out_of_stock"
REGION, AGE, FILTERED, PAGE_ITEM = "region", "age", "filtered", "page_item"
REASONS = (  # in the order in which they are looked for: of several the first is named
    EXCLUDED,
    PAGE_ITEM,
    UNKNOWN_ITEM,
    DISCONTINUED,
    NOT_RECOMMENDABLE,
    OUT_OF_STOCK,
    RESTRICTED,
    REGION,
    AGE,
    FILTERED,
)

ItemReader = Callable[[str], ItemFacts | None]
ItemPredicate = Callable[[str, ItemFacts], bool]
HardFilter = Callable[[str], str | None]


class FilterRequest(NamedTuple):
    """What one request and its visitor say of the items they may see.

    Attributes:
        excluded: ids in the catalogue's normal form.
        country: where the visitor is; None: unknown.
        age: in years; None: unknown.
        is_match: the request's filter expression, bound; None: it has none.
        page_item_id: that the list is about: it is in no place of it.
    """

    excluded: Set[str] = frozenset()
    country: str | None = None
    age: int | None = None
    is_match: ItemPredicate | None = None
    page_item_id: str | None = None


NO_REQUEST = FilterRequest()


def build_hard_filters(
    read_item: ItemReader, view: RestrictionView, request: FilterRequest = NO_REQUEST
) -> HardFilter:
    """A function of an item id: None when the item may be shown now, else the reason why not.

    Args:
        read_item: an item's facts, with the changes of the day.
    """
    excluded, age, is_match = request.excluded, request.age, request.is_match
    page_item_id = request.page_item_id
    may_be_shown = view.may_be_shown if view.has_item_permissions else None
    country = encode_country(request.country) if request.country else None

    def find_reason(item_id: str) -> str | None:
        if item_id in excluded:
            return EXCLUDED
        if item_id == page_item_id:
            return PAGE_ITEM
        item = read_item(item_id)
        if item is None:
            return UNKNOWN_ITEM
        if not (item.is_recommendable and item.is_in_stock):
            return find_catalogue_reason(item)
        if may_be_shown is not None and not may_be_shown(item_id):
            return RESTRICTED
        if (item.allowed_countries is not None or item.blocked_countries) and not may_be_sold(item, country):
            return REGION
        if item.min_age is not None and (age is None or age < item.min_age):
            return AGE
        if is_match is not None and not is_match(item_id, item):
            return FILTERED
        return None

    return find_reason


def find_catalogue_reason(item: ItemFacts) -> str | None:
    """Why the catalogue keeps an item from everybody; None when it does not."""
    if not item.is_recommendable:
        return DISCONTINUED if item.ended_on else NOT_RECOMMENDABLE
    return None if item.is_in_stock else OUT_OF_STOCK


def may_be_sold(item: ItemFacts, country: str | None) -> bool:
    """Whether an item may be shown to somebody in a country (as `encode_country` writes it; None: unknown,
    which an item with any such rule is not).

    A code says nothing of a country that is written in words which are no name of one, nor the other way
    round: `deutschland` may be the blocked `DE`, so an item that is blocked in one is not shown to the other.
    """
    if country is None:
        return item.allowed_countries is None and not item.blocked_countries
    if item.allowed_countries is not None and country not in item.allowed_countries:
        return False
    is_code = country.isupper()
    return all(one != country and one.isupper() == is_code for one in item.blocked_countries)
