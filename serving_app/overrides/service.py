"""What operators do with overrides: list, make and delete them."""

from collections.abc import Callable
from datetime import datetime

from expectations.contracts.override import BLOCK, BOOST, BURY, PIN, TO_THE_END, Override
from serving_app.http.problems import BadRequest, CannotApply, OverridesUnwritable, UnknownOverride
from serving_app.http.responses import format_utc
from serving_app.overrides.schemas import NewOverride
from serving_app.overrides.store import OverridesOutOfReach, OverrideStore
from serving_app.storage.protocols import SnapshotStore
from serving_app.visitors.service import VisitorResolver


class OverrideService:
    """Lists, makes and deletes overrides; answers are dicts as in `OverrideAnswer`."""

    def __init__(
        self,
        store: OverrideStore,
        snapshots: SnapshotStore,
        visitors: VisitorResolver,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
    ) -> None:
        self._store, self._snapshots, self._visitors = store, snapshots, visitors
        self._clock, self._new_id = clock, new_id

    def list_in_force(self) -> list[dict]:
        """Every override in force, oldest first."""
        now = self._clock()
        return [
            self._format_answer(override) for override in self._store.read_all() if override.is_in_force(now)
        ]

    def get_in_force(self, override_id: str) -> dict:
        """
        Raises:
            UnknownOverride: none in force has this id.
        """
        for override in self.list_in_force():
            if override["override_id"] == override_id:
                return override
        raise UnknownOverride("No override in force has this id.")

    def create(self, request: NewOverride) -> dict:
        """Make and store the override that is asked for.

        Raises:
            BadRequest: it would end before it begins.
            CannotApply: nobody is known by the id, or a pin or boost names an item that the shop does not
                have.
            OverridesUnwritable: it cannot be stored.
        """
        override = self._build(request)
        try:
            self._store.add(override)
        except OverridesOutOfReach as error:
            raise OverridesUnwritable(str(error)) from error
        return self._format_answer(override)

    def delete(self, override_id: str) -> None:
        """
        Raises:
            UnknownOverride: none has this id.
            OverridesUnwritable: the deletion cannot be stored.
        """
        try:
            was_there = self._store.delete(override_id)
        except OverridesOutOfReach as error:
            raise OverridesUnwritable(str(error)) from error
        if not was_there:
            raise UnknownOverride("No override has this id; it may have been removed already.")

    def _build(self, request: NewOverride) -> Override:
        now, snapshot = self._clock(), self._snapshots.get_current()
        if request.until <= now:
            raise BadRequest(f"until must lie in the future; it is {format_utc(now)} now")
        customer_id = self._visitors.find_customer_id(request, snapshot)
        if customer_id is None and request.names_visitor():
            raise CannotApply("No customer is known by this id.")
        item_id = request.item_id
        if snapshot and item_id is not None:
            item_id = snapshot.normalise_item_id(item_id)
            # A block may come before its item does: a launch that must not leak.
            if request.kind != BLOCK and snapshot.read_item(item_id) is None:
                raise CannotApply("No item has this item_id.")
        return Override(
            override_id=f"o_{self._new_id().replace('-', '')[:16]}",
            kind=request.kind,
            item_id=item_id,
            customer_id=customer_id,
            position=(request.position or 1) if request.kind == PIN else 0,
            factor=request.factor or (TO_THE_END if request.kind == BURY else 1.0),
            until=request.until,
            created_at=now,
            reason=request.reason or request.note,
            category=request.category,
            segment_id=request.segment_id,
            placement=request.placement,
            starts_at=request.starts_at,
            priority=request.priority,
            author=request.author,
        )

    def _format_answer(self, override: Override) -> dict:
        """An override with how many items of the shop it names: none, where its id was mistyped."""
        has_factor = override.kind in (BOOST, BURY) and override.factor != TO_THE_END
        return {
            "override_id": override.override_id,
            "kind": override.kind,
            "item_id": override.item_id,
            "category": override.category,
            "customer_id": override.customer_id,
            "segment_id": override.segment_id,
            "placement": override.placement,
            "position": override.position if override.kind == PIN else None,
            "factor": override.factor if has_factor else None,
            "priority": override.priority,
            "starts_at": override.starts_at and format_utc(override.starts_at),
            "until": format_utc(override.until),
            "created_at": format_utc(override.created_at),
            "reason": override.reason,
            "note": override.reason,
            "author": override.author,
            "version": override.version,
            "is_in_force": override.is_in_force(self._clock()),
            "matches": self._count_matches(override),
        }

    def _count_matches(self, override: Override) -> int | None:
        snapshot = self._snapshots.get_current()
        if snapshot is None or override.item_id is None:
            return None
        return int(snapshot.read_item(snapshot.normalise_item_id(override.item_id)) is not None)
