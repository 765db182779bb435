"""Items as they are now: a snapshot's facts with the changes since, remembered by each worker."""

import threading
from collections.abc import Callable, Iterable

from expectations.contracts.snapshot import ItemFacts
from serving_app.catalogue.changes import apply_change, read_microseconds
from serving_app.catalogue.store import ItemChangeStore
from serving_app.storage.snapshots import MAX_CACHED_ITEMS, Snapshot

ItemReader = Callable[[str], ItemFacts | None]


class CurrentItems:
    """Reads items of a snapshot as they are now."""

    def __init__(self, store: ItemChangeStore) -> None:
        self._store = store
        self._remembered: RememberedItems | None = None

    def get_reader(self, snapshot: Snapshot) -> ItemReader:
        """A function of an item id: its facts now, None where the snapshot has no such item. Asked once an
        answer.
        """
        number = self._store.get_newest_number()
        if number == 0:
            return snapshot.read_item
        remembered = self._remembered
        if remembered is None or remembered.snapshot is not snapshot or remembered.number > number:
            self._remembered = remembered = RememberedItems(self._store, snapshot, number)
        elif remembered.number < number:
            changed = self._store.list_changed_ids(remembered.number)
            if changed is None:
                self._remembered = remembered = RememberedItems(self._store, snapshot, number)
            else:
                remembered.forget(changed, number)
        return remembered.read_item


class RememberedItems:
    """Items of a snapshot as they were after the change of a number, read from the store once each.

    What was read before a change is never remembered after it: the number is compared under the lock.
    """

    def __init__(self, store: ItemChangeStore, snapshot: Snapshot, number: int) -> None:
        self.snapshot, self.number = snapshot, number
        self._store, self._lock = store, threading.Lock()
        self._published_at = read_microseconds(snapshot.meta.published_at)
        self._items: dict[str, ItemFacts] = {}

    def read_item(self, item_id: str) -> ItemFacts | None:
        """An item's facts now; None where the snapshot has no such item."""
        item = self._items.get(item_id)
        if item is not None:
            return item
        item, number = self.snapshot.read_item(item_id), self.number
        if item is None:
            return None  # not remembered: a client may send any id
        change = self._store.read(item_id)
        if change:
            item = apply_change(item, change, self._published_at)
        with self._lock:
            if self.number == number:
                if len(self._items) >= MAX_CACHED_ITEMS:
                    self._items.clear()
                self._items[item_id] = item
        return item

    def forget(self, item_ids: Iterable[str], number: int) -> None:
        """Read these items anew; `number` is of the newest change now."""
        with self._lock:
            for item_id in item_ids:
                self._items.pop(item_id, None)
            self.number = max(number, self.number)
