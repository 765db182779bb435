"""The answer with a list: find the visitor, decide the list, make its record durable, answer.

Without a readable snapshot there is nothing that may be shown, so the answer is an empty list, source
`static`, status 200: the page stays up.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from time import perf_counter_ns

from prometheus_client import Counter

from expectations.contracts.restrictions import RestrictionView
from expectations.contracts.snapshot import CustomerSlice
from serving_app.catalogue.current_items import CurrentItems
from serving_app.filters.hard_filters import build_hard_filters
from serving_app.http.problems import NotReady
from serving_app.live.state import EMPTY_STATE, LiveState
from serving_app.metrics import declarations as metrics
from serving_app.overrides.index import OverrideIndex
from serving_app.overrides.rule_set import RuleSet
from serving_app.recommendations.cursor import Cursor
from serving_app.recommendations.decide import decide_list
from serving_app.recommendations.decision import EMPTY_DECISION
from serving_app.recommendations.ladder import POPULAR, SIMILAR, ListSubject, Rung, gather_rungs
from serving_app.recommendations.list_inputs import ListInputs
from serving_app.recommendations.live_rung import steer_rungs
from serving_app.recommendations.placements import Placement, Placements
from serving_app.recommendations.request_rules import (
    ItemFunctions,
    make_bought_date_finder,
    make_filter_request,
    make_next_cursor,
    make_rules,
    read_cursor,
)
from serving_app.recommendations.schemas import ItemQuery, ListQuery, RecommendationQuery, WhyNotQuery
from serving_app.recommendations.served_list import ServedList
from serving_app.recommendations.trace import Trace
from serving_app.recommendations.why_not import find_absence
from serving_app.storage.snapshots import Snapshot
from serving_app.stores import Stores
from serving_app.visitors.keys import VisitorKeys
from serving_app.visitors.service import VisitorResolver

NO_INPUTS = ListInputs(VisitorKeys(), EMPTY_STATE, None, None, None)


class RecommendationService:
    """Answers with lists. Each method takes `is_shown`: a list that nobody will see, as with HEAD, is no
    impression and is not logged.
    """

    def __init__(
        self,
        stores: Stores,
        visitors: VisitorResolver,
        placements: Placements,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
    ) -> None:
        """
        Args:
            new_id: makes a request's id.
        """
        self._stores, self._visitors, self._placements = stores, visitors, placements
        self._clock, self._new_id, self._items = clock, new_id, CurrentItems(stores.item_changes)
        self._index: tuple[object, object, OverrideIndex | None] = (None, None, None)

    def recommend(self, query: RecommendationQuery, is_shown: bool = True) -> dict:
        """The visitor's list."""
        placement = self._placements.find(query.placement)
        return self._answer(query, "recommendations", placement, query.item_id, is_shown)

    def list_popular(self, query: ListQuery, is_shown: bool = True) -> dict:
        """What is popular in the whole shop."""
        placement = self._placements.find(query.placement).for_sources(POPULAR)
        return self._answer(query, "popular", placement, None, is_shown)

    def list_similar(self, query: ItemQuery, is_shown: bool = True) -> dict:
        """What is like an item; what is popular when nothing is known of it."""
        placement = self._placements.find(query.placement).for_sources(SIMILAR, POPULAR)
        return self._answer(query, "similar", placement, query.item_id, is_shown)

    def _answer(
        self, query: ListQuery, name: str, placement: Placement, item_id: str | None, is_shown: bool
    ) -> dict:
        """One answer.

        Args:
            name: of the placement in the answer and the decision log, where the query names none.
        """
        now, snapshot, cursor = self._clock(), self._stores.snapshots.get_current(), read_cursor(query)
        name = query.placement or name
        trace = Trace(perf_counter_ns) if query.explain else None
        inputs, decision = NO_INPUTS, EMPTY_DECISION
        if snapshot:
            with self._stores.restrictions.open_view() as view:
                inputs = self._collect_inputs(
                    query, (name, placement), item_id, cursor, (snapshot, view, now)
                )
                decision = decide_list(inputs.gather(), inputs.live, inputs.rules, now, trace)
        visitor = inputs.visitor
        served = ServedList(
            self._new_id(),
            name,
            visitor.customer_id,
            decision,
            snapshot,
            inputs.read_item,
            now,
            self._compute_ages(inputs.live, now),
            make_next_cursor(query, cursor, decision),
            trace,
        )
        if is_shown and not self._stores.impressions.write(served.as_impression()):
            served = replace(served, decision=EMPTY_DECISION, next_cursor=None)
        if is_shown and placement.fatigue_rate:
            self._stores.live.record_exposures(visitor, [item.item_id for item in served.decision.items], now)
        answer = served.as_answer()
        if is_shown:
            find_series(answer["source"]).inc()
        return answer

    def explain_absence(self, query: WhyNotQuery) -> dict:
        """Why an item is not in the visitor's list (`WhyNotAnswer`), and what would have it there.

        Raises:
            NotReady: nothing readable is published.
        """
        now, snapshot = self._clock(), self._stores.snapshots.get_current()
        if snapshot is None:
            raise NotReady(self._stores.snapshots.describe_problem())
        placement, name = self._placements.find(query.placement), query.placement or "recommendations"
        with self._stores.restrictions.open_view() as view:
            cursor, made_from = read_cursor(query), (snapshot, view, now)
            inputs = self._collect_inputs(query, (name, placement), query.page_item_id, cursor, made_from)
            absence = find_absence(snapshot.normalise_item_id(query.item_id), inputs, now)
        return {"customer_id": inputs.visitor.customer_id, "placement": name, **absence._asdict()}

    def _collect_inputs(
        self,
        query: ListQuery,
        placement: tuple[str, Placement],
        item_id: str | None,
        cursor: Cursor,
        made_from: tuple[Snapshot, RestrictionView, datetime],
    ) -> ListInputs:
        """All that a list is decided from.

        Args:
            placement: with its name in the answer.
            item_id: that the list is about; None: it is about none.
        """
        (name, settings), (snapshot, view, now) = placement, made_from
        visitor = self._visitors.find_keys_in_view(query, snapshot, view)
        live = self._stores.live.read(visitor, snapshot.meta.get_absorbed_date())
        if live.has_personalization_consent is False:  # the restrictions may not have it yet
            visitor, live = VisitorKeys(), EMPTY_STATE
        customer_id = visitor.customer_id
        customer = self._stores.memberships.shown.read_visitor(snapshot, customer_id, live, now)
        overrides = self._select_overrides(snapshot, (customer_id, customer), name, now)
        read_item = self._items.get_reader(snapshot)
        subject = ListSubject(customer_id, item_id and snapshot.normalise_item_id(item_id), live, customer)
        request = make_filter_request(query, snapshot, customer, name, now)
        if subject.item_id is not None:
            request = request._replace(page_item_id=subject.item_id)
        find_removal = build_hard_filters(read_item, view, request)
        items = ItemFunctions(read_item, find_removal, make_bought_date_finder(snapshot, customer_id))
        rules = make_rules(query, settings, cursor, overrides, items)

        def gather() -> Iterator[Rung]:
            ladder = gather_rungs(snapshot, subject, settings.sources)
            if settings.is_steered_by_session and live.events:
                return steer_rungs(ladder, live, snapshot, now)
            return ladder

        return ListInputs(visitor, live, rules, gather, read_item)

    def _select_overrides(
        self,
        snapshot: Snapshot,
        visitor: tuple[str | None, CustomerSlice | None],
        placement: str,
        now: datetime,
    ) -> RuleSet:
        index, (customer_id, customer) = self._get_index(snapshot), visitor
        segments = list_segments(customer) if index.names_segments else ()
        return index.select(customer_id, segments, placement, now)

    def _get_index(self, snapshot: Snapshot) -> OverrideIndex:
        """The overrides by customer, indexed anew only when one was written or the snapshot changed."""
        overrides = self._stores.overrides.read_all()
        indexed_overrides, indexed_snapshot, index = self._index
        if index is None or indexed_overrides is not overrides or indexed_snapshot is not snapshot:
            index = OverrideIndex(overrides, snapshot.resolve_customer_id, snapshot.normalise_item_id)
            self._index = (overrides, snapshot, index)
        return index

    def _compute_ages(self, live: LiveState, now: datetime) -> dict[str, float | None]:
        """Seconds since the visitor's newest event and since the newest override was made."""
        index = self._index[2]
        moments = {"live": live.updated_at, "overrides": index and index.newest_created_at}
        return {name: at and round((now - at).total_seconds(), 3) for name, at in moments.items()}


@cache  # a label's look-up takes a lock and a tuple; there are nine
def find_series(source: str) -> Counter:
    """The counter of the lists of a source."""
    return metrics.LISTS.labels(source=source)


def list_segments(customer: CustomerSlice | None) -> Sequence[str]:
    """The segments a customer is in, that by RFM among them."""
    if customer is None:
        return ()
    return (*customer.segment_ids, *([customer.rfm_segment] if customer.rfm_segment else []))
