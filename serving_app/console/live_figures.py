"""What shoppers have done with lists since the last night, counted as the night will: from the log of
impressions and the log of events, which the night has not taken yet. Pure.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from expectations.contracts.event_format import CART, CLICK, PURCHASE, TRACKED_EVENTS, VIEW
from serving_app.console.figure_records import PlacementFigures
from serving_app.intake.flaws import Refused
from serving_app.intake.products import read_items
from serving_app.live.events import EventItem

UNNAMED = "unnamed"


@dataclass(frozen=True)
class LiveFigures:
    """The figures of this day so far.

    Attributes:
        by_rung: how many lists each rung is named for.
        is_whole: whether all lists since the night are in them, and not the newest alone.
    """

    placements: list[PlacementFigures]
    by_rung: Mapping[str, int]
    is_whole: bool = True

    @property
    def personal_share(self) -> float | None:
        """Lists that were made for their visitor, of all."""
        n = sum(self.by_rung.values())
        return self.by_rung.get("personal", 0) / n if n else None

    @property
    def total(self) -> PlacementFigures:
        """All placements together."""
        names = ("n_lists", "n_shown", "n_clicked", "n_carts", "n_orders")
        sums = [sum(getattr(each, name) for each in self.placements) for name in names]
        return PlacementFigures("", *sums, sum((each.revenue for each in self.placements), Decimal(0)))


@dataclass
class _Reactions:
    """What was done with an item of a list: a click, the view of the page that it opens, or both, is one."""

    seen: Counter[str] = field(default_factory=Counter)
    orders: set[str] = field(default_factory=set)
    revenue: Decimal = Decimal(0)


def count_figures(
    lists: Iterable[Mapping[str, Any]],
    events: Iterable[Mapping[str, Any]],
    normalise_item_id: Callable[[str], str],
    *,
    is_whole: bool = True,
) -> LiveFigures:
    """The figures of these lists.

    Args:
        lists: records of the log of impressions.
        events: records of the log of events; refused ones, bots and what names no list count nothing.
    """
    items: dict[str, set[str]] = {}
    placements: dict[str, str] = {}
    rungs: Counter[str] = Counter()
    for record in lists:
        request_id, rows = record.get("request_id"), record.get("items")
        if isinstance(request_id, str) and isinstance(rows, list):
            items[request_id] = {str(row.get("item_id")) for row in rows if isinstance(row, dict)}
            placements[request_id] = str(record.get("placement") or UNNAMED)
            rungs[str(record.get("list_source") or "unknown")] += 1
    reactions = collect_reactions(events, items, normalise_item_id)
    figures = [
        sum_placement(name, [request for request in items if placements[request] == name], items, reactions)
        for name in sorted(set(placements.values()))
    ]
    return LiveFigures(sorted(figures, key=lambda each: -each.n_shown), dict(rungs), is_whole)


def collect_reactions(
    events: Iterable[Mapping[str, Any]],
    items: Mapping[str, set[str]],
    normalise_item_id: Callable[[str], str],
) -> dict[tuple[str, str], _Reactions]:
    """By list and item in it, what events that name both say."""
    reactions: dict[tuple[str, str], _Reactions] = defaultdict(_Reactions)
    known: set[tuple[str, str]] = set()
    for record in events:
        properties = record.get("properties")
        if "quarantined" in record or not isinstance(properties, dict) or is_bot(record):
            continue
        request_id, order = str(properties.get("request_id")), str(properties.get("order_id"))
        kind = TRACKED_EVENTS.get(str(record.get("event")))
        # an order is one however often its page is loaded, any other event one by its message id
        once = ("order", order) if kind == PURCHASE else ("message", str(record.get("messageId")))
        if request_id not in items or kind not in (VIEW, CLICK, CART, PURCHASE) or once in known:
            continue
        known.add(once)
        for item in list_items(kind, properties, normalise_item_id):
            if item.item_id not in items[request_id]:
                continue
            own = reactions[request_id, item.item_id]
            own.seen[kind] += 1
            if kind == PURCHASE:
                own.orders.add(order)
                own.revenue += read_amount(item)
    return reactions


def sum_placement(
    name: str,
    requests: list[str],
    items: Mapping[str, set[str]],
    reactions: Mapping[tuple[str, str], _Reactions],
) -> PlacementFigures:
    """The figures of one placement."""
    pairs = [(request, item) for request in requests for item in items[request]]
    own = [reactions[pair] for pair in pairs if pair in reactions]
    return PlacementFigures(
        placement=name,
        n_lists=len(requests),
        n_shown=len(pairs),
        n_clicked=sum(bool(each.seen[CLICK] or each.seen[VIEW]) for each in own),
        n_carts=sum(each.seen[CART] for each in own),
        n_orders=len(set().union(*(each.orders for each in own))),
        revenue=sum((each.revenue for each in own), Decimal(0)),
    )


def list_items(
    kind: str, properties: dict[str, Any], normalise_item_id: Callable[[str], str]
) -> tuple[EventItem, ...]:
    """The items of an event as the service reads them when it takes one: numbers may be texts; none of a
    record that it would not have taken.
    """
    try:
        return read_items(kind, properties, normalise_item_id)
    except (Refused, AttributeError, TypeError):
        return ()


def read_amount(item: EventItem) -> Decimal:
    """Price times quantity; 0 of an item that names no price."""
    return Decimal(str(item.price or 0)) * item.quantity


def is_bot(record: Mapping[str, Any]) -> bool:
    """Whether a record was flagged as a bot's."""
    context = record.get("context")
    return isinstance(context, dict) and context.get("isBot") is True
