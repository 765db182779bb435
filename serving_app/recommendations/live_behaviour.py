"""What a visitor did, as a list takes it into account: what was bought is gone until it is due again, and
what is shown again and again loses score. What was bought before the night, the night's own list may offer
again.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from expectations.contracts.item_rules import DEFAULT_REPURCHASE_DAYS
from expectations.contracts.snapshot import ItemFacts
from serving_app.live.events import PURCHASE
from serving_app.live.state import LiveState
from serving_app.recommendations.decision import Fatigue

BOUGHT, IN_CART = "bought", "in_cart"


class Unwanted(NamedTuple):
    """Why the visitor does not need to be shown an item: `bought` or `in_cart`.

    Attributes:
        due_at: when what was bought is due again; None: never.
    """

    reason: str
    due_at: datetime | None = None


def find_unwanted_items(
    live: LiveState,
    read_item: Callable[[str], ItemFacts | None],
    leaves_out_cart: bool,
    now: datetime,
) -> dict[str, Unwanted]:
    """Items that the visitor does not need to be shown, by what they did since the last night."""
    unwanted = dict.fromkeys(live.cart, Unwanted(IN_CART)) if leaves_out_cart else {}
    bought_at = {event.item_id: event.occurred_at for event in live.events if event.event_type == PURCHASE}
    for item_id, at in bought_at.items():
        if bought := find_bought(read_item(item_id), at, now):
            unwanted[item_id] = bought
    return unwanted


def find_bought(item: ItemFacts | None, bought_at: datetime, now: datetime) -> Unwanted | None:
    """Until when what was bought then is not shown: a consumable for its repurchase days, anything else for
    good; None: it is due again.
    """
    if item is None or not item.is_consumable:
        return Unwanted(BOUGHT)
    due_at = bought_at + timedelta(days=item.repurchase_days or DEFAULT_REPURCHASE_DAYS)
    return Unwanted(BOUGHT, due_at) if now < due_at else None


def find_bought_on(item: ItemFacts | None, bought_on: date, now: datetime) -> Unwanted | None:
    """`find_bought` of what was bought on a day, UTC."""
    return find_bought(item, datetime.combine(bought_on, time(), UTC), now)


def compute_fatigue(live: LiveState, fatigue: Fatigue) -> dict[str, float]:
    """The factor, below 1, of each item that was shown more often than it may be without loss."""
    if not fatigue.rate or not live.exposures:
        return {}
    return {
        item_id: (1 - fatigue.rate) ** (exposure.n_shown - fatigue.n_free)
        for item_id, exposure in live.exposures.items()
        if exposure.n_shown > fatigue.n_free
    }
