"""The store of item changes: what every worker's next answer knows, and no restart or publish undoes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from serving_app.catalogue.changes import NO_CHANGE, ItemChange, merge_change


class NewChange(NamedTuple):
    """Values that became so of an item.

    Attributes:
        values: by field (`changes.FIELDS`).
        at: microseconds since 1970.
    """

    item_id: str
    values: Mapping[str, float | int | bool | None]
    at: int


class ChangesOutOfReach(RuntimeError):  # noqa: N818 - reads as what it says
    """The changes cannot be read or written now; the message holds no path."""


class ItemChangeStore(Protocol):
    """Where item changes are stored, shared by all workers."""

    def get_newest_number(self) -> int:
        """The number of the newest change: what is remembered of the store is stale when it has changed. 0:
        none is stored; also where it cannot be read.
        """

    def list_changed_ids(self, since: int) -> list[str] | None:
        """The items of the changes after the one of that number; None when they are not known any more."""

    def read(self, item_id: str) -> ItemChange:
        """What is known of an item; `NO_CHANGE` where nothing is, or it cannot be read."""

    def record(self, changes: Sequence[NewChange]) -> list[ItemChange | None]:
        """Store changes, in their order; on disk when this returns. What is known of each item after it, None
        where newer values of all its fields are stored.

        Raises:
            ChangesOutOfReach: they cannot be written; nothing was changed.
        """

    def describe_problem(self) -> str:
        """Why it cannot be read; empty when it can."""


class MemoryItemChanges:
    """An `ItemChangeStore` in memory, for tests."""

    def __init__(self) -> None:
        self._changes: dict[str, ItemChange] = {}
        self._changed_ids: list[str] = []

    def get_newest_number(self) -> int:
        return len(self._changed_ids)

    def list_changed_ids(self, since: int) -> list[str] | None:
        return self._changed_ids[since:]

    def read(self, item_id: str) -> ItemChange:
        return self._changes.get(item_id, NO_CHANGE)

    def record(self, changes: Sequence[NewChange]) -> list[ItemChange | None]:
        merged = merge_all(self._changes.get, changes)
        self._changes.update((item_id, change) for item_id, change in merged if change is not None)
        self._changed_ids.extend(item_id for item_id, change in merged if change is not None)
        return [change for _, change in merged]

    def describe_problem(self) -> str:
        return ""


def merge_all(
    read: Callable[[str], ItemChange | None], changes: Iterable[NewChange]
) -> list[tuple[str, ItemChange | None]]:
    """Of each change its item and what is known of that after it; None where it changes nothing.

    Args:
        read: an item's id → what is stored of it; None: nothing.
    """
    known: dict[str, ItemChange] = {}
    merged: list[tuple[str, ItemChange | None]] = []
    for item_id, values, at in changes:
        before = known.get(item_id)
        if before is None:
            before = read(item_id) or NO_CHANGE
        after = merge_change(before, values, at)
        known[item_id] = after
        merged.append((item_id, after if after != before or is_repeated(before, values, at) else None))
    return merged


def is_repeated(stored: ItemChange, values: Mapping[str, object], at: int) -> bool:
    """Whether these very values are stored: a client that got no answer sends them again."""
    return any(name in stored and stored[name] == (value, at) for name, value in values.items())
