"""Twins in memory of the stores on disk, for tests and local runs."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from expectations.contracts.restrictions import (
    PERMISSION_KINDS,
    Permission,
    RestrictionView,
    find_newest_permission,
)
from serving_app.storage.snapshots import NOTHING_PUBLISHED, Snapshot


class MemorySnapshots:
    """A `SnapshotStore` in memory: `publish` replaces what readers see."""

    def __init__(self, snapshot: Snapshot | None = None) -> None:
        self._snapshot = snapshot

    def publish(self, snapshot: Snapshot | None) -> None:
        self._snapshot = snapshot

    def get_current(self) -> Snapshot | None:
        return self._snapshot

    def describe_problem(self) -> str:
        return "" if self._snapshot else NOTHING_PUBLISHED


class MemoryRestrictions:
    """A `RestrictionStore` in memory.

    Attributes:
        permissions: the newest permission by kind and id.
        splits: by id, the version of `core_identities` since which it is no longer one with somebody.
    """

    def __init__(self) -> None:
        self.permissions: dict[str, dict[str, Permission]] = {kind: {} for kind in PERMISSION_KINDS}
        self.splits: dict[str, int] = {}

    @contextmanager
    def open_view(self) -> Iterator[RestrictionView]:
        yield RestrictionView(lambda kind, name: self.permissions[kind].get(name), self.splits.get)

    def record_permission(self, kind: str, ids: Iterable[str], permission: Permission) -> None:
        self.record_permissions(kind, dict.fromkeys(ids, permission))

    def record_permissions(self, kind: str, permissions: Mapping[str, Permission]) -> None:
        stored = self.permissions[kind]
        for name, permission in permissions.items():
            stored[name] = (
                find_newest_permission([stored[name], permission]) if name in stored else permission
            )

    def describe_problem(self) -> str:
        return ""
