"""From what an operator asks for to the override that is stored."""

from collections.abc import Callable
from datetime import datetime

from expectations.contracts.override import BLOCK, BURY, PIN, TO_THE_END, Override
from serving_app.http.problems import BadRequest, CannotApply
from serving_app.http.responses import format_utc
from serving_app.overrides.schemas import NewOverride, names_visitor
from serving_app.storage.snapshots import Snapshot
from serving_app.visitors.schemas import VisitorIds
from serving_app.visitors.service import VisitorResolver


class OverrideBuilder:
    """Makes overrides, each checked against what is published: one that would do nothing is refused."""

    def __init__(
        self,
        visitors: VisitorResolver,
        new_id: Callable[[], str],
        lives: Callable[[Snapshot, str], bool] = lambda snapshot, segment_id: False,
    ) -> None:
        """
        Args:
            lives: whether customers come into a segment between the nights, so that it may be empty now.
        """
        self._visitors, self._new_id, self._lives = visitors, new_id, lives

    def build(
        self, request: NewOverride, now: datetime, snapshot: Snapshot | None, before: Override | None = None
    ) -> Override:
        """The override that is asked for.

        Args:
            before: the one it takes the place of; its customer is not looked up again.

        Raises:
            BadRequest: it would end before it begins.
            CannotApply: nobody is known by the id or in the segment; or a pin, boost or bury names an item or
                category that the shop does not have.
        """
        if request.until <= now:
            raise BadRequest(f"until must lie in the future; it is {format_utc(now)} now")
        return Override(
            override_id=before.override_id if before else f"o_{self._new_id().replace('-', '')[:16]}",
            kind=request.kind,
            item_id=_find_item_id(request, snapshot),
            customer_id=self._read_customer_id(request, snapshot, before),
            position=(request.position or 1) if request.kind == PIN else 0,
            factor=request.factor or (TO_THE_END if request.kind == BURY else 1.0),
            until=request.until,
            created_at=now,
            reason=request.reason or request.note,
            category=_find_category(request, snapshot),
            segment_id=self._find_segment_id(request, snapshot),
            placement=request.placement,
            starts_at=request.starts_at,
            priority=request.priority,
            author=request.author,
        )

    def find_customer_id(self, visitor: VisitorIds, snapshot: Snapshot | None) -> str | None:
        """The customer behind the ids of a request; None where it names nobody.

        Raises:
            CannotApply: nobody is known by the id.
        """
        customer_id = self._visitors.find_customer_id(visitor, snapshot)
        if customer_id is None and names_visitor(visitor):
            raise CannotApply("No customer is known by this id.")
        return customer_id

    def _find_segment_id(self, request: NewOverride, snapshot: Snapshot | None) -> str | None:
        segment_id = request.segment_id
        is_checked = segment_id is not None and snapshot and request.kind != BLOCK
        if (
            is_checked
            and snapshot.count_customers_of_segment(segment_id) == 0
            and not self._lives(snapshot, segment_id)
        ):
            raise CannotApply("No customer is in this segment; a block alone may precede its customers.")
        return segment_id

    def _read_customer_id(
        self, request: NewOverride, snapshot: Snapshot | None, before: Override | None
    ) -> str | None:
        if before and request.customer_id and request.customer_id == before.customer_id:
            return before.customer_id  # who said no since is still whom it was made for
        return self.find_customer_id(request, snapshot)


def _find_item_id(request: NewOverride, snapshot: Snapshot | None) -> str | None:
    if request.item_id is None or snapshot is None:
        return request.item_id
    item_id = snapshot.normalise_item_id(request.item_id)
    # A block may come before its item does: a launch that must not leak.
    if request.kind != BLOCK and snapshot.read_item(item_id) is None:
        raise CannotApply("No item has this item_id.")
    return item_id


def _find_category(request: NewOverride, snapshot: Snapshot | None) -> str | None:
    category = request.category
    is_checked = category is not None and snapshot and request.kind != BLOCK
    if is_checked and snapshot.count_items_of_category(category) == 0:
        raise CannotApply("No item of the shop is in this category; a block alone may precede its items.")
    return category
