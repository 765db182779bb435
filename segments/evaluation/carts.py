"""What lies in a customer's cart, from which `empty_cart` events come."""

from segments.events import Event

CART_TYPES = frozenset(("cart", "uncart", "purchase"))


class Cart:
    """Pieces by item after the last event, and before the first that is still kept."""

    __slots__ = ("before", "last", "pieces")

    def __init__(self, before: dict[str, float] | None = None) -> None:
        self.before: dict[str, float] = before or {}
        self.restart()

    def restart(self) -> None:
        """Go back to before the first event that is kept."""
        self.pieces = dict(self.before)
        self.last = (-1, "")

    def is_late(self, event: Event) -> bool:
        return (event.at, event.event_id) < self.last

    def apply(self, event: Event) -> Event | None:
        """The `empty_cart` event, where an `uncart` emptied the cart."""
        self.last = (event.at, event.event_id)
        return apply_to_cart(self.pieces, event)


def apply_to_cart(pieces: dict[str, float], event: Event) -> Event | None:
    """The `empty_cart` event, where an `uncart` emptied the cart. A quantity that is not known is 1."""
    item, moved = event.item_id, 1 if event.quantity is None else event.quantity
    if item is None:
        return None
    if event.type == "cart":
        if moved > 0:
            pieces[item] = pieces.get(item, 0) + moved
        return None
    if item not in pieces:
        return None
    left = pieces[item] - moved if event.type == "uncart" else 0
    if left > 0:
        pieces[item] = left
        return None
    del pieces[item]
    if pieces or event.type == "purchase":
        return None
    return event._replace(event_id=event.event_id + ":empty", type="empty_cart")
