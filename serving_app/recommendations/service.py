"""The answer with a list: find the visitor, compose the list, make its record durable, answer.

Without a readable snapshot there is nothing that may be shown, so the answer is an empty list, source
`static`, status 200: the page stays up.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from serving_app.filters.hard_filters import build_hard_filters
from serving_app.overrides.index import OverrideIndex
from serving_app.overrides.rule_set import RuleSet, fold_category
from serving_app.recommendations.compose import EMPTY_LIST, compose_list
from serving_app.recommendations.ladder import (
    Ladder,
    Rung,
    list_personal_rungs,
    list_popular_rungs,
    list_similar_rungs,
)
from serving_app.recommendations.schemas import ItemQuery, ListQuery
from serving_app.recommendations.served_list import ServedList
from serving_app.storage.snapshots import Snapshot
from serving_app.stores import Stores
from serving_app.visitors.service import VisitorResolver


class RecommendationService:
    """Answers with lists. Each method takes `is_shown`: a list that nobody will see, as with HEAD, is no
    impression and is not logged.
    """

    def __init__(
        self,
        stores: Stores,
        visitors: VisitorResolver,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
    ) -> None:
        """
        Args:
            new_id: makes a request's id.
        """
        self._stores, self._visitors, self._clock, self._new_id = stores, visitors, clock, new_id
        self._index: tuple[object, object, OverrideIndex | None] = (None, None, None)

    def recommend(self, query: ListQuery, is_shown: bool = True) -> dict:
        """The visitor's list."""
        return self._answer(query, "recommendations", list_personal_rungs, is_shown, is_steered=True)

    def list_popular(self, query: ListQuery, is_shown: bool = True) -> dict:
        """What is popular in the whole shop."""

        def ladder(snapshot: Snapshot, customer_id: str | None) -> Iterator[Rung]:
            return list_popular_rungs(snapshot)

        return self._answer(query, "popular", ladder, is_shown)

    def list_similar(self, query: ItemQuery, is_shown: bool = True) -> dict:
        """What is like an item; what is popular when nothing is known of it."""

        def ladder(snapshot: Snapshot, customer_id: str | None) -> Iterator[Rung]:
            return list_similar_rungs(snapshot, snapshot.normalise_item_id(query.item_id))

        return self._answer(query, "similar", ladder, is_shown)

    def _answer(
        self, query: ListQuery, placement: str, ladder: Ladder, is_shown: bool, is_steered: bool = False
    ) -> dict:
        """One answer. Pins and boosts change steered lists alone; a block holds everywhere."""
        now, snapshot = self._clock(), self._stores.snapshots.get_current()
        placement = query.placement or placement
        customer_id, composed = None, EMPTY_LIST
        with self._stores.restrictions.open_view() as view:
            if snapshot:
                find_reason = build_hard_filters(snapshot.read_item, view)
                customer_id = self._visitors.find_customer_id_in_view(query, snapshot, view)
                rules = self._select_rules(snapshot, customer_id, placement, now)
                composed = compose_list(
                    ladder(snapshot, customer_id),
                    rules if is_steered else rules.keep_blocks(),
                    lambda item_id: find_reason(item_id) is None,
                    lambda item_id: list_categories(snapshot, item_id),
                    query.n,
                )
        served = ServedList(self._new_id(), placement, customer_id, composed, snapshot, now)
        if is_shown and not self._stores.impressions.write(served.as_impression()):
            served = replace(served, composed=EMPTY_LIST)
        return served.as_answer()

    def _select_rules(
        self, snapshot: Snapshot, customer_id: str | None, placement: str, now: datetime
    ) -> RuleSet:
        index = self._get_index(snapshot)
        segments = list_segments(snapshot, customer_id) if index.names_segments and customer_id else ()
        return index.select(customer_id, segments, placement, now)

    def _get_index(self, snapshot: Snapshot) -> OverrideIndex:
        """The overrides by customer, indexed anew only when one was written or the snapshot changed."""
        overrides = self._stores.overrides.read_all()
        indexed_overrides, indexed_snapshot, index = self._index
        if index is None or indexed_overrides is not overrides or indexed_snapshot is not snapshot:
            index = OverrideIndex(overrides, snapshot.resolve_customer_id, snapshot.normalise_item_id)
            self._index = (overrides, snapshot, index)
        return index


def list_segments(snapshot: Snapshot, customer_id: str) -> Sequence[str]:
    """The segments a customer is in, that by RFM among them."""
    customer = snapshot.read_customer(customer_id)
    if customer is None:
        return ()
    return (*customer.segment_ids, *([customer.rfm_segment] if customer.rfm_segment else []))


def list_categories(snapshot: Snapshot, item_id: str) -> Sequence[str]:
    """The categories an item belongs to, as overrides compare them."""
    item = snapshot.read_item(item_id)
    return (fold_category(item.category),) if item and item.category else ()
