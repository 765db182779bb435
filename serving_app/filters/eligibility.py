"""Which items may be shown at all: known, recommendable, in stock, not restricted. It holds on every rung."""

from collections.abc import Callable

from expectations.contracts.restrictions import RestrictionView
from serving_app.storage.snapshots import Snapshot


def build_eligibility_filter(snapshot: Snapshot, view: RestrictionView) -> Callable[[str], bool]:
    """A function of an item id: whether the item may be shown now."""

    def is_eligible(item_id: str) -> bool:
        if not view.may_be_shown(item_id):
            return False
        item = snapshot.read_item(item_id)
        return item is not None and item.may_be_shown

    return is_eligible
