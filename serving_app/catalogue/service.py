"""What a shop says of its items between two nights: stored, and in force with the next answer."""

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from pydantic import ValidationError

from expectations.contracts.restrictions import ITEMS, Permission, RestrictionsUnreadable
from expectations.contracts.snapshot import ItemFacts
from serving_app.catalogue.changes import (
    FIELDS,
    IS_IN_STOCK,
    IS_RECOMMENDABLE,
    N_STOCK,
    NEVER_OLD,
    ItemChange,
    apply_change,
    read_microseconds,
    to_microseconds,
)
from serving_app.catalogue.schemas import MAX_CHANGES, ItemChangeEntry, ItemFields
from serving_app.catalogue.store import ChangesOutOfReach, ItemChangeStore, NewChange
from serving_app.http.problems import BadRequest, ItemChangesUnwritable, NotReady, list_flaws
from serving_app.http.responses import format_utc
from serving_app.storage.protocols import RestrictionStore, SnapshotStore
from serving_app.storage.snapshots import NOTHING_PUBLISHED, Snapshot

logger = logging.getLogger(__name__)
CHANGED, SUPERSEDED, REJECTED = "changed", "superseded", "rejected"
SOURCE = "item_changes"
VISIBILITY = {N_STOCK, IS_IN_STOCK, IS_RECOMMENDABLE}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# How far a shop's clock may be ahead of ours: a change of tomorrow would hold against all of today's.
MOST_AHEAD = timedelta(minutes=5)
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)  # before it, a clock that was never set


class CatalogueService:
    """Takes changes of items; answers are dicts as in `schemas`."""

    def __init__(
        self,
        store: ItemChangeStore,
        restrictions: RestrictionStore,
        snapshots: SnapshotStore,
        clock: Callable[[], datetime],
    ) -> None:
        self._store, self._restrictions, self._snapshots = store, restrictions, snapshots
        self._clock = clock

    def change_item(self, item_id: str, fields: Mapping[str, object]) -> dict:
        """Store the change of one item.

        Raises:
            BadRequest, ValidationError: it is not understood.
            NotReady: nothing is published, so nobody knows how the catalogue writes ids.
            ItemChangesUnwritable: it cannot be stored.
        """
        snapshot, now = self._get_snapshot(), self._clock()
        ItemFields.model_validate(fields)  # says of `item_id` that it is not allowed here
        entry = ItemChangeEntry.model_validate({**fields, "item_id": item_id})
        change = make_change(entry, snapshot, now)
        [after] = self._record([change], snapshot)
        known = self._store.read(change.item_id) if after is None else after
        item = read_current(snapshot, change.item_id, known)
        return {
            "item_id": change.item_id,
            "outcome": SUPERSEDED if after is None else CHANGED,
            "is_known": item is not None,
            **{name: getattr(item, name) if item else get_value(known, name) for name in FIELDS},
        }

    def change_items(self, body: Mapping[str, object]) -> dict:
        """Store changes of several items; one that is not understood leaves its neighbours alone.

        Raises:
            BadRequest: it is no list of changes.
            NotReady, ItemChangesUnwritable: as `change_item`.
        """
        sent = body.get("changes")
        if set(body) != {"changes"} or not isinstance(sent, list) or not 1 <= len(sent) <= MAX_CHANGES:
            raise BadRequest(f"the body must hold changes, a list of 1 to {MAX_CHANGES}, and nothing else")
        snapshot, now = self._get_snapshot(), self._clock()
        results: list[dict] = []
        changes: list[NewChange] = []
        for index, one in enumerate(sent):
            try:
                changes.append(make_change(ItemChangeEntry.model_validate(one), snapshot, now))
            except ValidationError as error:
                results.append({"index": index, "outcome": REJECTED, "errors": list_flaws(error)})
            except BadRequest as error:
                flaw = {"field": "updated_at", "message": error.detail}
                results.append({"index": index, "outcome": REJECTED, "errors": [flaw]})
            else:
                is_known = snapshot.read_item(changes[-1].item_id) is not None
                results.append({"index": index, "outcome": CHANGED, "is_known": is_known})
        accepted = [result for result in results if result["outcome"] == CHANGED]
        for result, after in zip(accepted, self._record(changes, snapshot), strict=True):
            result["outcome"] = SUPERSEDED if after is None else CHANGED
        counts = Counter(result["outcome"] for result in results)
        return {f"n_{outcome}": counts[outcome] for outcome in (CHANGED, SUPERSEDED, REJECTED)} | {
            "results": results
        }

    def _record(self, changes: Sequence[NewChange], snapshot: Snapshot) -> list[ItemChange | None]:
        """Store changes, and in the restrictions what may be shown now: a second place, which a night and a
        rollback respect and which says no when this store is damaged.
        """
        if not changes:
            return []
        before = {change.item_id: self._store.read(change.item_id) for change in changes}
        try:
            recorded = self._store.record(changes)
        except ChangesOutOfReach as error:
            raise ItemChangesUnwritable(str(error)) from error
        try:
            with self._restrictions.open_view() as view:
                permissions: dict[str, Permission] = {}
                for change, after in zip(changes, recorded, strict=True):
                    if after is None or not set(change.values) & VISIBILITY:
                        continue
                    stored = permissions.get(change.item_id) or view.find_item(change.item_id)
                    if before[change.item_id] or not is_unexplained_no(stored, change):
                        item = read_current(snapshot, change.item_id, after)
                        permissions[change.item_id] = make_permission(item, after, stored)
            if permissions:
                self._restrictions.record_permissions(ITEMS, permissions)
        except RestrictionsUnreadable as error:  # the changes hold without them
            logger.warning("%s", error)
        return recorded

    def _get_snapshot(self) -> Snapshot:
        snapshot = self._snapshots.get_current()
        if snapshot is None:
            raise NotReady(NOTHING_PUBLISHED)
        return snapshot


def make_change(entry: ItemChangeEntry, snapshot: Snapshot, now: datetime) -> NewChange:
    """What is to be stored of an entry.

    Raises:
        BadRequest: it became so in the future, or before there were shops.
    """
    at = entry.updated_at or now
    if at < EARLIEST:
        raise BadRequest(f"updated_at must not lie before {format_utc(EARLIEST)}")
    if at > now + MOST_AHEAD:
        raise BadRequest(f"updated_at must not lie in the future; it is {format_utc(now)} now")
    values = {name: getattr(entry, name) for name in FIELDS if name in entry.model_fields_set}
    return NewChange(snapshot.normalise_item_id(entry.item_id), values, to_microseconds(at))


def get_value(change: ItemChange, name: str) -> float | int | bool | None:
    """What a change says of a field."""
    return change[name].value if name in change else None


def read_current(snapshot: Snapshot, item_id: str, change: ItemChange) -> ItemFacts | None:
    """An item's facts with a change; None where the snapshot has no such item."""
    item = snapshot.read_item(item_id)
    return item and apply_change(item, change, read_microseconds(snapshot.meta.published_at))


def is_unexplained_no(stored: Permission | None, change: NewChange) -> bool:
    """Whether an earlier change hid an item of which the store knows nothing: the store was lost, perhaps
    with the recall for which stock that comes back is no reason to show it.
    """
    is_hidden = stored is not None and not stored.is_granted and stored.source == SOURCE
    return is_hidden and change.values.get(IS_RECOMMENDABLE) is not True


def make_permission(item: ItemFacts | None, change: ItemChange, stored: Permission | None) -> Permission:
    """Whether an item may be shown, as the restrictions hold it.

    Args:
        item: its facts with the change; None where the catalogue has no such item yet, and the change alone
            says.
        stored: what they hold now.
    """
    newest = [change[name] for name in (IS_IN_STOCK, IS_RECOMMENDABLE) if name in change]
    is_shown = item.may_be_shown if item else all(one.value is not False for one in newest)
    times = [one.at for one in newest if one.at != NEVER_OLD]
    if stored is not None and stored.source == SOURCE:  # of all changes so far, in whatever order they came
        times.append(to_microseconds(stored.at))
    # Of a yes and a no of one time the restrictions take the no.
    return Permission(is_shown, EPOCH + timedelta(microseconds=max(times) + is_shown), SOURCE)
