"""The protocol of the stores of overrides, and its twin in memory."""

from collections.abc import Iterator
from typing import Any, Protocol

from expectations.contracts.override import Override
from serving_app.overrides.changes import Applied, Change, apply_change


class OverridesOutOfReach(RuntimeError):  # noqa: N818 - reads as what it says
    """An override cannot be written: a full disk, no right to. Nothing was changed; the message holds no
    path.
    """


class OverrideStore(Protocol):
    """Where overrides are stored."""

    def read_all(self) -> tuple[Override, ...]:
        """Every stored override, oldest first; some may have ended. Called once a request; the same object as
        long as nothing was written.
        """

    def apply(self, change: Change) -> Applied:
        """Make a change, of whichever is stored at that moment, with its entry in the audit log; durable when
        this returns, and seen by every worker's next request.

        Raises:
            OverrideMissing, VersionConflict, TooManyOverrides: as `apply_change`; nothing was changed.
            OverridesOutOfReach: it cannot be written.
        """

    def iterate_audit(self) -> Iterator[dict[str, Any]]:
        """The entries of the audit log, the newest first.

        Raises:
            OverridesOutOfReach: the log cannot be read.
        """

    def describe_problem(self) -> str:
        """What is wrong with what is stored, and what holds instead; empty when nothing is."""


class MemoryOverrides:
    """An `OverrideStore` in memory, for tests."""

    def __init__(self) -> None:
        self._overrides: tuple[Override, ...] = ()
        self._entries: list[dict[str, Any]] = []

    def read_all(self) -> tuple[Override, ...]:
        return self._overrides

    def apply(self, change: Change) -> Applied:
        applied = apply_change(self._overrides, change)
        self._overrides = applied.overrides
        self._entries.append(applied.describe(len(self._entries) + 1, change).as_row())
        return applied

    def iterate_audit(self) -> Iterator[dict[str, Any]]:
        return reversed(self._entries)

    def describe_problem(self) -> str:
        return ""
