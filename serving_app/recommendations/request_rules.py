"""The rules of one list, from what a request asks for, how its placement is configured, and what operators
want.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import NamedTuple

from expectations.contracts.snapshot import CustomerSlice
from serving_app.filters.expression import compile_filter
from serving_app.filters.fields import FilterContext
from serving_app.filters.hard_filters import FilterRequest, ItemReader
from serving_app.http.problems import BadRequest
from serving_app.overrides.rule_set import RuleSet
from serving_app.recommendations.cursor import NO_CURSOR, Cursor, decode_cursor, digest_item, encode_cursor
from serving_app.recommendations.decision import Decision, Rules
from serving_app.recommendations.ladder import OVERRIDE
from serving_app.recommendations.placements import Placement
from serving_app.recommendations.schemas import ListQuery
from serving_app.storage.snapshots import Snapshot


class ItemFunctions(NamedTuple):
    """What is known of items for one visitor: each as in `Rules`."""

    read_item: ItemReader
    find_removal: Callable[[str], str | None]
    find_bought_date: Callable[[str], date | None] | None


def read_cursor(query: ListQuery) -> Cursor:
    """What earlier pages have shown; nothing without a cursor.

    Raises:
        BadRequest: the cursor is none of this service.
    """
    return decode_cursor(query.cursor) if query.cursor else NO_CURSOR


def make_rules(
    query: ListQuery,
    placement: Placement,
    cursor: Cursor,
    overrides: RuleSet,
    items: ItemFunctions,
) -> Rules:
    """The rules of a list. What a request says itself comes before what its placement says."""
    return Rules(
        n=query.n,
        find_removal=items.find_removal,
        read_item=items.read_item,
        overrides=overrides if placement.has_pins_and_boosts else overrides.keep_blocks(),
        mode=query.mode or placement.mode,
        n_before=len(cursor.digests),
        first_source=cursor.source if cursor.source != OVERRIDE else None,  # pins alone name no rung
        is_shown_before=make_memory(cursor),
        diversity=placement.diversity if query.diversity is None else query.diversity,
        max_per_category=query.max_per_category or placement.max_per_category,
        fatigue=placement.fatigue,
        leaves_out_cart=placement.leaves_out_cart,
        find_bought_date=items.find_bought_date,
    )


def make_bought_date_finder(
    snapshot: Snapshot, customer_id: str | None
) -> Callable[[str], date | None] | None:
    """When the customer last bought an item, as the snapshot knows it, which is asked for the first item
    alone: many an answer comes from the customer's own list and needs none of it.
    """
    if customer_id is None:
        return None
    bought, is_read = None, False

    def find_bought_date(item_id: str) -> date | None:
        nonlocal bought, is_read
        if not is_read:
            bought, is_read = snapshot.read_bought_items(customer_id), True
        return bought.find_date(item_id) if bought else None

    return find_bought_date


def make_filter_request(
    query: ListQuery, snapshot: Snapshot, customer: CustomerSlice | None, placement: str, now: datetime
) -> FilterRequest:
    """What the request and its visitor say of the items they may see; the country of a request comes before
    that of the customer's profile.

    Raises:
        InvalidFilter: the filter is not understood, or a parameter of it is missing or of another kind.
    """
    excluded = frozenset(map(snapshot.normalise_item_id, query.exclude)) if query.exclude else frozenset()
    country = query.country or (customer and customer.country)
    if query.filter is None:
        if query.parameters:
            raise BadRequest("parameters are those of a filter, and there is none")
        return FilterRequest(excluded, country, query.age)
    context = FilterContext(now, placement, query.country, query.age, query.device, query.language)
    is_match = compile_filter(query.filter).bind(customer, context, query.parameters)
    return FilterRequest(excluded, country, query.age, is_match)


def make_memory(cursor: Cursor) -> Callable[[str], bool] | None:
    """Whether an earlier page has shown an item; None on the first page."""
    if not cursor.digests:
        return None
    shown = frozenset(cursor.digests)
    return lambda item_id: digest_item(item_id) in shown


def make_next_cursor(query: ListQuery, cursor: Cursor, decision: Decision) -> str | None:
    """The cursor of the page behind this one; None behind one that is not full."""
    if len(decision.items) < query.n:
        return None
    return encode_cursor(decision.source, cursor.digests, (item.item_id for item in decision.items))
