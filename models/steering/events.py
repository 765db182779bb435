"""What a visitor touched, from what they did: the same rule for answers and for the sessions that teach."""

from collections.abc import Hashable, Iterable
from typing import NamedTuple, TypeVar

from models.steering.weights import MOST_EVENTS

Item = TypeVar("Item", bound=Hashable)


class TouchedItem(NamedTuple):
    """An item that a visitor touched.

    Attributes:
        kind: the strongest of what they did with it, its place in `KINDS`.
        at: when they touched it last, on the clock of what was given.
    """

    item: Hashable
    kind: int
    at: float


def collect_touched_items(
    events: Iterable[tuple[Item, int, float]], most: int = MOST_EVENTS
) -> list[TouchedItem]:
    """The items of events (item, kind, moment; oldest first), newest first, each once: who views an item,
    carts it and buys it has touched one item.
    """
    touched: dict[Hashable, TouchedItem] = {}
    for item, kind, at in events:
        before = touched.pop(item, None)
        touched[item] = TouchedItem(item, max(kind, before.kind) if before else kind, at)
    return list(touched.values())[: -most - 1 : -1]
