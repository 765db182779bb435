"""What a change of overrides would do to lists: those of customers, decided with the overrides of now and
with those of then. Nothing is stored, logged or counted.
"""

import time
from collections.abc import Callable, Iterator

from serving_app.catalogue.current_items import CurrentItems
from serving_app.filters.hard_filters import build_hard_filters
from serving_app.http.problems import NotReady
from serving_app.http.responses import format_utc
from serving_app.live.state import EMPTY_STATE
from serving_app.overrides.index import OverrideIndex
from serving_app.overrides.preview import PreviewedChange
from serving_app.recommendations.cursor import NO_CURSOR
from serving_app.recommendations.decide import decide_list
from serving_app.recommendations.ladder import ListSubject, gather_rungs
from serving_app.recommendations.placements import Placements
from serving_app.recommendations.request_rules import (
    ItemFunctions,
    make_bought_date_finder,
    make_filter_request,
    make_rules,
)
from serving_app.recommendations.schemas import ListQuery
from serving_app.recommendations.service import list_segments
from serving_app.storage.snapshots import NOTHING_PUBLISHED, Snapshot
from serving_app.stores import Stores
from serving_app.visitors.service import VisitorResolver

N_ITEMS, N_EXAMPLES = 10, 5
MAX_CUSTOMERS = 2_000  # ids are hashes, so the first by id are a sample that favours nobody
MAX_SECONDS = 0.6  # other requests of the worker wait meanwhile
DEFAULT_PLACEMENT = "recommendations"


class ListPreview:
    """Compares lists before and after a change of overrides."""

    def __init__(
        self,
        stores: Stores,
        visitors: VisitorResolver,
        placements: Placements,
        measure_seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        Args:
            measure_seconds: a clock that is never set back.
        """
        self._stores, self._visitors, self._placements = stores, visitors, placements
        self._items, self._measure_seconds = CurrentItems(stores.item_changes), measure_seconds

    def compare(self, change: PreviewedChange) -> dict:
        """The effect of a change, as `EffectAnswer`. Live behaviour has no part in it.

        Raises:
            NotReady: nothing has been published yet.
        """
        snapshot = self._stores.snapshots.get_current()
        if snapshot is None:
            raise NotReady(NOTHING_PUBLISHED)
        deadline = self._measure_seconds() + MAX_SECONDS
        decide = self._make_decider(snapshot, change)
        n_checked, changed, is_whole = 0, [], True
        for customer_id in find_customers(snapshot, change):
            if n_checked == MAX_CUSTOMERS or self._measure_seconds() >= deadline:
                is_whole = False
                break
            # who said no since is answered as a stranger
            if customer_id and self._visitors.resolve_customer_id(customer_id, snapshot):
                n_checked += 1
                before, after = decide(customer_id)
                if before != after:
                    changed.append({"customer_id": customer_id, "before": before, "after": after})
        before, after = decide(None)
        stranger = {"customer_id": None, "before": before, "after": after} if before != after else None
        return {
            "at": format_utc(change.at),
            "placement": change.placement or DEFAULT_PLACEMENT,
            "n_items": N_ITEMS,
            "n_customers_checked": n_checked,
            "n_customers_changed": len(changed),
            "is_whole": is_whole,
            "examples": changed[:N_EXAMPLES],
            "stranger": stranger,
        }

    def _make_decider(
        self, snapshot: Snapshot, change: PreviewedChange
    ) -> Callable[[str | None], tuple[list[str], list[str]]]:
        """A function of a customer: the items of their list before and after."""
        name, now = change.placement or DEFAULT_PLACEMENT, change.at
        placement, query = self._placements.find(change.placement), ListQuery(n=N_ITEMS)
        read_item = self._items.get_reader(snapshot)
        indexes = [
            OverrideIndex(overrides, snapshot.resolve_customer_id, snapshot.normalise_item_id)
            for overrides in (change.before, change.after)
        ]

        def decide(customer_id: str | None) -> tuple[list[str], list[str]]:
            customer = snapshot.read_customer(customer_id) if customer_id else None
            segments = list_segments(customer)
            request = make_filter_request(query, snapshot, customer, name, now)
            ladder = [*gather_rungs(snapshot, ListSubject(customer_id), placement.sources)]
            lists = []
            with self._stores.restrictions.open_view() as view:
                find_removal = build_hard_filters(read_item, view, request)
                find_bought_date = make_bought_date_finder(snapshot, customer_id)
                items = ItemFunctions(read_item, find_removal, find_bought_date)
                for index in indexes:
                    overrides = index.select(customer_id, segments, name, now)
                    rules = make_rules(query, placement, NO_CURSOR, overrides, items)
                    decision = decide_list(ladder, EMPTY_STATE, rules, now)
                    lists.append([item.item_id for item in decision.items])
            return lists[0], lists[1]

        return decide


def find_customers(snapshot: Snapshot, change: PreviewedChange) -> Iterator[str]:
    """The customers with a list of their own whom a change may concern; `""` for one whom it does not, so
    that a search for the members of a rare segment can be ended.
    """
    scopes = [one for one in (change.override_before, change.override_after) if one]
    if all(one.customer_id is not None for one in scopes):
        yield from sorted({snapshot.resolve_customer_id(one.customer_id) or "" for one in scopes})
        return
    segments = {one.segment_id for one in scopes if one.customer_id is None}
    for customer_id in snapshot.iterate_customers_with_lists():
        is_concerned = None in segments or segments & {*list_segments(snapshot.read_customer(customer_id))}
        yield customer_id if is_concerned else ""
