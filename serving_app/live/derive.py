"""From what is stored of a visitor to their `LiveState`, as a pure function."""

from collections.abc import Iterable

from serving_app.live.events import CART, PURCHASE, UNCART
from serving_app.live.exposures import ExposureTimes, count_exposures
from serving_app.live.record import StoredEvent, VisitorRecord
from serving_app.live.state import LiveState, RecentEvent
from serving_app.live.timestamps import to_moment


def derive_state(record: VisitorRecord, exposures: ExposureTimes, absorbed_day: int) -> LiveState:
    """The live state.

    What the published night has absorbed is in its lists already and leaves the behaviour. The cart is of
    all that is stored, since no night publishes carts.

    Args:
        absorbed_day: the last of the shop's days that the published night knows, as `date.toordinal`.
    """
    events = sorted((*record.looks, *record.basket))
    session = record.sessions[-1] if record.sessions else None
    return LiveState(
        events=tuple(
            RecentEvent(event.item_id, event.event_type, to_moment(event.at), event.quantity)
            for event in events
            if event.received_day > absorbed_day and event.event_type != UNCART
        ),
        cart=fill_cart(record.basket),
        exposures=count_exposures(exposures, {event.item_id: event.at for event in events}),
        session_id=session[2] if session else None,
        session_started_at=to_moment(session[1]) if session else None,
        has_personalization_consent=record.consent.is_granted,
        has_analytics_consent=record.analytics.is_granted,
        updated_at=to_moment(record.newest_at) if record.newest_at else None,
    )


def fill_cart(basket: Iterable[StoredEvent]) -> dict[str, int]:
    """What is in the cart after these events, oldest first; an item that was bought has left it."""
    cart: dict[str, int] = {}
    for event in basket:
        if event.event_type == CART:
            cart[event.item_id] = cart.get(event.item_id, 0) + event.quantity
        elif event.event_type == UNCART:
            cart[event.item_id] = cart.get(event.item_id, 0) - event.quantity
        if event.event_type == PURCHASE or cart.get(event.item_id, 0) <= 0:
            cart.pop(event.item_id, None)
    return cart
