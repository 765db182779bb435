"""What may be shown at all: each reason alone leaves an item out."""

from datetime import UTC, datetime

from expectations.contracts.restrictions import ITEMS, Permission
from serving_app.filters.eligibility import build_eligibility_filter

NO = Permission(False, datetime(2026, 2, 21, tzinfo=UTC), "till")


def test_each_reason_leaves_an_item_out(shop):
    """Of the shop 38 is sold out and 39 not recommendable; 99 is unknown."""
    shop.restrictions.record_permission(ITEMS, ["item-07"], NO)
    with shop.restrictions.open_view() as view:
        is_eligible = build_eligibility_filter(shop.snapshots.get_current(), view)
        assert [n for n in (6, 7, 8, 38, 39, 99) if is_eligible(f"item-{n:02d}")] == [6, 8]
