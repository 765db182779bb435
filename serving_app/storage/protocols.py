"""What the service asks of its stores; each has an implementation on disk and a twin in memory."""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from expectations.contracts.restrictions import Permission, RestrictionView
from serving_app.storage.snapshots import Snapshot


class SnapshotStore(Protocol):
    """Where the service finds the published snapshot."""

    def get_current(self) -> Snapshot | None:
        """What readers see now, called once a request; None when nothing readable was ever published."""

    def describe_problem(self) -> str:
        """What is wrong with what is published, and what is served instead; empty when nothing is."""


class RestrictionStore(Protocol):
    """Where the service learns what must hold now."""

    def open_view(self) -> AbstractContextManager[RestrictionView]:
        """What holds at this moment; opened once an answer."""

    def record_permission(self, kind: str, ids: Iterable[str], permission: Permission) -> None:
        """Write a yes or no that was received between two runs; every worker's next answer knows it.

        Args:
            kind: `CONSENTS` or `ERASURES`, of identifiers and customers, or `ITEMS`.
            ids: all known ids of the person or item it is about.

        Raises:
            RestrictionsUnreadable: there is no store, or it cannot be written, as on a full disk.
        """

    def record_permissions(self, kind: str, permissions: Mapping[str, Permission]) -> None:
        """As `record_permission`, by id each its own, in one write."""

    def describe_problem(self) -> str:
        """Why the store cannot be read; empty when it can."""
