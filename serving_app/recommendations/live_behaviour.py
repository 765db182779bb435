"""What a visitor did since the last night, as a list takes it into account: what was bought is gone until it
is due again, and what is shown again and again loses score.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from expectations.contracts.snapshot import ItemFacts
from serving_app.live.events import PURCHASE
from serving_app.live.state import LiveState
from serving_app.recommendations.decision import Fatigue

BOUGHT, IN_CART = "bought", "in_cart"
DEFAULT_REPURCHASE_DAYS = 30  # of a consumable whose catalogue and buyers say nothing of it


def find_unwanted_items(
    live: LiveState,
    read_item: Callable[[str], ItemFacts | None],
    leaves_out_cart: bool,
    now: datetime,
) -> dict[str, str]:
    """Items that the visitor does not need to be shown, each with the reason: `bought` or `in_cart`."""
    unwanted = dict.fromkeys(live.cart, IN_CART) if leaves_out_cart else {}
    bought_at = {event.item_id: event.occurred_at for event in live.events if event.event_type == PURCHASE}
    for item_id, at in bought_at.items():
        if not is_due_again(read_item(item_id), at, now):
            unwanted[item_id] = BOUGHT
    return unwanted


def is_due_again(item: ItemFacts | None, bought_at: datetime, now: datetime) -> bool:
    """Whether what was bought then may be shown again: a consumable after its repurchase days."""
    if item is None or not item.is_consumable:
        return False
    days = item.repurchase_days or DEFAULT_REPURCHASE_DAYS
    return now - bought_at >= timedelta(days=days)


def compute_fatigue(live: LiveState, fatigue: Fatigue) -> dict[str, float]:
    """The factor, below 1, of each item that was shown more often than it may be without loss."""
    if not fatigue.rate or not live.exposures:
        return {}
    return {
        item_id: (1 - fatigue.rate) ** (exposure.n_shown - fatigue.n_free)
        for item_id, exposure in live.exposures.items()
        if exposure.n_shown > fatigue.n_free
    }
